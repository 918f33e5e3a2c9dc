"""The log over HTTP: checkpoint, tiles and entry bundles as C2SP tlog-tiles has them, proofs, cosignatures."""

from typing import Any

from flask import Response, current_app, request, url_for
from flask_smorest import Blueprint
from sqlalchemy import Connection

from api import formats, parameters, problems
from api.answer_shapes import ConsistencyAnswer, CosignedAnswer
from api.auth import needs
from api.documents import answers_with, documented, explains, shape
from api.parameters import ConsistencyQuery, NoQuery, asks
from ledger import codec
from ledger.audit.tiled import payload_lines
from ledger.checkpoints import Checkpoint, Proof, parse_checkpoint
from ledger.entries import Entry
from ledger.log import StoredTree, keep_cosignatures, last_note, note_of
from ledger.notes import Note, WrongNote, in_base64, parse_note
from ledger.store import read_entries, reading, writing
from ledger.tables import entries
from ledger.tiles import WIDTH, entry_bundle, parse_tile_path, width_at

blueprint = Blueprint("log", __name__, description="The log: signed checkpoints, tiles, proofs.")
TEXT, BINARY = "text/plain; charset=utf-8", "application/octet-stream"
MAX_NOTE = 100_000
CHECKPOINT = (
    "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n"
    "— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n"
)
KEYS = "example.com/behind-the-sofa+9c7e4686+AYMgpRl32MOMqKSSfGcN9YIeRJdhlF4V6e+yahUJ0jDq\n"
COSIGNED = f"{CHECKPOINT}— witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==\n"
PROOF = f"c2sp.org/tlog-proof@v1\nindex 20852162\ngSKyXoYZUgZ6jduWYrkDOARinOMGJveXjgMkBTcdPlQ=\n\n{COSIGNED}"
CONSISTENCY = {
    "data": {
        "from": 3,
        "to": 4,
        "from_root": "2rxNR8w50H6TSYTkzu30tRWdB/jq3p8XxPRX4oBLJhg=",
        "to_root": "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=",
        "proof": ["PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw="],
    }
}
TAKEN = {"data": {"witnesses": ["witness.example.com/w1"], "links": {"checkpoint": "/v1/log/checkpoint"}}}
TILE_PATH = {
    "name": "path",
    "in": "path",
    "description": "The tile's index in groups of three digits, all but the last after an x; of a partial tile then .p and its width.",
    "schema": {"type": "string", "pattern": r"^(x[0-9]{3}/){0,5}[0-9]{3}(\.p/[1-9][0-9]{0,2})?$"},
    "examples": {
        "first": {"summary": "The first tile, full", "value": "000"},
        "partial": {"summary": "Tile 1,234,067 with 8 hashes", "value": "x001/x234/067.p/8"},
    },
}

LEVELS = frozenset(map(str, range(8)))  # of level 8 on, a tile spans more entries than positions can count
LEVEL = {
    "name": "level",
    "in": "path",
    "description": "The level, from 0.",
    "schema": {"type": "string", "pattern": "^(0|[1-9][0-9]?)$"},
    "example": "0",
}


def _text(description: str, example: str) -> dict[str, Any]:
    """An answer of text as it is documented."""
    content = {"text/plain": {"schema": {"type": "string"}, "example": example}}
    return {"200": {"description": description, "content": content}}


def _bytes(description: str) -> dict[str, Any]:
    """An answer of bytes as it is documented."""
    content = {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}
    return {"200": {"description": description, "content": content}}


def _engine() -> Any:
    return current_app.config["LEDGER_ENGINE"]


def _note(connection: Connection) -> Note:
    """The newest checkpoint. Raises Problem where there is none."""
    note = last_note(connection)
    if note is None:
        raise problems.Problem("no-log", "nothing was signed yet; `mission-ledger log init` makes the key of a log")
    return note


def _size(connection: Connection) -> int:
    return parse_checkpoint(_note(connection).text).size


@blueprint.route("/v1/log/checkpoint", methods=["GET"])
@needs("reader")
@asks(blueprint, NoQuery)
@documented(blueprint.doc(responses=_text("A signed note.", COSIGNED)))
@explains(blueprint, "no-log", "invalid-parameter")
def get_checkpoint(query: dict[str, Any]) -> Response:
    """Read the newest checkpoint.

    The size and root of the tree over all entries, signed by the log and by the witnesses who have cosigned it:
    C2SP tlog-checkpoint, a signed note.
    """
    with reading(_engine()) as connection:
        note = _note(connection)
    response = Response(str(note), content_type=TEXT)
    response.headers["Cache-Control"] = "no-cache"
    return response


@blueprint.route("/v1/log/keys", methods=["GET"])
@needs("reader")
@asks(blueprint, NoQuery)
@documented(blueprint.doc(responses=_text("Verifier keys, one a line.", KEYS)))
@explains(blueprint, "no-log", "invalid-parameter")
def get_keys(query: dict[str, Any]) -> Response:
    """Read the keys that this server signs with.

    Verifier keys, `name+id+base64`, one a line. They prove that the server agrees with itself, and no more: who verifies takes the key
    from where this server cannot write, or remembers the one that it saw first.
    """
    keys = current_app.extensions.get("verifier-keys")
    if not keys:
        raise problems.Problem("no-log", "this server signs nothing itself; ask the keeper of the log for its key")
    response = Response("".join(f"{key}\n" for key in keys), content_type=TEXT)
    response.headers["Cache-Control"] = "no-cache"
    return response


@blueprint.route("/v1/log/tile/entries/<path:path>", methods=["GET"], parameters=[TILE_PATH])
@needs("reader")
@asks(blueprint, NoQuery)
@documented(blueprint.doc(responses=_bytes("The envelopes, each after its length.")))
@explains(blueprint, "no-such-tile", "no-log", "invalid-parameter")
def get_entry_bundle(query: dict[str, Any], path: str) -> Response:
    """Read the entries of a tile.

    Up to 256 envelopes, each after its length as a big-endian uint16: C2SP tlog-tiles, an entry bundle. Their
    hashes are those of the tile of level 0.
    """
    index, width = _place(path)
    with reading(_engine()) as connection:
        leaves = [entry.envelope for entry in _entries(connection, index, width)]
    return _immutable(entry_bundle(leaves))


@blueprint.route("/v1/log/payloads/<path:path>", methods=["GET"], parameters=[TILE_PATH])
@needs("reader")
@asks(blueprint, NoQuery)
@blueprint.doc(
    responses={
        "200": {
            "description": "A line of JSON for each entry.",
            "content": {"application/x-ndjson": {"schema": {"type": "string"}}},
        }
    }
)
@explains(blueprint, "no-such-tile", "no-log", "invalid-parameter")
def get_payloads(query: dict[str, Any], path: str) -> Response:
    """Read the payloads of a tile.

    A line of JSON for each entry of the entry bundle of the same address: `payload`, the text that the envelope's commitment is over,
    and `salt`, in hexadecimal; null for both where they were removed.
    """
    index, width = _place(path)
    with reading(_engine()) as connection:
        found = _entries(connection, index, width)
    response = Response(payload_lines(found), content_type=formats.NDJSON)
    response.headers["Cache-Control"] = "no-cache"
    response.headers["Vary"] = "Authorization"
    return response


def _entries(connection: Connection, index: int, width: int) -> list[Entry]:
    """The entries of a tile. Raises Problem where the tree has no such tile."""
    if width > width_at(0, index, _size(connection)):
        raise _no_such_tile()
    return read_entries(connection, entries.c.position.between(index * WIDTH, index * WIDTH + width - 1))


@blueprint.route("/v1/log/tile/<level>/<path:path>", methods=["GET"], parameters=[LEVEL, TILE_PATH])
@needs("reader")
@asks(blueprint, NoQuery)
@documented(blueprint.doc(responses=_bytes("The hashes, 32 bytes each.")))
@explains(blueprint, "no-such-tile", "no-log", "invalid-parameter")
def get_tile(query: dict[str, Any], level: str, path: str) -> Response:
    """Read a tile of the tree.

    Up to 256 hashes of 32 bytes: C2SP tlog-tiles. Level 0 holds those of the entries, each level above it those of full tiles below.
    """
    index, width = _place(path)
    with reading(_engine()) as connection:
        size = _size(connection)
        found = StoredTree(connection).hashes(int(level), index, width, size) if level in LEVELS else None
    if found is None:
        raise _no_such_tile()
    return _immutable(found)


def _place(path: str) -> tuple[int, int]:
    place = parse_tile_path(path)
    if place is None:
        raise _no_such_tile()
    return place


def _no_such_tile() -> problems.Problem:
    return problems.Problem("no-such-tile", "the tree of the newest checkpoint has no such tile")


def _immutable(content: bytes) -> Response:
    response = Response(content, content_type=BINARY)
    response.headers["Cache-Control"] = formats.for_ever()
    response.headers["Vary"] = "Authorization"
    return response


@blueprint.route("/v1/log/consistency", methods=["GET"])
@needs("reader")
@asks(blueprint, ConsistencyQuery)
@answers_with(blueprint, 200, shape(ConsistencyAnswer), example=CONSISTENCY)
@explains(blueprint, "invalid-parameter", "no-log")
def get_consistency(query: dict[str, Any]) -> Response:
    """Prove that one tree extends another.

    The hashes of RFC 9162, section 2.1.4, in base64, from the tree of `from` entries to that of `to` (the newest checkpoint's, unless
    it is given), with the roots of both. They prove nothing before the roots are compared with signed checkpoints.
    """
    with reading(_engine()) as connection:
        size = _size(connection)
        old, new = query["from_size"], query.get("to_size", size)
        for name, value, most in (("to", new, size), ("from", old, new)):
            if value > most:
                raise problems.of_parameter(name, f"{name} is {value}; at most {most} entries are there")
        tree = StoredTree(connection)
        hashes = [in_base64(one) for one in tree.consistency(old, new)]
        roots = {"from_root": in_base64(tree.root(old)), "to_root": in_base64(tree.root(new))}
    return formats.answer({"data": {"from": old, "to": new, **roots, "proof": hashes}})


@blueprint.route("/v1/entries/<int:position>/proof", methods=["GET"])
@needs("reader")
@asks(blueprint, NoQuery)
@documented(blueprint.doc(responses=_text("A tlog-proof.", PROOF)))
@explains(blueprint, "no-such-entry", "not-yet-signed", "no-log", "invalid-parameter")
def get_proof(query: dict[str, Any], position: int) -> Response:
    """Prove that an entry is in the log.

    C2SP tlog-proof: the path from the entry to the root, with the newest checkpoint. `extra` holds the stored bytes of the
    entry as JSON: the envelope, which is the leaf, and payload and salt, unless they were removed.
    """
    with reading(_engine()) as connection:
        note = _note(connection)
        checkpoint = parse_checkpoint(note.text)
        found = read_entries(connection, entries.c.position == min(position, 2**53))
        if not found:
            raise problems.Problem("no-such-entry", f"there is no entry {position}")
        if position >= checkpoint.size:
            raise problems.Problem(
                "not-yet-signed", f"the newest checkpoint is of {checkpoint.size} entries; ask again soon"
            )
        path = StoredTree(connection).inclusion(position, checkpoint.size)
    proof = Proof(position, tuple(path), note, codec.canonical(stored(found[0])))
    response = Response(str(proof), content_type=TEXT)
    response.headers["Cache-Control"] = "no-cache"
    return response


def stored(entry: Entry) -> dict[str, Any]:
    """The bytes as stored: `leaf_hash` is SHA-256 of 0x00 and the envelope, the commitment in it SHA-256 of salt and payload."""
    assert codec.leaf_hash(entry.envelope).hex() == entry.leaf_hash
    return {"envelope": entry.envelope.decode(), "payload": entry.payload.decode() if entry.payload else None,
            "salt": entry.salt.hex() if entry.salt else None}  # fmt: skip


@blueprint.route("/v1/log/cosignatures", methods=["POST"])
@needs("reader")
@blueprint.doc(
    requestBody={"required": True, "content": {"text/plain": {"schema": {"type": "string"}, "example": COSIGNED}}}
)
@answers_with(blueprint, 200, shape(CosignedAnswer), example=TAKEN)
@explains(blueprint, "wrong-cosignature", "unsupported-media-type", "body-too-large", "no-log")
def post_cosignatures() -> Response:
    """Submit cosignatures.

    A checkpoint of this log with the signature lines of witnesses that this server knows: C2SP tlog-cosignature. They are
    verified, kept, and served with the checkpoint from then on. Lines of others are passed over.
    """
    if request.mimetype != "text/plain":
        raise problems.Problem("unsupported-media-type", "send the signed note as text/plain")
    request.max_content_length = min(MAX_NOTE, current_app.config["MAX_CONTENT_LENGTH"] or MAX_NOTE)
    try:
        note = parse_note(request.get_data())
        taken = _cosigned(note, parse_checkpoint(note.text))
    except WrongNote as error:
        raise problems.Problem("wrong-cosignature", str(error)) from error
    return formats.answer({"data": {"witnesses": taken, "links": {"checkpoint": url_for("log.get_checkpoint")}}})


def _cosigned(note: Note, checkpoint: Checkpoint) -> list[str]:
    """Keep the cosignatures of known witnesses; their names. Raises WrongNote."""
    with writing(_engine()) as connection:
        own = note_of(connection, checkpoint.origin, checkpoint.size)
        if own is None or own.text != note.text:
            raise WrongNote("this log has signed no such checkpoint")
        known = [key for key, _ in note.signed_by(parameters.settings().policy().witnesses.values())]
        if not known:
            raise WrongNote("none of its signatures is that of a witness known here")
        ids = {(key.name, key.key_id) for key in known}
        keep_cosignatures(connection, checkpoint, [s for s in note.signatures if (s.name, s.key_id) in ids])
    return sorted(key.name for key in known)
