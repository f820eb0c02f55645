"""Calls libvirt functions with a time limit, because they can block for ever."""

from collections import deque
from collections.abc import Callable, Hashable, Sequence
from concurrent.futures import Future, wait
from threading import Condition, Lock, Thread
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
R = TypeVar("R")


class HeldError(Exception):
    """A call did not return in time; it continues in its own thread, which cannot be ended."""


class CallLimits:
    """Calls in threads of their own. Of what is held, no second call is made until it returns."""

    def __init__(self) -> None:
        self._held: set[Hashable] = set()
        self._lock = Lock()

    def held(self, key: Hashable) -> bool:
        """Whether a call about this is on its way, or was given up and has not returned yet."""
        with self._lock:
            return key in self._held

    def call(self, key: Hashable, function: Callable[[], R], seconds: float) -> R:
        """What a function returns.

        Raises:
            HeldError: it did not return in time, or an earlier one about the same has not.
            Exception: whatever it raises.
        """
        if not self._take(key):
            raise HeldError(key)
        future: Future[R] = Future()

        def work() -> None:
            try:
                future.set_result(function())
            except BaseException as error:  # noqa: BLE001  # handed to whoever waits
                future.set_exception(error)
            finally:
                self._give(key)

        Thread(target=work, name=f"libvirt: {key}", daemon=True).start()
        if not wait([future], seconds).done:
            raise HeldError(key)
        return future.result()

    def each(
        self, ask: Callable[[K], R], keys: Sequence[K], seconds: float, width: int
    ) -> dict[K, R | Exception]:
        """What a function returns, or raises, for each key that is not held.

        Args:
            ask: the function.
            keys: each once.
            seconds: in which all answers have to be there; later ones are lost.
            width: how many are asked at once.
        """
        round_ = _Round(self, ask, [key for key in keys if not self.held(key)])
        for number in range(min(width, round_.waiting)):
            Thread(target=round_.work, name=f"libvirt: VMs {number}", daemon=True).start()
        return round_.wait(seconds)

    def _take(self, key: Hashable) -> bool:
        with self._lock:
            free = key not in self._held
            self._held.add(key)
            return free

    def _give(self, key: Hashable) -> None:
        with self._lock:
            self._held.discard(key)


class _Round(Generic[K, R]):
    """Questions that several threads take from one list until time is up."""

    def __init__(self, limits: CallLimits, ask: Callable[[K], R], keys: Sequence[K]) -> None:
        self._limits = limits
        self._ask = ask
        self._left = deque(keys)
        self._answers: dict[K, R | Exception] = {}
        self._changed = Condition()
        self.waiting = len(keys)

    def work(self) -> None:
        while True:
            with self._changed:
                if not self._left:
                    return
                key = self._left.popleft()
            if not self._limits._take(key):  # noqa: SLF001  # the same thing in two classes
                self._answered(key, HeldError(key))
                continue
            answer: R | Exception
            try:
                answer = self._ask(key)
            except Exception as error:  # noqa: BLE001  # handed to whoever waits
                answer = error
            self._limits._give(key)  # noqa: SLF001  # likewise
            self._answered(key, answer)

    def _answered(self, key: K, answer: R | Exception) -> None:
        with self._changed:
            self._answers[key] = answer
            self.waiting -= 1
            if self.waiting <= 0:  # whoever waits has nothing to do before
                self._changed.notify_all()

    def wait(self, seconds: float) -> dict[K, R | Exception]:
        with self._changed:
            self._changed.wait_for(lambda: self.waiting <= 0, seconds)
            self._left.clear()
            return dict(self._answers)
