"""A ledger behind an address: its log, fetched over HTTP."""

import urllib.error
import urllib.request
from collections.abc import Callable
from http.client import HTTPException

from api.cli.command import CouldNotRun
from ledger.audit.tiled import Tiled

TIMEOUT = 30
MAX_ANSWER = 64 * 1024 * 1024
REFUSED = (401, 403)


def is_address(what: str | None) -> bool:
    return what is not None and what.startswith(("http://", "https://"))


def log_behind(address: str, api_key: str | None) -> Tiled:
    """A server's log as of one checkpoint, however it grows meanwhile. Raises CouldNotRun."""
    fetch = _fetch(address.rstrip("/") + "/v1/log/", api_key)
    newest = fetch("checkpoint")
    return Tiled(lambda path: newest if path == "checkpoint" else fetch(path))


def _fetch(base: str, api_key: str | None) -> Callable[[str], bytes | None]:
    """The key goes to the address that was named and to none that it redirects to."""

    def fetch(path: str) -> bytes | None:
        request = urllib.request.Request(base + path, headers={"Accept": "*/*"})  # noqa: S310 - the scheme was looked at
        if api_key is not None:
            request.add_unredirected_header("Authorization", f"Bearer {api_key}")
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:  # noqa: S310
                return bytes(answer.read(MAX_ANSWER))
        except urllib.error.HTTPError as error:
            if error.code == 404:
                return None
            raise CouldNotRun(_refusal(base + path, error, api_key is not None)) from None
        except (OSError, HTTPException, ValueError) as error:
            raise CouldNotRun(f"{base}{path} cannot be reached: {error}.") from None

    return fetch


def _refusal(asked: str, error: urllib.error.HTTPError, with_key: bool) -> str:
    """What a server answered instead of a file, and what to do about it."""
    if error.code not in REFUSED:
        return f"{asked} answers {error.code}."
    if not with_key:
        return (
            f"{asked} answers {error.code}: reading needs an API key there. Ask its keeper for one with the role reader, "
            "write it to a file, and name that file with --api-key-file."
        )
    if error.url != asked:
        return (
            f"{asked} redirects to {error.url}, which answers {error.code}: the API key is sent to the address that you "
            "name and to no other. If you trust that one, name it instead."
        )
    return (
        f"{asked} answers {error.code}: it does not take the API key of --api-key-file. Ask its keeper for one that is in "
        "force, with the role reader or a higher one."
    )
