"""Projections of `eventsourcing`, as its users make them: a view with a table of its own, kept by its projection runner.

The view holds one row for each subject, with the number of its events and the last one: the least that a read model of this
workload can be. Each event is processed in a transaction with the number that it has in the log, as the library's own
classes do it. On SQLite the library has no subscriptions: there the same projection is fed from pages of the log by the
loop that its runner runs.
"""

from typing import Any
from uuid import UUID

import orjson
from eventsourcing.persistence import InfrastructureFactory, Tracking, TrackingRecorder
from eventsourcing.postgres import PostgresTrackingRecorder
from eventsourcing.projection import Projection, ProjectionRunner
from eventsourcing.sqlite import SQLiteTrackingRecorder
from eventsourcing.utils import Environment
from psycopg.sql import SQL

from tests.bench.databases import SQLITE, kind_of
from tests.bench.eventsourced import EventSourced, Subjects, environment

PAGE = 500
_TABLE = "CREATE TABLE IF NOT EXISTS latest (subject TEXT PRIMARY KEY, events INTEGER NOT NULL, said {bytes} NOT NULL)"
_TAKE = (
    "INSERT INTO latest VALUES ({p}, 1, {p}) "
    "ON CONFLICT (subject) DO UPDATE SET events = latest.events + 1, said = excluded.said"
)


class SQLiteView(SQLiteTrackingRecorder):
    def construct_create_table_statements(self) -> list[str]:
        return [*super().construct_create_table_statements(), _TABLE.format(bytes="BLOB")]

    def take(self, subject: UUID, said: bytes, tracking: Tracking) -> None:
        with self.datastore.transaction(commit=True) as cursor:
            cursor.execute(_TAKE.format(p="?"), (str(subject), said))
            self._insert_tracking(cursor, tracking)

    def forget(self) -> None:
        with self.datastore.transaction(commit=True) as cursor:
            cursor.execute("DELETE FROM latest")
            cursor.execute("DELETE FROM tracking WHERE application_name = 'subjects'")


class PostgreSQLView(PostgresTrackingRecorder):
    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.sql_create_statements.append(SQL(_TABLE.format(bytes="bytea")).format())

    def take(self, subject: UUID, said: bytes, tracking: Tracking) -> None:
        with self.datastore.transaction(commit=True) as cursor:
            cursor.execute(_TAKE.format(p="%s"), (str(subject), said), prepare=True)
            self._insert_tracking(cursor, tracking)

    def forget(self) -> None:
        with self.datastore.transaction(commit=True) as cursor:
            cursor.execute("DELETE FROM latest")
            cursor.execute(
                SQL("DELETE FROM {0} WHERE application_name = 'subjects'").format(SQL(self.tracking_table_name))
            )


class Latest(Projection[Any]):
    name = "latest"

    def process_event(self, domain_event: Any, tracking: Tracking) -> None:
        self.view.take(domain_event.originator_id, orjson.dumps(domain_event.said), tracking)


def project_all(library: EventSourced, url: str) -> None:
    """Make the view anew from every event of the application."""
    last = library.application.recorder.max_notification_id()
    if kind_of(url) == SQLITE:
        _loop(library, _view(url, SQLiteView), last or 0)
        return
    runner = ProjectionRunner(
        application_class=Subjects, projection_class=Latest, view_class=PostgreSQLView, env=environment(url)
    )
    with runner:
        runner.wait(last, timeout=3_600)


def forget(url: str) -> None:
    """Empty the view, so that it is made anew."""
    view = _view(url, SQLiteView if kind_of(url) == SQLITE else PostgreSQLView)
    view.forget()
    view.datastore.close()


def _view(url: str, of: type[Any]) -> Any:
    factory: Any = InfrastructureFactory[TrackingRecorder].construct(env=Environment(Latest.name, environment(url)))
    return factory.tracking_recorder(of)


def _loop(library: EventSourced, view: Any, last: int) -> None:
    projection, application = Latest(view), library.application
    done = 0
    while done < last:
        for notification in application.recorder.select_notifications(done + 1, PAGE):
            event = application.mapper.to_domain_event(notification)
            projection.process_event(event, Tracking(application.name, notification.id))
            done = notification.id
    view.datastore.close()
