"""Whatever is missing, short or made up in a bundle is found, by name and place."""

import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from sqlalchemy import Engine

from ledger.audit.audit import Trust, audit
from ledger.audit.database import Database
from ledger.audit.tiled import Tiled, Torn, open_bundle, write_bundle
from ledger.checkpoints import Checkpoint
from ledger.log import signed
from ledger.store import reading
from tests.spoilt_ledger import KEY, SIZE, Findings, copied, found, told_on_each


@pytest.fixture(scope="module")
def templates(tmp_path_factory: pytest.TempPathFactory, server_url: str) -> Iterator[dict[str, Any]]:
    with told_on_each(tmp_path_factory.mktemp("told"), server_url) as templates:
        yield templates


@pytest.fixture(params=["sqlite", "postgresql"])
def ledger(
    request: pytest.FixtureRequest, templates: dict[str, Any], tmp_path: Path, server_url: str
) -> Iterator[Engine]:
    with copied(templates, request.param, tmp_path, server_url) as engine:
        yield engine


@pytest.fixture
def bundle(ledger: Engine, tmp_path: Path) -> Path:
    with reading(ledger) as connection:
        write_bundle(tmp_path / "bundle.zip", Database(connection), [KEY.verifier], lambda done, of: None)
    return tmp_path / "bundle.zip"


def test_a_bundle_is_as_clean_as_its_ledger(bundle: Path) -> None:
    source, keys = open_bundle(bundle)

    report = audit(source, Trust(keys))

    assert found(report) == set()
    assert (report.entries, report.removed, report.assurance) == (SIZE, 1, "signed")


@pytest.mark.parametrize("left", [0.1, 0.5, 0.9, 0.999])
def test_a_bundle_that_was_cut_off_is_torn(bundle: Path, left: float) -> None:
    content = bundle.read_bytes()
    bundle.write_bytes(content[: int(len(content) * left)])

    with pytest.raises(Torn):
        open_bundle(bundle)


class Without:
    """The files of a bundle, with some of them changed."""

    def __init__(self, bundle: Path, **changed: bytes | None):
        self.archive, self.changed = zipfile.ZipFile(bundle), changed

    def __call__(self, path: str) -> bytes | None:
        if path in self.changed:
            return self.changed[path]
        return self.archive.read(path) if path in self.archive.namelist() else None


def test_what_is_missing_or_short_in_a_bundle_is_found(bundle: Path) -> None:
    whole = Without(bundle)
    short = (whole("tile/0/001.p/50") or b"")[: 20 * 32]
    cut = (whole("tile/entries/001.p/50") or b"")[:-7]
    fewer = b"".join((whole("payloads/001.p/50") or b"").splitlines(keepends=True)[:-1])
    cases: list[tuple[dict[str, bytes | None], Findings]] = [
        ({"tile/0/000": None}, {("tile-missing", 0)}),
        ({"tile/0/001.p/50": short}, {("tile-short", 256 + 20)}),
        ({"tile/entries/001.p/50": cut}, {("bundle-torn", 256)}),
        ({"payloads/001.p/50": fewer}, {("bundle-torn", 256)}),
        ({"tile/entries/001.p/50": None, "payloads/001.p/50": None}, {("bundle-torn", 256)}),
    ]

    for changed, wanted in cases:
        report = audit(Tiled(Without(bundle, **changed), SIZE), Trust((KEY.verifier,)))
        assert found(report) == wanted, changed.keys()


def test_checkpoints_of_a_bundle_are_judged_whatever_their_order(bundle: Path) -> None:
    notes = (Without(bundle)("checkpoints.jsonl") or b"").splitlines(keepends=True)
    wrong = signed(Checkpoint(KEY.name, 256, bytes(32)), [KEY])
    shuffled = b"".join([*reversed(notes), orjson.dumps(str(wrong)) + b"\n"])

    report = audit(Tiled(Without(bundle, **{"checkpoints.jsonl": shuffled}), SIZE), Trust((KEY.verifier,)))

    assert found(report) == {("root-differs", 255)}


@pytest.mark.parametrize("claimed", [10**12, 2**60])
def test_a_bundle_that_claims_to_be_endless_ends(bundle: Path, claimed: int) -> None:
    report = audit(Tiled(Without(bundle), SIZE, claimed), Trust((KEY.verifier,)))

    assert found(report) == {("bundle-torn", 256)}


@pytest.mark.parametrize(
    "about",
    [b"{}", b"[]", b'{"bundle": 1, "tree": 1e400, "entries": 3, "verifier_keys": []}', b'{"bundle": 2, "tree": 3, "entries": 3, "verifier_keys": []}',
     b'{"bundle": 1, "tree": -3, "entries": -3, "verifier_keys": []}', b'{"bundle": 1, "tree": 4, "entries": 3, "verifier_keys": []}'],
)  # fmt: skip
def test_a_bundle_whose_description_cannot_be_is_torn(tmp_path: Path, about: bytes) -> None:
    with zipfile.ZipFile(tmp_path / "bundle.zip", "w") as archive:
        archive.writestr("bundle.json", about)

    with pytest.raises(Torn):
        open_bundle(tmp_path / "bundle.zip")
