"""The library `eventsourcing`, as its users use it: an application with aggregates, saved one event or many at a time.

It is left at its defaults, which are durable: on SQLite WAL, and synchronous=FULL since it sets nothing else; on PostgreSQL
the mode in which events become visible in the order of their numbers (a lock on the table), not the faster one by a
function of the server. An event holds what a client says, as a dictionary, as ours does.

Its aggregates are kept in memory, so that nothing is read back before a save: that is kinder to it than most of its users can
be, who get an aggregate from the repository first (`Commanded`), if only to learn what others have saved of it.
"""

from collections.abc import Iterable, Sequence
from importlib.metadata import version
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid4, uuid5

import psycopg
from eventsourcing.application import Application
from eventsourcing.domain import Aggregate, event
from sqlalchemy.engine import make_url

from tests.bench.databases import SQLITE, conninfo, is_durable, kind_of, path_of
from tests.bench.peers import subject
from tests.bench.workload import Said

NAME = f"eventsourcing {version('eventsourcing')}"


class Subject(Aggregate):
    """What events are about: one aggregate for each stream."""

    def __init__(self, name: str, said: dict[str, Any]):
        self.last = said

    @staticmethod
    def create_id(name: str) -> UUID:
        return uuid5(NAMESPACE_URL, name)

    @event("Said")
    def say(self, said: dict[str, Any]) -> None:
        self.last = said


class Subjects(Application):
    """Saves subjects."""

    name = "subjects"


class EventSourced:
    name = NAME

    def __init__(self, url: str, connections: int = 5, is_new: bool = True, **more: str):
        self.environment = {
            **environment(url),
            **more,
            "POSTGRES_POOL_SIZE": str(connections),
            "CREATE_TABLE": "yes" if is_new else "no",
        }
        self.application = Subjects(self.environment)
        self.subjects: dict[str, Subject] = {}
        self.own = uuid4().hex  # aggregates of one's own: several of these save at once and share none
        _assert_durable(self.application, url)

    def append(self, said: Said) -> None:
        """One event, one save."""
        self.application.save(self._said(said))

    def append_all(self, said: Iterable[Said]) -> None:
        """All of them in one save."""
        touched = {id(one): one for one in map(self._said, said)}
        self.application.save(*touched.values())

    def _said(self, said: Said) -> Subject:
        name = subject(said)
        if (known := self.subjects.get(name)) is None:
            self.subjects[name] = known = Subject(f"{self.own}/{name}", said)
        else:
            known.say(said)
        return known

    def close(self) -> None:
        self.application.close()


class Commanded(EventSourced):
    """Gets the aggregate before it says anything of it, through the library's cache, which asks the database for what is
    new."""

    name = f"{NAME}, get and save"

    def __init__(self, url: str):
        super().__init__(url, AGGREGATE_CACHE_MAXSIZE="100000")

    def _said(self, said: Said) -> Subject:
        name = subject(said)
        if name not in self.subjects:
            return super()._said(said)
        known: Subject = self.application.repository.get(Subject.create_id(f"{self.own}/{name}"))
        known.say(said)
        return known


def environment(url: str) -> dict[str, str]:
    """The settings of an application, where it differs from the defaults: which database."""
    if kind_of(url) == SQLITE:
        return {"PERSISTENCE_MODULE": "eventsourcing.sqlite", "SQLITE_DBNAME": path_of(url)}
    parts = make_url(url)
    return {
        "PERSISTENCE_MODULE": "eventsourcing.postgres",
        "POSTGRES_DBNAME": str(parts.database),
        "POSTGRES_HOST": str(parts.host or _query(parts, "host")),
        "POSTGRES_PORT": str(parts.port or _query(parts, "port") or 5432),
        "POSTGRES_USER": str(parts.username or "postgres"),
        "POSTGRES_PASSWORD": str(parts.password or "none"),
    }


def _query(parts: Any, name: str) -> str:
    value: str | Sequence[str] = parts.query.get(name, "")
    return value if isinstance(value, str) else value[0]


def _assert_durable(application: Subjects, url: str) -> None:
    if kind_of(url) == SQLITE:
        with application.factory.datastore.get_connection(commit=True) as connection:  # type: ignore[attr-defined]
            assert is_durable(connection._sqlite_conn)
        return
    assert not application.factory.datastore.enable_db_functions  # type: ignore[attr-defined]
    with psycopg.connect(conninfo(url)) as connection:
        assert connection.execute("SHOW synchronous_commit").fetchone() == ("on",)
