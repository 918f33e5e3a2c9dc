"""Recording by forms that come from the declarations of the events."""

import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from flask import Response, current_app, redirect, render_template, request, url_for
from sqlalchemy import Connection

from api import session, signer
from api.parameters import today
from api.problems import Problem
from api.web import corrections, forms, typed
from api.web.forms import CORRECTED, Form
from api.web.pages import engine, page, pages_of, posted, respond
from api.web.preview import preview
from api.web.suggestions import offers
from api.web.typed import Said
from api.web.words import know_parties
from ledger.entries import Entry
from ledger.events import EVENTS, SUBJECTS
from ledger.refusals import Refused
from ledger.said import Event
from ledger.schemas import Fault, Invalid, parse_event
from ledger.standing import as_it_stands
from ledger.store import read_entries, reading, size, writing
from ledger.tables import entries
from projections.queries import family
from projections.questions import Question

blueprint = pages_of("recording")
_KEY = re.compile(r"[0-9a-f]{32}")


@page(blueprint, "/record", role="recorder")
def choose(connection: Connection) -> str:
    """What can be recorded."""
    groups = [(subject, _types(subject)) for subject in SUBJECTS]
    return render_template("record.html", groups=[(*_title(subject), types) for subject, types in groups if types])


def _types(subject: Any) -> list[Any]:
    declared = [kind for kind in EVENTS.values() if kind.__module__ == subject.__name__]
    return [kind for kind in declared if kind.RECORDER != "operator" and session.may(kind.RECORDER)]


def _title(subject: Any) -> tuple[str, str]:
    """What a subject is called, and what else its module says of it."""
    first = str(subject.__doc__).split("\n", 1)[0].rstrip(".").removeprefix("Events about ")
    title, _, rest = first.partition(":")
    return title[0].upper() + title[1:], rest.strip()


# --- the form ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class About:
    """The entry that an event is about, as it stands."""

    entry: Entry
    stands: Mapping[str, Any]

    @property
    def position(self) -> int:
        return self.entry.position


@page(blueprint, "/record/<type_name>", role="recorder")
def form(connection: Connection, type_name: str) -> str:
    """The form of one event type."""
    _check(type_name)
    if EVENTS[type_name].ABOUT and not request.args.get("target"):
        return render_template("record_target.html", declared=EVENTS[type_name], wrong="", given="")
    about = _about(connection, type_name)
    return _shown(connection, type_name, about, _beginning(type_name, about))


def _check(type_name: str) -> None:
    """Raises Problem where there is no such event type, or it is not for this session."""
    if type_name not in EVENTS or EVENTS[type_name].RECORDER == "operator":
        raise Problem("not-found", f"{type_name[:80]!r} is no type of event that is recorded here")
    if not session.may(EVENTS[type_name].RECORDER):
        raise Problem("role-too-low", f"{type_name} takes the key of an {EVENTS[type_name].RECORDER}")


def _about(connection: Connection, type_name: str) -> About | None:
    """The entry that this page's event is about. Raises Problem where there is none."""
    if not EVENTS[type_name].ABOUT:
        return None
    named = request.args.get("target", "").removeprefix("#")
    is_position = re.fullmatch(r"\d{1,15}", named, re.ASCII)
    condition = entries.c.position == int(named) if is_position else entries.c.ref == named
    found = read_entries(connection, condition)
    if not found:
        raise Problem("no-such-entry", f"There is no entry {named[:80]!r}; give the number of an entry.")
    entry = found[0]
    if entry.payload is None and type_name in (CORRECTED, "payload.redacted"):
        raise Problem("not-possible-now", f"The payload of entry {entry.position} was removed; nothing is left of it.")
    now = as_it_stands(entry, family(connection, entry.root, 2**53))
    source = dict(now.source) if now.source else None
    return About(entry, {"type": entry.type, "effective": now.effective, "data": dict(now.data), "source": source})


def _beginning(type_name: str, about: About | None) -> dict[str, str]:
    """What stands in the form before anybody types: what the address names; of a correction, what is to be corrected."""
    named = {name: text for name, text in request.args.items() if name.startswith("/") and len(text) <= 4_000}
    plain = {"mission": "/mission", **{part.name: f"/data/{part.name}" for part in fields(EVENTS[type_name])}}
    named |= {plain[name]: text[:4_000] for name, text in request.args.items() if name in plain}
    if about is None:
        return named
    said = {"/effective": today().isoformat(), **named}
    return {**corrections.typed_target(about.stands), **said} if type_name == CORRECTED else said


def _form(type_name: str, about: About | None) -> Form:
    return Form(type_name, about.entry.type if about and type_name == CORRECTED else None)


def _shown(
    connection: Connection,
    type_name: str,
    about: About | None,
    said: Said,
    faults: Sequence[Fault] = (),
    focus: str = "",
) -> str:
    """The form as a page, with what is wrong at its place and in a list at the top."""
    known = size(connection) - 1
    know_parties(connection, Question(today().isoformat(), known, None, None, False))
    made = _form(type_name, about)
    found = forms.placed(faults, made.nodes(said))
    nodes = made.nodes(said, found)
    places = list(forms.every(nodes))
    wanted = {node.suggestions for node in places if isinstance(node, forms.Field) and node.suggestions}
    mission = said.get("/mission") or (about.entry.mission if about else "") or ""
    offered = offers(connection, wanted, mission)
    if type_name == "mission.registered":
        offered.pop("missions", None)
    summary = [*(("", text) for text in found.get("", ())), *forms.told_faults(nodes)]
    return render_template(
        "record_form.html", declared=EVENTS[type_name], nodes=nodes, about=about, offered=offered, summary=summary,
        changes=forms.CHANGED, focus=focus,
    )  # fmt: skip


# --- what is sent ------------------------------------------------------------------------------------------------------


@posted(blueprint, "/record/<type_name>", role="recorder")
def send(type_name: str) -> Response:
    """Add to a list of the form, take from it, show what the event changes, or record it."""
    _check(type_name)
    said, do = _said(), request.form.get("do", "preview")
    verb, _, pointer = do.partition(":")
    if verb in ("add", "remove"):
        return _again(type_name, *_resized(said, verb, pointer))
    if verb == "edit":
        return _again(type_name, said)
    return _decided(type_name, typed.compact(said), is_final=verb == "record")


def _said() -> dict[str, str]:
    """What is typed. Raises Problem where that is more than a form can hold."""
    if len(request.form) > forms.MOST_FIELDS:
        raise Problem("bad-request", f"The form has more than {forms.MOST_FIELDS} fields; record several events.")
    return {name: text for name, text in request.form.items() if name.startswith("/") and len(name) <= 200}


def _resized(said: dict[str, str], verb: str, pointer: str) -> tuple[dict[str, str], str]:
    """What is typed with a list longer or shorter by one, and the place to go on at."""
    if verb == "remove":
        return typed.removed(said, pointer), pointer.rpartition("/")[0]
    name, _, kind = pointer.partition(":")
    return typed.added(said, name, kind) if name.startswith("/") and len(name) <= 200 else (said, "")


def _again(type_name: str, said: Said, focus: str = "", faults: Sequence[Fault] = ()) -> Response:
    with reading(engine()) as connection:
        html = _shown(connection, type_name, _about(connection, type_name), said, faults, focus)
    return respond(html, status=422 if faults else 200)


def _decided(type_name: str, said: Said, is_final: bool) -> Response:
    """Record the event, or show it and what it changes; where it is refused, the form with the reasons."""
    with reading(engine()) as connection:
        about = _about(connection, type_name)
    try:
        event = _event(type_name, about, said)
        key = request.form.get("key", "")
        if is_final and _KEY.fullmatch(key):
            return _recorded(event, key)
        return _previewed(type_name, about, said, event)
    except Invalid as invalid:
        return _again(type_name, said, faults=invalid.faults)
    except Refused as refused:
        faults = [Fault(r.pointer.removeprefix("/0"), r.detail) for r in refused.refusals]
        return _again(type_name, said, faults=faults)


def _event(type_name: str, about: About | None, said: Said) -> Event:
    """The event that is typed. Raises Invalid with every fault."""
    made = _form(type_name, about)
    event, faults = made.event(said, about.position if about else None)
    if about is not None and type_name == CORRECTED:
        faults += corrections.only_changes(event, about.stands)
    unread = {fault.pointer for fault in faults}
    try:
        parsed = parse_event(event)
    except Invalid as invalid:
        raise Invalid([*faults, *(fault for fault in invalid.faults if fault.pointer not in unread)]) from None
    if faults:
        raise Invalid(faults)
    return parsed


def _previewed(type_name: str, about: About | None, said: Said, event: Event) -> Response:
    holder = session.who()
    assert holder is not None
    with writing(engine()) as connection:
        seen = preview(connection, event, holder.name, today().isoformat())
        know_parties(connection, Question(seen.day, seen.entry.position, None, None, False))
        connection.rollback()
    html = render_template(
        "record_preview.html", declared=EVENTS[type_name], nodes=_form(type_name, about).nodes(said), about=about, said=said, seen=seen,
        key=uuid.uuid4().hex, event=event, changes=forms.CHANGED,
    )  # fmt: skip
    return respond(html)


def _recorded(event: Event, key: str) -> Response:
    """Record the event, once under the key that its preview bears, and lead to its entry."""
    holder = session.who()
    assert holder is not None
    recorded = current_app.config["LEDGER_WRITER"].record([event], actor=holder.name, key=f"page:{key}")
    signer.wake(current_app)
    return redirect(url_for("entry.entry", position=recorded.entries[0].position, recorded="now"), 303)  # type: ignore[return-value]
