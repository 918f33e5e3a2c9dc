"""Events about the log itself: what its operators decide, told where everybody can read it."""

from typing import Annotated

from ledger.events.declaration import event
from ledger.texts import Text
from ledger.values import Prose, told

_KEY = "ledger.example.org/log+8749b85d+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
_ROOT = "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
Origin = Annotated[
    str,
    Text("the name of a log, without white space and plus signs", r"[^\s+]+", 200, example="ledger.example.org/log"),
]
VerifierKey = Annotated[
    str, Text("a verifier key, name+id+base64", r"[^\s+]+\+[0-9a-f]{8}\+[A-Za-z0-9+/=]+", 400, example=_KEY)
]
Root = Annotated[str, Text("the root of a tree, 64 hexadecimal digits", r"[0-9a-f]{64}", 64, example=_ROOT)]


@event("log.reopened", stream="log", ledger_wide=True, recorder="operator")
class LogReopened:
    """A ledger that lacked what was signed of it goes on, under a new log: what the old one signed is not all here any more."""

    last_origin: Origin = told("The log that was signed before.")
    last_size: int = told("The size of its last checkpoint.", low=0, example=395)
    last_root: Root = told("The root of its last checkpoint.")
    origin: Origin = told("The log that is signed from here on.")
    verifier_key: VerifierKey = told("The key that verifies it.")
    reason: Prose = told("What happened, and why the ledger goes on.")
