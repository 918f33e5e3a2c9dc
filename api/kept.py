"""What was made last, up to so many bytes, and nothing of it that was made before something was removed from the ledger.

Whatever is kept follows from entries, which never change, but for a redaction: then all of it is forgotten at once, so that what
was removed stays nowhere, whether or not it is asked for again.
"""

from collections import OrderedDict
from collections.abc import Hashable, Iterable
from threading import Lock
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class Kept(Generic[Key, Value]):
    """Values by key, each with what it weighs; those that were not asked for longest make room."""

    def __init__(self, most: int):
        self.weight, self._most, self._removed, self._lock = 0, most, -1, Lock()
        self._values = OrderedDict[Key, tuple[Value, int]]()

    def get(self, key: Key, removed: int | None = None) -> Value | None:
        """What is kept under a key."""
        found = self.get_all((key,), removed)
        return found[0] if found is not None else None

    def get_all(self, keys: Iterable[Key], removed: int | None = None) -> list[Value] | None:
        """What is kept under all keys, where nothing was removed since, as far as it is known; None where one is not there."""
        if removed is not None:
            self.forget_unless(removed)
        found = []
        with self._lock:
            if removed is not None and removed < self._removed:
                return None
            for key in keys:
                if (kept := self._values.get(key)) is None:
                    return None
                self._values.move_to_end(key)
                found.append(kept[0])
        return found

    def keep(self, values: Iterable[tuple[Key, Value, int]], removed: int) -> None:
        """Keep values, each under its key and with its weight, that were made when `removed` was the last removal."""
        self.forget_unless(removed)
        with self._lock:
            if removed < self._removed:  # they were made before that
                return
            for key, value, weight in values:
                self.weight += weight - self._values.pop(key, (None, 0))[1]
                self._values[key] = value, weight
            while self.weight > self._most:
                self.weight -= self._values.popitem(last=False)[1][1]

    def forget_unless(self, removed: int) -> None:
        """Forget everything where something was removed since it was made."""
        if removed > self._removed:
            with self._lock:
                self._values.clear()
                self.weight, self._removed = 0, removed
