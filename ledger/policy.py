"""Whom to trust: C2SP tlog-policy. Which logs, which witnesses, and how many of these make a checkpoint good. Pure."""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

from ledger.notes import COSIGNATURE, ED25519, VerifierKey, WrongNote

NONE = "none"
MAX_LINES = 1_000


class WrongPolicy(ValueError):
    """A policy that cannot be read, with its line and the reason."""


@dataclass(frozen=True)
class Policy:
    """`groups` says how many of which members make a group; `quorum` names a group, a witness or none."""

    logs: tuple[VerifierKey, ...] = ()
    witnesses: Mapping[str, VerifierKey] = field(default_factory=dict)
    urls: Mapping[str, str] = field(default_factory=dict)
    groups: Mapping[str, tuple[int, tuple[str, ...]]] = field(default_factory=dict)
    quorum: str = NONE

    def is_witnessed(self, by: Collection[VerifierKey]) -> bool:
        """Whether cosignatures by these witnesses meet the quorum."""
        seen = {NONE, *(name for name, key in self.witnesses.items() if key in by)}
        for name, (least, members) in self.groups.items():  # members are defined before their group
            if sum(member in seen for member in members) >= least:
                seen.add(name)
        return self.quorum in seen


def parse_policy(content: bytes | str) -> Policy:
    """A policy file. Bytes beyond ASCII need not be UTF-8: they are compared and not read. Raises WrongPolicy."""
    text = content.decode(errors="surrogateescape") if isinstance(content, bytes) else content
    read, lines = _Reading(), text.split("\n")
    if len(lines) > MAX_LINES:
        raise WrongPolicy(f"a policy has at most {MAX_LINES:,} lines")
    for number, line in enumerate(lines, 1):
        try:
            _take(read, line)
        except (WrongNote, WrongPolicy) as error:
            raise WrongPolicy(f"line {number}: {error}") from None
    if read.quorum is None:
        raise WrongPolicy("a policy has a line `quorum`; `quorum none` asks for no witness")
    return Policy(tuple(read.logs), read.witnesses, read.urls, read.groups, read.quorum)


def _take(read: "_Reading", line: str) -> None:
    if re.search(r"[\x00-\x08\x0b-\x1f\x7f]", line):
        raise WrongPolicy("the only control characters are tabs and line ends")
    words = [word for word in re.split("[ \t]+", line) if word]
    if words and not words[0].startswith("#"):
        read.take(words)


_WORDS = {
    "log": (1, 2),
    "witness": (2, 3),
    "group": (3, MAX_LINES),
    "quorum": (1, 1),
}  # after the first, at least and at most


@dataclass
class _Reading:
    """A policy as far as it has been read."""

    logs: list[VerifierKey] = field(default_factory=list)
    witnesses: dict[str, VerifierKey] = field(default_factory=dict)
    urls: dict[str, str] = field(default_factory=dict)
    groups: dict[str, tuple[int, tuple[str, ...]]] = field(default_factory=dict)
    members: set[str] = field(default_factory=set)
    quorum: str | None = None

    def take(self, words: list[str]) -> None:
        kind, *rest = words
        least, most = _WORDS.get(kind, (0, 0))
        if not most:
            raise WrongPolicy(f"{kind[:40]!r} is none of {', '.join(_WORDS)}")
        if not least <= len(rest) <= most:
            raise WrongPolicy(f"{kind} has another number of words")
        read: Callable[..., None] = getattr(self, f"_{kind}")
        read(*rest)

    def _log(self, key: str, url: str = "") -> None:
        parsed = _key(key, ED25519, "log")
        if any(other.public == parsed.public for other in self.logs):
            raise WrongPolicy("the key of this log is listed twice")
        self.logs.append(parsed)

    def _witness(self, name: str, key: str, url: str = "") -> None:
        parsed = _key(key, COSIGNATURE, "witness")
        if any(other.public == parsed.public for other in self.witnesses.values()):
            raise WrongPolicy("the key of this witness is listed twice")
        self._new(name)
        self.witnesses[name] = parsed
        if url:
            self.urls[name] = url

    def _group(self, name: str, least: str, *members: str) -> None:
        for member in members:
            self._check_known(member)
            if member in self.members:
                raise WrongPolicy(f"{member[:40]!r} is a member twice")
            self.members.add(member)
        numbers = {str(number): number for number in range(1, len(members) + 1)}
        count = {"all": len(members), "any": 1, **numbers}.get(least, 0)
        if not count:
            raise WrongPolicy(f"{least[:40]!r} is none of all, any, and a number from 1 to {len(members)}")
        self._new(name)
        self.groups[name] = count, members

    def _quorum(self, name: str) -> None:
        if self.quorum is not None:
            raise WrongPolicy("a policy has one line `quorum`")
        if name != NONE:
            self._check_known(name)
        self.quorum = name

    def _new(self, name: str) -> None:
        if name == NONE or name in self.witnesses or name in self.groups:
            raise WrongPolicy(f"{name[:40]!r} is taken")

    def _check_known(self, name: str) -> None:
        if name not in self.witnesses and name not in self.groups:
            raise WrongPolicy(f"{name[:40]!r} is defined on no line before this one")


def _key(text: str, kind: int, what: str) -> VerifierKey:
    key = VerifierKey.parse(text)
    if key.kind != kind:
        raise WrongPolicy(f"the key of a {what} is of type {kind}, and this one of type {key.kind}")
    return key
