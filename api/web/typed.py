"""What is typed in a form: texts by JSON pointers, and how lists in it grow and shrink. Pure."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

Said = Mapping[str, str]


def indexes(said: Iterable[str], pointer: str) -> list[int]:
    """The numbers of the things in the list at `pointer`."""
    pattern = re.compile(re.escape(pointer) + r"/(\d{1,3})(?:/|$)", re.ASCII)
    return sorted({int(found[1]) for name in said if (found := pattern.match(name))})


def compact(said: Said) -> dict[str, str]:
    """What is typed, without what is empty; things of lists are numbered anew."""
    nested: dict[str, Any] = {}
    for pointer, text in said.items():
        if text.strip():
            *above, name = pointer.split("/")[1:]
            part = nested
            for step in above:
                part = part.setdefault(step, {})
                if not isinstance(part, dict):
                    break
            else:
                part[name] = text
    return dict(_numbered("", nested))


def _numbered(at: str, part: Any) -> Iterator[tuple[str, str]]:
    if not isinstance(part, dict):
        yield at, part
        return
    is_list = all(name.isascii() and name.isdigit() for name in part)
    names = sorted(part, key=int) if is_list else list(part)
    for place, name in enumerate(names):
        yield from _numbered(f"{at}/{place if is_list else name}", part[name])


def added(said: Said, pointer: str, kind: str = "") -> tuple[dict[str, str], str]:
    """What is typed, with one more thing in the list at `pointer`; and where that is."""
    place = max(indexes(said, pointer), default=-1) + 1
    name = f"{pointer}/{place}"
    return {**said, (f"{name}/kind" if kind else name): kind}, name


def removed(said: Said, pointer: str) -> dict[str, str]:
    """What is typed, without the thing at `pointer`."""
    return {name: text for name, text in said.items() if name != pointer and not name.startswith(f"{pointer}/")}


def typed(event: Mapping[str, Any]) -> dict[str, str]:
    """An event as it would be typed."""
    return {
        pointer: text for name, value in event.items() if name != "type" for pointer, text in _typed(f"/{name}", value)
    }


def _typed(pointer: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for name, part in value.items():
            yield from _typed(f"{pointer}/{name}", part)
    elif isinstance(value, (list, tuple)):
        for place, part in enumerate(value):
            yield from _typed(f"{pointer}/{place}", part)
    elif value is not None:
        yield pointer, {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)
