"""The documentation is true: what can be run is run, what can be counted is counted, what is named exists.

Every line that begins with `$` in a block marked `console` is run, in order, in a fresh ledger behind a real server. What
comes out is compared with what stands below: `…` stands for anything within a line, alone on a line for any lines; JSON is
compared without regard to blanks.
"""

import ast
import base64
import importlib
import json
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
import tomllib
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import Request, urlopen

import psycopg
import pytest
from click import Group
from sqlalchemy import Engine
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import DBAPIError

from api.app import create_app
from api.cli import main
from api.settings import Settings, from_environment
from docs.generate import PAGES
from ledger import keys, signing
from ledger.events import EVENTS
from ledger.records import lines
from ledger.store import open_engine, read_entries, reading, writing
from migrations import migrate
from projections.projection import Row
from projections.queries import answers
from projections.runner import rebuild
from tests.builders import announced, append, corrected, people, registered, said

ROOT = Path(__file__).parent.parent
DOCS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
ADRS = sorted(ROOT.glob("docs/adr/*.md"))
ADDRESS = "http://127.0.0.1:8000"
PATIENCE = 60.0
HOLE = "…"
BRACKETS, BRACES = re.compile(r"<(?:[a-z]+:)?([a-z_]+)>"), r"{\1}"


def page(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)


def table(text: str, heading: str) -> list[list[str]]:
    """The cells of the first table under a heading, without its two lines of header."""
    rows = text.split(f"\n{heading}\n", 1)[1].split("\n#", 1)[0]
    cells = [
        [cell.strip() for cell in row.strip("|").split("|")] for row in re.findall(r"^\|.*\|$", rows, re.MULTILINE)
    ]
    first = next(index for index, row in enumerate(cells) if set(row[0]) == {"-"})
    return cells[first + 1 :]


def unquoted(cell: str) -> str:
    return cell.strip("`")


# --- blocks that are run -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Command:
    """One line to be run, and what is to come out."""

    words: list[str]
    expected: str


def shown(text: str) -> Iterator[tuple[str, str]]:
    """Each line that is to be run, and what stands below it."""
    for block in blocks(text, "console"):
        for told in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            line, _, expected = told.partition("\n")
            yield line, expected


def commands(text: str) -> list[Command]:
    return [Command(shlex.split(line), expected) for line, expected in shown(text)]


@dataclass(frozen=True)
class Demo:
    """A demo that runs: its address, its folder, and the key that it printed."""

    address: str
    folder: Path
    key: str
    environment: dict[str, str]

    def printed(self, line: str) -> str:
        """What a line of shell prints to standard output."""
        programs = self.folder / "bin"
        programs.mkdir(exist_ok=True)
        for name, started in (("mission-ledger", f"{sys.executable} -m api.cli"), ("python3", sys.executable)):
            (programs / name).write_text(f'#!/bin/sh\nexec {started} "$@"\n')
            (programs / name).chmod(0o755)
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", line.replace(ADDRESS, self.address)],
            env={**self.environment, "PATH": f"{programs}:{self.environment['PATH']}"},
            cwd=self.folder,
            capture_output=True,
            check=False,
            timeout=PATIENCE,
        )
        assert done.returncode == 0, (line, done.stdout, done.stderr)
        return done.stdout.decode()

    def output(self, words: list[str]) -> str:
        """What a command prints to standard output."""
        words = [word.replace(ADDRESS, self.address).replace("$KEY", self.key) for word in words]
        if words[0] == "curl":
            return fetched(words)
        programs = {"mission-ledger": [sys.executable, "-m", "api.cli"], "python3": [sys.executable]}
        done = subprocess.run(
            [*programs[words[0]], *words[1:]],
            env=self.environment,
            cwd=self.folder,
            capture_output=True,
            check=True,
            timeout=PATIENCE,
        )
        return done.stdout.decode()


def fetched(words: list[str]) -> str:
    """What curl prints; where there is no curl, the same request asked from here."""
    if shutil.which("curl"):
        return subprocess.run(words, capture_output=True, check=True, timeout=PATIENCE).stdout.decode()
    with urlopen(as_request(words), timeout=PATIENCE) as answer:
        return answer.read().decode()


def as_request(words: list[str]) -> Request:
    """The request of a curl line. Options that it does not know are an error, so that no line means less than it says."""
    url, data, headers = None, None, {}
    rest = iter(words[1:])
    for word in rest:
        if word == "-H":
            name, _, value = next(rest).partition(": ")
            headers[name] = value
        elif word == "-d":
            data = next(rest).encode()
        elif not word.startswith("-"):
            url = word
        else:
            assert word == "-s", word
    assert url is not None
    return Request(url, data, headers)


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until_ready(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    patient_until = time.monotonic() + PATIENCE
    while time.monotonic() < patient_until:
        assert process.poll() is None, log.read_text("utf-8")
        try:
            with urlopen(f"{address}/readyz", timeout=5):
                return
        except (URLError, ConnectionError):
            time.sleep(0.05)
    raise AssertionError(log.read_text("utf-8"))


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Demo]:
    """`mission-ledger demo` on a free port, in a folder of its own."""
    folder, log, port = tmp_path / "data", tmp_path / "log", free_port()
    folder.mkdir()
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("MISSION_LEDGER_", "DATABASE_"))}
    environment = {**kept, "MISSION_LEDGER_DATA": str(folder), "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1"}
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "api.cli", "demo", "--port", str(port)],
            env=environment,
            cwd=folder,
            stdout=out,
            stderr=out,
        )
    try:
        wait_until_ready(f"http://127.0.0.1:{port}", process, log)
        key = re.search(r"ml_[\w-]+", log.read_text("utf-8"))
        assert key is not None
        yield Demo(f"http://127.0.0.1:{port}", folder, key[0], environment)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(PATIENCE)


def without_blanks(text: str) -> str:
    """JSON without the blanks between its parts; those within texts stay."""
    return re.sub(r'("(?:[^"\\]|\\.)*")|\s+', lambda found: found[1] or "", text)


def with_holes(text: str, hole: str) -> str:
    return hole.join(map(re.escape, text.split(HOLE)))


def agrees(expected: str, actual: str) -> bool:
    if expected.startswith(("{", "[")):
        compact = json.dumps(json.loads(actual), separators=(",", ":"), ensure_ascii=False)
        return re.fullmatch(with_holes(without_blanks(expected), ".*?"), compact, re.DOTALL) is not None
    wanted = "".join(
        r"(?:.*\n)*?" if line.strip() == HOLE else with_holes(line.rstrip(), ".*?") + r" *\n"
        for line in expected.splitlines()
    )
    return re.fullmatch(wanted, actual) is not None


def run_page(text: str, demo: Demo) -> int:
    """Run the blocks of a page in order; how many commands were run."""
    ran = 0
    for command in commands(text):
        if command.words[0] == "make" or command.words[0].startswith("KEY="):
            assert command.expected == ""
            continue
        actual = demo.output(command.words)
        assert agrees(command.expected, actual), (
            f"{command.words}\nis to print\n{command.expected}\nand prints\n{actual}"
        )
        ran += 1
    return ran


def test_the_readme_does_what_it_shows(demo: Demo) -> None:
    assert run_page(page("README.md"), demo) == 5


def test_operations_do_what_they_show_and_a_backup_is_a_ledger(demo: Demo) -> None:
    assert run_page(page("docs/operations.md"), demo) == 11

    running, copy = (open_engine(f"sqlite:///{demo.folder / name}") for name in ("ledger.db", "backup.db"))
    with reading(running) as one, reading(copy) as other:
        assert read_entries(one) == read_entries(other)
    with pytest.raises(DBAPIError, match="append-only"), writing(copy) as connection:
        connection.exec_driver_sql("DELETE FROM entries")
    running.dispose()
    copy.dispose()


def test_a_redaction_does_what_its_page_shows(demo: Demo) -> None:
    assert run_page(page("docs/redaction.md"), demo) == 9

    engine = open_engine(f"sqlite:///{demo.folder / 'ledger.db'}")
    with reading(engine) as connection:
        assert [entry.payload for entry in read_entries(connection) if entry.ref == "visit"] == [None]
    engine.dispose()


def test_verifying_does_what_it_shows_with_tools_of_others(demo: Demo) -> None:
    text = page("docs/verifying.md")
    for program in blocks(text, "python"):
        (demo.folder / program.partition("\n")[0].removeprefix("# ")).write_text(program, "utf-8")

    for line, expected in shown(text):
        actual = demo.printed(line)
        assert agrees(expected, actual), f"{line}\nis to print\n{expected}\nand prints\n{actual}"

    assert len(list(shown(text))) == 14


@pytest.mark.parametrize("spoilt", ["payload", "salt", "envelope"])
def test_the_programs_of_that_page_notice_what_is_wrong(demo: Demo, spoilt: str) -> None:
    (program,) = (one for one in blocks(page("docs/verifying.md"), "python") if one.startswith("# proof.py"))
    (demo.folder / "proof.py").write_text(program, "utf-8")
    head, note = demo.printed(f"curl -s {ADDRESS}/v1/entries/29/proof").split("\n\n", 1)
    (demo.folder / "text").write_text(note.split("\n\n")[0] + "\n", "utf-8")
    format_name, extra, *rest = head.split("\n")
    entry = json.loads(base64.b64decode(extra.removeprefix("extra ")))

    for change in ({}, {spoilt: entry[spoilt].replace("0", "1")}):
        told = base64.b64encode(json.dumps({**entry, **change}).encode()).decode()
        (demo.folder / "proof").write_text("\n".join([format_name, f"extra {told}", *rest]) + f"\n\n{note}", "utf-8")
        if change:
            with pytest.raises(AssertionError, match="another"):
                demo.printed("python3 proof.py proof text")
        else:
            assert "is under this root" in demo.printed("python3 proof.py proof text")


def test_what_differs_is_noticed() -> None:
    assert agrees('{"a": "…", "b": [1, …]}\n', '{"a":"x y","b":[1,2,3]}')
    assert not agrees('{"a": "…", "b": [1, …]}\n', '{"a":"x y","b":[2,3]}')
    assert agrees("one …\n…\nfour\n", "one two\nthree\nfour\n")
    assert not agrees("one …\n…\nfour\n", "one two\nthree\nfour five\n")
    assert not agrees("", "something\n")


def test_a_curl_line_is_understood_without_curl() -> None:
    request = as_request(
        shlex.split(f"curl -s {ADDRESS}/v1/entries -H 'Authorization: Bearer ml_a b' -d '{{\"a\": 1}}'")
    )

    assert (request.full_url, request.get_method()) == (f"{ADDRESS}/v1/entries", "POST")
    assert (request.get_header("Authorization"), request.data) == ("Bearer ml_a b", b'{"a": 1}')
    assert as_request(["curl", "-s", ADDRESS]).get_method() == "GET"


def test_every_block_of_the_readme_is_run() -> None:
    text = page("README.md")

    assert re.findall(r"^```(\w+)$", text, re.MULTILINE) == ["console"] * (text.count("```") // 2)
    assert len(text.splitlines()) <= 150


# --- what is counted and named -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PAGES)
def test_a_generated_page_is_up_to_date(name: str) -> None:
    assert page(f"docs/{name}") == PAGES[name](), "run `make docs`"


@pytest.mark.parametrize("name", EVENTS)
def test_every_event_type_is_documented(name: str) -> None:
    assert f"\n### `{name}`\n" in page("docs/events.md")
    assert f"`{name}`" in page("CHANGELOG.md")


def every_command(group: Group, path: str) -> Iterator[str]:
    for name, command in group.commands.items():
        if isinstance(command, Group):
            yield from every_command(command, f"{path} {name}")
        else:
            yield f"{path} {name}"


def test_every_command_is_documented_and_none_that_is_not_there() -> None:
    real = set(every_command(main, "mission-ledger"))

    assert {unquoted(row[0]) for row in table(page("docs/operations.md"), "## Commands")} == real
    for path in DOCS:
        for first, second in re.findall(r"mission-ledger ([a-z]+)(?: ([a-z]+))?", path.read_text("utf-8")):
            command = main.commands.get(first)
            assert command is not None, (name_of(path), first)
            assert not (isinstance(command, Group) and second) or second in command.commands, (name_of(path), second)


class Asked(dict[str, str]):
    """An empty environment that remembers what was looked for."""

    def get(self, key: str, default: Any = None) -> Any:
        self[key] = ""
        return default


def test_every_setting_is_documented_with_its_default() -> None:
    asked = Asked()
    from_environment(asked)
    told = {unquoted(row[0]): unquoted(row[1]) for row in table(page("docs/operations.md"), "## Settings")}

    assert set(told) == set(asked)
    for name, default in told.items():
        if name.startswith("MISSION_LEDGER_MAX_"):
            assert int(default) == getattr(Settings, name.removeprefix("MISSION_LEDGER_").lower())
    assert told["MISSION_LEDGER_ANONYMOUS_READING"] == {True: "yes", False: "no"}[Settings.anonymous_reading]


def test_every_address_is_documented_and_none_that_is_not_there(tmp_path: Path) -> None:
    app = create_app(Settings(database_url=f"sqlite:///{tmp_path / 'none.db'}"))
    real = {
        f"{method} {BRACKETS.sub(BRACES, rule.rule)}"
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    app.config["LEDGER_ENGINE"].dispose()

    assert {unquoted(row[0]) for row in table(page("ARCHITECTURE.md"), "## Addresses")} == real


def test_every_target_of_make_that_is_named_exists() -> None:
    real = set(re.findall(r"^([a-z]+):", page("Makefile"), re.MULTILINE))
    named = {
        name
        for path in DOCS
        for pair in re.findall(r"`make ([a-z]+)`|^\$ make ([a-z]+)", path.read_text("utf-8"), re.MULTILINE)
        for name in pair
        if name
    }

    assert {"run", "test", "docs"} <= named <= real


def functions_of(path: Path) -> set[str]:
    return {node.name for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.FunctionDef)}


def test_every_invariant_names_tests_that_exist() -> None:
    rows = table(page("ARCHITECTURE.md"), "## Invariants")

    assert [row[0] for row in rows] == [f"I{number}" for number in range(1, len(rows) + 1)]
    for number, _, proof in rows:
        named = re.findall(r"`(tests/(?:browser/)?test_\w+\.py)::(test_\w+)`", proof)
        assert named, number
        for file, test in named:
            assert test in functions_of(ROOT / file), (number, test)


def test_every_path_and_name_of_code_that_is_mentioned_exists() -> None:
    for path in DOCS:
        text = path.read_text("utf-8")
        for mentioned in re.findall(r"`((?:ledger|projections|api|migrations|tests|docs)/[\w./-]*)(?:::\w+)?`", text):
            assert (ROOT / mentioned).exists(), (name_of(path), mentioned)
        for dotted in re.findall(r"`((?:ledger|projections|api)(?:\.(?!db`)[a-z_]+)+)`", text):
            assert exists(dotted), (name_of(path), dotted)


def exists(dotted: str) -> bool:
    """Whether a module, or a name in one, is there."""
    try:
        importlib.import_module(dotted)
    except ModuleNotFoundError:
        module, _, name = dotted.rpartition(".")
        return hasattr(importlib.import_module(module), name)
    return True


def anchors(text: str) -> set[str]:
    """The anchors of a page's headings, as forges make them."""
    found: Counter[str] = Counter()
    made = set()
    for heading in re.findall(
        r"^#+ (.*)$", re.sub(r"^```.*?^```$", "", text, flags=re.DOTALL | re.MULTILINE), re.MULTILINE
    ):
        slug = re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        made.add(f"{slug}-{found[slug]}" if found[slug] else slug)
        found[slug] += 1
    return made


@pytest.mark.parametrize("path", DOCS, ids=name_of)
def test_every_link_within_the_project_leads_somewhere(path: Path) -> None:
    for link in re.findall(r"\]\(([^)\s]+)\)", path.read_text("utf-8")):
        if not re.match(r"[a-z]+:", link):
            file, _, anchor = link.partition("#")
            target = (path.parent / file).resolve() if file else path
            assert target.exists(), link
            assert not anchor or anchor in anchors(target.read_text("utf-8")), link


def test_decisions_are_numbered_of_one_shape_and_listed() -> None:
    listed = re.findall(r"\]\((docs/adr/[^)]+)\)", page("ARCHITECTURE.md").split("## Decisions")[1])

    assert listed == [name_of(path) for path in ADRS]
    for number, path in enumerate(ADRS, 1):
        text = path.read_text("utf-8")
        assert path.name.startswith(f"{number:04}-")
        assert text.startswith(f"# {number}. ")
        assert re.findall(r"^## (.*)$", text, re.MULTILINE) == ["Context", "Decision", "Consequences", "Alternatives"]


def test_every_dependency_has_its_reason() -> None:
    stated = tomllib.loads(page("pyproject.toml"))["project"]["dependencies"]
    names = [re.match(r"[\w-]+", one)[0] for one in stated]  # type: ignore[index]

    assert [unquoted(row[0]) for row in table(page("docs/adr/0008-dependencies.md"), "## Decision")] == names


def test_the_changelog_knows_this_version() -> None:
    version = tomllib.loads(page("pyproject.toml"))["project"]["version"]

    headings = re.findall(r"^## \[(.*?)\]( - \d{4}-\d{2}-\d{2})?$", page("CHANGELOG.md"), re.MULTILINE)

    assert headings[0] == ("Unreleased", "")
    assert headings[1][0] == version
    assert all(date for _, date in headings[1:])


# --- the record ----------------------------------------------------------------------------------------------------


def the_record() -> list[Row]:
    return [json.loads(line) for line in lines("haiti-mss")]


def counted(events: list[Row]) -> dict[str, int]:
    sources = [event["source"] for event in events if "source" in event]
    types, precision = Counter(event["type"] for event in events), Counter(len(event["effective"]) for event in events)
    trust = Counter(source.get("confidence") for source in sources)
    missions = Counter(event.get("mission") for event in events)
    opened = {event["data"]["pledge"] for event in events if event["type"] in ("pledge.announced", "pledge.notified")}
    return {
        "events": len(events),
        "of the mission `haiti-mss`": missions["haiti-mss"],
        "of the mission `binuh`": missions["binuh"],
        "of no mission: registered parties": missions[None],
        "event types in use": len(types),
        "pledges": len(opened),
        "pledges notified by letter": types["pledge.notified"],
        "dated to the day": precision[10],
        "dated to the month": precision[7],
        "dated to the year": precision[4],
        "with a date of publication": sum("published" in source for source in sources),
        "with a UN document symbol": sum("symbol" in source for source in sources),
        "resting on news": sum(source.get("kind") == "news" for source in sources),
        "trusted much by the recorder": trust["high"],
        "trusted fairly": trust["medium"],
        "trusted little": trust["low"],
        "disputes": types["claim.disputed"],
        "ranks": types["claim.ranked"],
        "corrections": types["entry.corrected"],
    }


def test_the_figures_of_the_record_are_right() -> None:
    text, events = page("docs/record.md"), the_record()
    types = Counter(event["type"] for event in events)
    absent = text.split("No event of this record is a ", 1)[1].split("\n\n", 1)[0]

    assert {row[0]: int(row[1]) for row in table(text, "## What it contains")[: len(counted(events))]} == counted(
        events
    )
    assert {
        name: int(count) for name, count in re.findall(r"^\| `([a-z.-]+)` \| (\d+) \|$", text, re.MULTILINE)
    } == types
    assert set(re.findall(r"`([a-z.-]+)`", absent)) == set(EVENTS) - set(types)


def test_no_source_of_the_record_has_a_digest_as_its_page_admits() -> None:
    sources = [event["source"] for event in the_record() if "source" in event]

    assert not any({"sha256", "retrieved"} & set(source) for source in sources)
    assert max(event["effective"] for event in the_record()).startswith("2026-02")


def test_what_the_record_leaves_open_is_a_finding_and_what_it_settles_is_none(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path / 'ledger.db'}")
    migrate(engine)
    refs = {entry.ref: entry.position for entry in append(engine, *the_record())}
    with reading(engine) as connection:
        findings = answers(connection, "haiti-mss", ["findings"], "2026-02-28", len(refs) - 1)["findings"]
    engine.dispose()

    still_open = {
        position for finding in findings if finding["code"] == "dispute-open" for position in finding["entries"]
    }
    disputed = ("dep-ken-return-230-2025-12-09", "pgr-seat-named-otunge", "fun-usa-tf-70m-promised")
    settled = ("plg-ben-letter-2024-02-28.dispute", "dep-ken-total-382-2024-09.dispute", "cas-gsf-denial-2025-10-20")
    assert {refs[ref] for ref in disputed} <= still_open
    assert not {refs[ref] for ref in settled} & still_open


# --- the picture of rectangles -------------------------------------------------------------------------------------


def test_the_picture_of_rectangles_is_what_the_ledger_answers(engine: Engine) -> None:
    fillers = [said("meeting.held", title=f"Meeting {number}") for number in range(17)]
    (*_, first) = append(engine, registered(), *fillers[:9], announced("a", count=200))
    (second,) = append(engine, said("pledge.notified", "2024-03-01", pledge="a", party="JAM", items=[people(170)]))
    append(engine, *fillers[9:])
    change = corrected(second.position, to_effective="2024-02-01", to_data={"items": [people(180)]})
    (third,) = append(engine, change)

    def pledged(known: int) -> list[int | None]:
        with reading(engine) as connection:
            days = ("2023-12-31", "2024-01-01", "2024-01-31", "2024-02-01", "2024-02-29", "2024-03-01")
            rows = [answers(connection, "test-mission", ["pledges"], day, known)["pledges"] for day in days]
        return [row[0]["items"][0]["minimum"] if row else None for row in rows]

    assert [first.position, second.position, third.position] == [10, 11, 20]
    assert pledged(9) == [None] * 6
    assert pledged(10) == [None, 200, 200, 200, 200, 200]
    assert pledged(11) == pledged(19) == [None, 200, 200, 200, 200, 170]
    assert pledged(20) == [None, 200, 200, 180, 180, 180]


# --- PostgreSQL with least privilege -------------------------------------------------------------------------------


@dataclass(frozen=True)
class Roles:
    """A database set up as the page says: its addresses for the owner and for the server."""

    owner: str
    app: str


def statements(block: str) -> list[str]:
    return [one.strip() for one in block.split(";\n") if one.strip()]


def as_role(server: str, role: str, database: str) -> str:
    url: URL = make_url(server).set(
        drivername="postgresql+psycopg", username=role, password="secret", database=database
    )
    return url.render_as_string(hide_password=False)


@pytest.fixture
def roles(server_url: str) -> Iterator[Roles]:
    tag = uuid.uuid4().hex
    database, owner, app = f"test_{tag}", f"owner_{tag}", f"app_{tag}"

    def named(block: str) -> str:
        return re.sub(r"\bmission_ledger\b", database, block).replace("ledger_owner", owner).replace("ledger_app", app)

    cluster, schema, grants = (
        statements(named(block.replace(f"'{HOLE}'", "'secret'"))) for block in blocks(page("docs/operations.md"), "sql")
    )
    urls = Roles(as_role(server_url, owner, database), as_role(server_url, app, database))
    plain = make_url(server_url).set(database=database).render_as_string(hide_password=False)
    try:
        run_sql(server_url, cluster)
        run_sql(plain, schema)
        engine = open_engine(urls.owner)
        migrate(engine)
        engine.dispose()
        run_sql(urls.owner.replace("+psycopg", ""), grants)
        yield urls
    finally:
        dropped = [
            f"DROP DATABASE IF EXISTS {database} WITH (FORCE)",
            *(f"DROP ROLE IF EXISTS {r}" for r in (owner, app)),
        ]
        run_sql(server_url, dropped)


def run_sql(url: str, told: list[str]) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in told:
            connection.execute(statement)  # type: ignore[arg-type]


REFUSED_TO_THE_SERVER = [
    "UPDATE entries SET actor = 'somebody else'",
    "DELETE FROM entries",
    "TRUNCATE entries CASCADE",
    "ALTER TABLE entries DISABLE TRIGGER ALL",
    "DROP TRIGGER entries_no_update ON entries",
    "DROP TABLE entries",
    "ALTER FUNCTION refuse_change() RENAME TO permit_change",
    "SET session_replication_role = 'replica'",
    "UPDATE receipts SET request = ''",
    "DELETE FROM receipts",
    "TRUNCATE receipts",
    "INSERT INTO head (id, size, recorded_at) VALUES (2, 0, '')",
    "DELETE FROM head",
    "INSERT INTO keys (name, role, digest, created_at) VALUES ('me', 'admin', '', '')",
    "UPDATE keys SET role = 'admin'",
    "UPDATE alembic_version SET version_num = ''",
    "UPDATE checkpoints SET note = ''",
    "DELETE FROM checkpoints",
    "TRUNCATE checkpoints",
    "DELETE FROM tiles",
    "DELETE FROM log",
    "ALTER TABLE checkpoints DISABLE TRIGGER ALL",
    "CREATE TABLE more (a int)",
    "CREATE TEMPORARY TABLE entries (position bigint)",
    "CREATE SCHEMA more",
    "CREATE FUNCTION more() RETURNS int LANGUAGE sql AS 'SELECT 1'",
]


def test_the_servers_role_can_do_its_work_and_rewrite_nothing(roles: Roles, tmp_path: Path) -> None:
    owner, app = open_engine(roles.owner), open_engine(roles.app)
    with writing(owner) as connection:
        headers = {"Authorization": f"Bearer {keys.create(connection, 'desk', 'recorder')}", "Idempotency-Key": "once"}
    web = create_app(Settings(database_url=roles.app), app).test_client()

    events = [registered(), announced("a"), {**corrected(1, to_effective="2024-02"), "mission": "test-mission"}]
    posted = [web.post("/v1/entries", json=events, headers=headers) for _ in range(2)]
    rebuilt = rebuild(app)
    shown = web.get("/v1/missions/test-mission/pledges?valid_at=2024-06-01").get_json()["data"]
    ready = web.get("/readyz").get_json()
    log_key = signing.write_log_key(tmp_path / "log.key", (signing.new_key("ledger.example.org/log"),))
    signed = [signing.sign(app, log_key).size, signing.close_if_set_back(app, log_key)]

    assert signed == [3, None]
    assert [answer.status_code for answer in posted] == [201, 201]
    assert [entry["replayed"] for answer in posted for entry in answer.get_json()["entries"]] == [False] * 3 + [
        True
    ] * 3
    assert (rebuilt, ready, [row["terms_since"] for row in shown]) == (3, {"status": "ready", "size": 3}, ["2024-02"])
    for statement in REFUSED_TO_THE_SERVER:
        with pytest.raises(DBAPIError) as refused, writing(app) as connection:
            connection.exec_driver_sql(statement)
        assert refused.value.orig.sqlstate == "42501", statement  # type: ignore[union-attr]
    for statement in ("UPDATE entries SET actor = ''", "DELETE FROM entries", "TRUNCATE entries CASCADE"):
        with pytest.raises(DBAPIError, match="append-only"), writing(owner) as connection:
            connection.exec_driver_sql(statement)
    owner.dispose()
    app.dispose()
