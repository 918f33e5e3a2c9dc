"""`mission-ledger verify`: audits a ledger in a database, in a bundle or behind an address, and single proofs."""

import hashlib
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import click
import orjson
from rich.table import Table
from sqlalchemy.exc import SQLAlchemyError

from api.audit import audit_database
from api.cli import database
from api.cli.command import CouldNotRun, Unusable, first_line, json_option, progress
from api.cli.server import is_address, log_behind
from api.cli.tables import show
from ledger.audit.audit import Report, Source, Torn, Trust, audit
from ledger.audit.database import Database
from ledger.audit.known import keep, read_known
from ledger.audit.tiled import TornSource, open_bundle
from ledger.checkpoints import Checkpoint, parse_proof
from ledger.merkle import WrongProof
from ledger.notes import Note, VerifierKey, WrongNote
from ledger.policy import Policy, WrongPolicy, parse_policy
from ledger.signing import KeyFileProblem, LogKey, read_log_key, remembered
from ledger.store import open_engine, reading
from migrations import is_current

ZIP = b"PK\x03\x04"
API_KEY = re.compile(r"[!-~]{1,1000}")


@click.command()
@click.argument("what", required=False)
@click.option("--key", "keys", multiple=True, help="A verifier key of the log; can be given several times.")
@click.option(
    "--policy",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A tlog-policy file: logs, witnesses, quorum.",
)
@click.option(
    "--known",
    type=click.Path(dir_okay=False, path_type=Path),
    help="A file of the checkpoints that you have seen; the newest is added where nothing is found wrong.",
)
@click.option(
    "--proof", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Check one tlog-proof instead."
)
@click.option(
    "--api-key-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A file that holds an API key, for a server where reading needs one.",
)
@json_option
def verify(
    what: str | None,
    keys: tuple[str, ...],
    policy: Path | None,
    known: Path | None,
    proof: Path | None,
    api_key_file: Path | None,
    as_json: bool,
) -> None:
    """Audit a ledger: recompute everything, from the payloads to the signatures, and tell what is wrong.

    WHAT is a bundle that `export --bundle` wrote, or the address of a server; the database of the other commands where it
    is left out. Nothing is changed, and nothing that the ledger says of itself is believed. Where the key of the log is
    here, its last checkpoint, kept beside it, has been seen before.

    Exit codes: 0 nothing is wrong, 1 something is, 2 the audit could not be made.
    """
    given = _given(keys, policy)
    if api_key_file is not None and not is_address(what):
        raise click.UsageError("--api-key-file is for a server; give its address, or leave the key out.")
    if proof is not None:
        if what is not None or known is not None:
            raise click.UsageError("--proof checks one proof, with --key and --policy alone; leave the rest out.")
        _check_proof(proof, given, as_json)
        return
    seen = _known(known)
    with _ledger(what, replace(given, known=seen), _api_key(api_key_file)) as ledger, progress("Verifying") as bar:
        report = ledger.audit(bar)
    if known is not None and report.clean and ledger.keys_from != BUNDLE:
        _keep(known, seen, report.note)
    _tell(report, ledger.keys_from, as_json)
    if not report.clean:
        raise SystemExit(1)


def _given(keys: tuple[str, ...], path: Path | None) -> Trust:
    policy = _policy(path)
    return Trust(_keys(keys) + policy.logs, policy)


def _keys(texts: tuple[str, ...]) -> tuple[VerifierKey, ...]:
    try:
        return tuple(map(VerifierKey.parse, texts))
    except WrongNote as error:
        raise click.UsageError(f"--key: {error}") from None


def _policy(path: Path | None) -> Policy:
    try:
        return parse_policy(path.read_bytes()) if path else Policy()
    except (WrongPolicy, OSError) as error:
        raise click.UsageError(f"--policy: {error}") from None


def _api_key(path: Path | None) -> str | None:
    """The key in a file; what stands there instead of one is not repeated."""
    if path is None:
        return None
    try:
        text = path.read_text("ascii", errors="replace").strip()
    except OSError as error:
        raise click.UsageError(f"--api-key-file: {error}") from None
    if not API_KEY.fullmatch(text):
        raise click.UsageError(f"--api-key-file: {path} is to hold an API key on one line, and nothing else.")
    return text


def _known(path: Path | None) -> tuple[Checkpoint, ...]:
    try:
        return read_known(path) if path and path.exists() else ()
    except (WrongNote, OSError) as error:
        raise click.UsageError(f"--known: {error}") from None


def _keep(path: Path, seen: tuple[Checkpoint, ...], note: Note | None) -> None:
    try:
        keep(path, seen, note)
    except OSError as error:
        raise CouldNotRun(f"--known: {path} cannot be written: {error.strerror}.") from None


# --- where the ledger is -----------------------------------------------------------------------------------------------

GIVEN, OWN, BUNDLE = "given", "signing key", "bundle"


@dataclass(frozen=True)
class _Ledger:
    """A ledger to be audited, and whom to believe about it.

    `keys_from`: where the verifier keys were found, if anywhere; `last`: what the signing key here signed last.
    """

    source: Source
    trust: Trust
    keys_from: str | None
    last: Note | None = None

    def audit(self, progress: Callable[[int, int], None]) -> Report:
        if isinstance(self.source, Database):
            return audit_database(self.source.connection, self.trust, progress, self.last)
        return audit(self.source, self.trust, progress)


def _found(
    source: Source, trust: Trust, keys: tuple[VerifierKey, ...], place: str, last: Note | None = None
) -> _Ledger:
    """The keys that were given; only where there are none those that were found with the ledger."""
    if trust.keys:
        return _Ledger(source, trust, GIVEN, last)
    return _Ledger(source, replace(trust, keys=keys), place if keys else None, last)


@contextmanager
def _ledger(what: str | None, trust: Trust, api_key: str | None) -> Iterator[_Ledger]:
    try:
        if what is None:
            with _database(trust) as ledger:
                yield ledger
        elif is_address(what):
            yield _found(log_behind(what, api_key), trust, (), GIVEN)
        else:
            yield _bundle(what, trust)
    except Torn as torn:
        raise CouldNotRun(f"There is nothing to audit: {torn}.") from None
    except (SQLAlchemyError, KeyFileProblem, Unusable, ImportError) as error:
        raise CouldNotRun(f"The audit could not be made: {first_line(getattr(error, 'orig', None) or error)}") from None


@contextmanager
def _database(trust: Trust) -> Iterator[_Ledger]:
    """The database as it is: nothing is migrated, nothing is made.

    The last checkpoint of the key is read before the database, which may only be further on.
    """
    settings = database.settings()
    key, last = _own_key(settings.log_key)
    database.check_there(settings)
    engine = open_engine(settings.database_url)
    try:
        if not is_current(engine):
            raise CouldNotRun(
                "The database has another schema than this version audits; run `mission-ledger migrate` first."
            )
        with reading(engine) as connection:
            keys = tuple(one.verifier for one in key.keys) if key else ()
            yield _found(Database(connection), trust, keys, OWN, last)
    finally:
        engine.dispose()


def _own_key(path: Path | None) -> tuple[LogKey | None, Note | None]:
    """The key of the log and what it signed last, where they are here. Raises KeyFileProblem."""
    key = read_log_key(path) if path and path.exists() else None
    return key, remembered(key) if key else None


def _bundle(name: str, trust: Trust) -> _Ledger:
    """A bundle; one that is torn gives nothing but the finding that it is."""
    path = Path(name)
    if not path.is_file():
        raise CouldNotRun(f"{name} is no file and no address of a server.")
    try:
        with path.open("rb") as file:
            beginning = file.read(len(ZIP))
        if beginning != ZIP:
            raise CouldNotRun(f"{path} is no bundle; `mission-ledger export --bundle` writes one.")
        bundle, keys = open_bundle(path)
    except OSError as error:
        raise CouldNotRun(f"{path} cannot be read: {error.strerror}.") from None
    except Torn as torn:
        return _found(TornSource(str(torn)), trust, (), BUNDLE)
    return _found(bundle, trust, keys, BUNDLE)


# --- telling -----------------------------------------------------------------------------------------------------------


def _tell(report: Report, keys_from: str | None, as_json: bool) -> None:
    if as_json:
        click.echo(orjson.dumps(_document(report, keys_from), option=orjson.OPT_INDENT_2))
        return
    if not report.clean:
        table = Table("Finding", "Position", "What")
        for finding in report.findings.kept:
            table.add_row(finding.code, "" if finding.position is None else str(finding.position), finding.text)
        show(table)
        for code, count in report.findings.left_out.items():
            click.echo(f"… and {count:,} more of {code}")
    click.echo(sentence(report, keys_from))


def _document(report: Report, keys_from: str | None) -> dict[str, Any]:
    findings = [{"code": f.code, "position": f.position, "text": f.text} for f in report.findings.kept]
    return {
        "clean": report.clean,
        "findings": findings,
        "left_out": report.findings.left_out,
        "entries": report.entries,
        "removed": report.removed,
        "root": report.root.hex(),
        "assurance": assurance(report, keys_from),
        "keys_from": keys_from,
        "signed": {"origin": report.signed.origin, "size": report.signed.size} if report.signed else None,
        "witnesses": _witnesses(report),
        "compared": report.compared.size if report.compared else None,
        "told": sentence(report, keys_from),
    }


def _witnesses(report: Report) -> list[str]:
    return sorted({key.name for key in report.witnesses})


def assurance(report: Report, keys_from: str | None) -> str:
    """The assurance reached: chain, self-signed, signed, witnessed.

    A key that came with the bundle says nothing of who signed: whoever made one may have made the other.
    """
    return "self-signed" if report.assurance == "signed" and keys_from == BUNDLE else report.assurance


def sentence(report: Report, keys_from: str | None) -> str:
    """What was made sure of, and what was not."""
    counted = f"{report.entries:,} {'entry' if report.entries == 1 else 'entries'}"
    gone = f", {report.removed} of them without a payload, as entries say" if report.removed else ""
    if not report.clean:
        number = sum(report.findings.counts.values())
        return f"{number:,} {'finding' if number == 1 else 'findings'} in {counted}{gone}."
    parts = [
        f"{counted}{gone}: each is what its envelope commits to, and they make the tree.",
        _about_signatures(report, keys_from),
    ]
    if report.compared:
        parts.append(f"They go on from the checkpoint of {report.compared.size:,} entries that was seen before.")
    return " ".join(parts)


def _about_signatures(report: Report, keys_from: str | None) -> str:
    signed = report.signed
    if signed is None:
        return (
            "Chain only: no signature of a known key was found, so whoever keeps the ledger may have made it all anew. "
            "Give the log's verifier key with --key."
        )
    later = report.entries - signed.size
    how = "self-signed" if keys_from == BUNDLE else "signed"
    told = f"The first {signed.size:,} are {how} by {signed.origin}"
    told += f", {later:,} later ones by nobody yet" if later else ""
    if report.witnesses:
        return f"{told}, and witnessed by {', '.join(_witnesses(report))}."
    if keys_from == BUNDLE:
        return (
            f"{told}: the key came with the bundle, which proves that the bundle is whole in itself, and not whose it is. "
            "Give the log's verifier key with --key."
        )
    return f"{told}, and witnessed by nobody you named: the keeper of that key could show others another history."


# --- one proof ---------------------------------------------------------------------------------------------------------


def _check_proof(path: Path, trust: Trust, as_json: bool) -> None:
    """Check a tlog-proof and the entry that goes with it."""
    report = Report()
    told: dict[str, Any] = {}
    try:
        told = _proved(path.read_bytes(), trust)
    except (WrongProof, WrongNote) as error:
        report.findings.add("proof-wrong", None, str(error))
    if as_json:
        found = [{"code": f.code, "position": f.position, "text": f.text} for f in report.findings.kept]
        click.echo(orjson.dumps({"clean": report.clean, "findings": found, **told}, option=orjson.OPT_INDENT_2))
    elif report.clean:
        click.echo(orjson.dumps(told["entry"], option=orjson.OPT_INDENT_2))
        click.echo(told["told"])
    else:
        click.echo(f"The proof is wrong: {report.findings.kept[0].text}.")
    if not report.clean:
        raise SystemExit(1)


def _proved(content: bytes, trust: Trust) -> dict[str, Any]:
    """What a proof shows. Raises WrongProof, WrongNote."""
    proof = parse_proof(content)
    if not trust.keys:
        raise click.UsageError("A proof is worth what its signature is worth: give the log's verifier key with --key.")
    entry = _entry_of(proof.extra)
    proof.check(hashlib.sha256(b"\0" + entry["envelope"].encode()).digest())
    checkpoint = proof.checkpoint
    if not any(key.name == checkpoint.origin for key, _ in proof.note.signed_by(trust.keys)):
        raise WrongProof(f"its checkpoint bears no signature of a known key of {checkpoint.origin}")
    header = orjson.loads(entry["envelope"])
    if header.get("position") != proof.index:
        raise WrongProof(
            f"it is the proof of entry {proof.index}, and the entry says position {header.get('position')}"
        )
    witnesses = proof.note.signed_by(trust.policy.witnesses.values())
    if not trust.policy.is_witnessed([key for key, _ in witnesses]):
        raise WrongProof("its checkpoint is not cosigned as the policy asks")
    said = _payload_of(entry, header)
    names = sorted(key.name for key, _ in witnesses)
    told = f"Entry {proof.index} is in the log {checkpoint.origin}, of {checkpoint.size:,} entries."
    told += f" Its checkpoint is witnessed by {', '.join(names)}." if names else ""
    told += "" if said["data"] is not None else " What it said is not in the proof."
    return {
        "entry": {**header, **said},
        "origin": checkpoint.origin,
        "size": checkpoint.size,
        "witnesses": names,
        "told": told,
    }


def _entry_of(extra: bytes | None) -> dict[str, Any]:
    try:
        entry = orjson.loads(extra or b"")
        if isinstance(entry["envelope"], str) and isinstance(orjson.loads(entry["envelope"]), dict):
            return entry
    except (orjson.JSONDecodeError, KeyError, TypeError):
        pass
    raise WrongProof("it does not bring its entry along, as the proofs of this ledger do")


def _payload_of(entry: dict[str, Any], header: dict[str, Any]) -> dict[str, Any]:
    """What the entry says. Raises WrongProof where the envelope commits to something else."""
    salt: Any = entry.get("salt")
    payload: Any = entry.get("payload")
    if salt is None and payload is None:
        return {"data": None, "source": None, "note": None}
    try:
        commitment = hashlib.sha256(bytes.fromhex(salt) + payload.encode()).hexdigest()
        said = dict(orjson.loads(payload))
    except (TypeError, ValueError, AttributeError):
        raise WrongProof("its payload and salt are not told as they should be") from None
    if commitment != header.get("commitment"):
        raise WrongProof("its payload and salt do not give the commitment in the envelope")
    return said
