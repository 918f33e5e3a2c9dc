"""`mission-ledger verify`: audits a ledger in a database, in a bundle or behind an address, and single proofs."""

import hashlib
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
import orjson
from rich.table import Table
from sqlalchemy.exc import SQLAlchemyError

from api.audit import audit_database
from api.cli import database
from api.cli.command import Unusable, json_option, progress
from api.cli.tables import show
from ledger.audit.audit import Report, Source, Torn, Trust, audit
from ledger.audit.database import Database
from ledger.audit.known import keep, read_known
from ledger.audit.tiled import Tiled, TornSource, open_bundle
from ledger.checkpoints import parse_proof
from ledger.merkle import WrongProof
from ledger.notes import VerifierKey, WrongNote
from ledger.policy import Policy, WrongPolicy, parse_policy
from ledger.signing import KeyFileProblem
from ledger.store import open_engine, reading
from migrations import is_current

TIMEOUT = 30
MAX_ANSWER = 64 * 1024 * 1024
ZIP = b"PK\x03\x04"


class CouldNotRun(click.ClickException):
    """The audit could not be made."""

    exit_code = 2


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
@json_option
def verify(
    what: str | None, keys: tuple[str, ...], policy: Path | None, known: Path | None, proof: Path | None, as_json: bool
) -> None:
    """Audit a ledger: recompute everything, from the payloads to the signatures, and tell what is wrong.

    WHAT is a bundle that `export --bundle` wrote, or the address of a server; the database of the other commands where it
    is left out. Nothing is changed, and nothing that the ledger says of itself is believed.

    Exit codes: 0 nothing is wrong, 1 something is, 2 the audit could not be made.
    """
    trust = Trust(_keys(keys), _policy(policy), _known(known))
    if proof is not None:
        _check_proof(proof, trust, as_json)
        return
    with _source(what, trust) as (source, trusted), progress("Verifying") as bar:
        report = (
            audit_database(source.connection, trusted, bar)
            if isinstance(source, Database)
            else audit(source, trusted, bar)
        )
    if known is not None and report.clean:
        keep(known, trust.known, report.note)
    _tell(report, as_json)
    if not report.clean:
        raise SystemExit(1)


def _keys(texts: tuple[str, ...]) -> tuple[VerifierKey, ...]:
    try:
        return tuple(map(VerifierKey.parse, texts))
    except WrongNote as error:
        raise click.UsageError(f"--key: {error}") from None


def _policy(path: Path | None) -> Policy:
    try:
        return parse_policy(path.read_text("utf-8")) if path else Policy()
    except (WrongPolicy, UnicodeDecodeError) as error:
        raise click.UsageError(f"--policy: {error}") from None


def _known(path: Path | None) -> Any:
    try:
        return read_known(path) if path and path.exists() else ()
    except WrongNote as error:
        raise click.UsageError(f"--known: {error}") from None


@contextmanager
def _source(what: str | None, trust: Trust) -> Iterator[tuple[Source, Trust]]:
    """Where the ledger is found, and whom to believe about it."""
    try:
        if what is None:
            with _database() as source:
                yield source, _with_keys(trust, database.verifier_keys())
        elif what.startswith(("http://", "https://")):
            yield Tiled(_fetch(what.rstrip("/") + "/v1/log/")), _with_keys(trust, ())
        else:
            yield _bundle(_file(what), trust)
    except Torn as torn:
        raise CouldNotRun(f"There is nothing to audit: {torn}.") from None
    except (SQLAlchemyError, KeyFileProblem, Unusable) as error:
        raise CouldNotRun(f"The audit could not be made: {str(error).splitlines()[0]}") from None


def _bundle(path: Path, trust: Trust) -> tuple[Source, Trust]:
    """A bundle as a source; one that is torn gives nothing but the finding that it is."""
    if _beginning(path) != ZIP:
        raise CouldNotRun(f"{path} is no bundle; `mission-ledger export --bundle` writes one.")
    try:
        bundle, keys = open_bundle(path)
        return bundle, _with_keys(trust, keys)
    except Torn as torn:
        return TornSource(str(torn)), trust


def _beginning(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(len(ZIP))


def _with_keys(trust: Trust, found: tuple[VerifierKey, ...]) -> Trust:
    """The keys that were given; only where there are none those that were found with the ledger."""
    keys = trust.keys + trust.policy.logs
    return Trust(keys or found, trust.policy, trust.known)


@contextmanager
def _database() -> Iterator[Database]:
    """The database as it is: nothing is migrated, nothing is made."""
    settings = database.settings()
    database.check_there(settings)
    engine = open_engine(settings.database_url)
    try:
        if not is_current(engine):
            raise CouldNotRun(
                "The database has another schema than this version audits; run `mission-ledger migrate` first."
            )
        with reading(engine) as connection:
            yield Database(connection)
    finally:
        engine.dispose()


def _file(name: str) -> Path:
    path = Path(name)
    if not path.is_file():
        raise CouldNotRun(f"{name} is no file and no address of a server.")
    return path


def _fetch(base: str) -> Any:
    def fetch(path: str) -> bytes | None:
        request = urllib.request.Request(base + path, headers={"Accept": "*/*"})  # noqa: S310 - the scheme was looked at
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:  # noqa: S310
                return answer.read(MAX_ANSWER)
        except urllib.error.HTTPError as error:
            if error.code == 404:
                return None
            raise CouldNotRun(f"{base}{path} answers {error.code}.") from None
        except OSError as error:
            raise CouldNotRun(f"{base}{path} cannot be reached: {error}.") from None

    return fetch


# --- telling -----------------------------------------------------------------------------------------------------------


def _tell(report: Report, as_json: bool) -> None:
    if as_json:
        click.echo(orjson.dumps(_document(report), option=orjson.OPT_INDENT_2))
        return
    if not report.clean:
        table = Table("Finding", "Position", "What")
        for finding in report.findings.kept:
            table.add_row(finding.code, "" if finding.position is None else str(finding.position), finding.text)
        show(table)
        for code, count in report.findings.left_out.items():
            click.echo(f"… and {count:,} more of {code}")
    click.echo(sentence(report))


def _document(report: Report) -> dict[str, Any]:
    findings = [{"code": f.code, "position": f.position, "text": f.text} for f in report.findings.kept]
    return {
        "clean": report.clean,
        "findings": findings,
        "left_out": report.findings.left_out,
        "entries": report.entries,
        "removed": report.removed,
        "root": report.root.hex(),
        "assurance": report.assurance,
        "signed": {"origin": report.signed.origin, "size": report.signed.size} if report.signed else None,
        "witnesses": list(report.witnesses),
        "compared": report.compared.size if report.compared else None,
        "told": sentence(report),
    }


def sentence(report: Report) -> str:
    """What was made sure of, and what was not."""
    counted = f"{report.entries:,} {'entry' if report.entries == 1 else 'entries'}"
    gone = f", {report.removed} of them without a payload, as entries say" if report.removed else ""
    if not report.clean:
        number = sum(report.findings.counts.values())
        return f"{number:,} {'finding' if number == 1 else 'findings'} in {counted}{gone}."
    parts = [
        f"{counted}{gone}: each is what its envelope commits to, and they make the tree.",
        _about_signatures(report),
    ]
    if report.compared:
        parts.append(f"They go on from the checkpoint of {report.compared.size:,} entries that you had seen.")
    return " ".join(parts)


def _about_signatures(report: Report) -> str:
    signed = report.signed
    if signed is None:
        return (
            "Chain only: no signature of a known key was found, so whoever keeps the ledger may have made it all anew. "
            "Give the log's verifier key with --key."
        )
    later = report.entries - signed.size
    told = f"The first {signed.size:,} are signed by {signed.origin}" + (
        f", {later:,} later ones by nobody yet" if later else ""
    )
    if report.witnesses:
        return f"{told}, and witnessed by {', '.join(report.witnesses)}."
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
    keys = trust.keys + trust.policy.logs
    if not keys:
        raise click.UsageError("A proof is worth what its signature is worth: give the log's verifier key with --key.")
    entry = _entry_of(proof.extra)
    proof.check(hashlib.sha256(b"\0" + entry["envelope"].encode()).digest())
    checkpoint = proof.checkpoint
    if not any(key.name == checkpoint.origin for key, _ in proof.note.signed_by(keys)):
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
    told = f"Entry {proof.index} is in the log {checkpoint.origin}, of {checkpoint.size:,} entries."
    return {"entry": {**header, **said}, "origin": checkpoint.origin, "size": checkpoint.size, "told": told}


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
    except (TypeError, ValueError, AttributeError):
        raise WrongProof("its payload and salt are not told as they should be") from None
    if commitment != header.get("commitment"):
        raise WrongProof("its payload and salt do not give the commitment in the envelope")
    return dict(orjson.loads(payload))
