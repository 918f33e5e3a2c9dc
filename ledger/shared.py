"""One question for all who came before it was asked: each answer is as new as if its asker had asked alone, and at a busy moment
the database is asked once instead of as often as there are threads."""

from collections.abc import Callable, Hashable
from threading import Lock
from typing import Any


class _Asking:
    """A question that is about to be asked, or is being asked; the gate opens when the answer is there."""

    def __init__(self) -> None:
        self.answer: Any = None
        self.error: BaseException | None = None
        self._gate = Lock()
        self._gate.acquire()

    def end(self) -> None:
        self._gate.release()

    def wait(self) -> None:
        with self._gate:
            pass


class Shared:
    """Questions by name. While one is being asked, who comes with the same waits for the next time it is asked."""

    def __init__(self) -> None:
        self._lock = Lock()  # guards the two below
        self._next, self._now = dict[Hashable, _Asking](), dict[Hashable, _Asking]()

    def ask(self, name: Hashable, ask: Callable[[], Any]) -> Any:
        """What `ask` answers, called after this moment, by this thread or by another. Raises what it raises."""
        with self._lock:
            asking = self._next.get(name)
            leads, before = asking is None, self._now.get(name)
            if asking is None:
                asking = self._next[name] = _Asking()
        if leads:
            self._lead(name, asking, before, ask)
        else:
            asking.wait()
        if asking.error is not None:
            raise asking.error
        return asking.answer

    def _lead(self, name: Hashable, asking: _Asking, before: _Asking | None, ask: Callable[[], Any]) -> None:
        if before is not None:
            before.wait()
        with self._lock:  # from here on nobody joins
            self._now[name] = self._next.pop(name)
        try:
            asking.answer = ask()
        except BaseException as error:
            asking.error = error
        finally:
            with self._lock:
                if self._now.get(name) is asking:
                    del self._now[name]
            asking.end()
