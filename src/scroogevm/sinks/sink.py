"""The interface of a sink, and its thread: a slow or dead sink delays nothing else."""

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from scroogevm.errors import ScroogeError
from scroogevm.offers.status import Status
from scroogevm.outage import Outage

_LONGEST_WAIT = 60.0


class OfferSink(ABC):
    """Takes what is told.

    Attributes:
        name: as pages and metrics show it.
    """

    name: str

    @property
    def numbers(self) -> Mapping[str, float]:
        """What its metrics show besides, by name."""
        return {}

    @abstractmethod
    def send(self, status: Status, text: str) -> None:
        """Hand a status on; the same one may come again after a failure.

        Args:
            status: that was published.
            text: the same as JSON.

        Raises:
            ScroogeError: it did not arrive.
        """

    def close(self) -> None:  # noqa: B027  # most have nothing to end
        """End: nothing more is sent."""


@dataclass
class SinkState:
    """How a sink does.

    Attributes:
        sent: statuses that arrived.
        failures: times that one did not.
        trouble: why the last one did not; empty where it did.
        window: number of the window that arrived last.
    """

    sent: int = 0
    failures: int = 0
    trouble: str = ""
    window: int | None = None


class SinkThread:
    """Feeds one sink: always the newest status, again and again until it arrives.

    Args:
        sink: where to.
        hear: gets one message when it fails, and one when it works again.
    """

    def __init__(self, sink: OfferSink, hear: Callable[[str], None]) -> None:
        self.sink = sink
        self.state = SinkState()
        self._hear = hear
        self._outage = Outage()
        self._waiting: tuple[Status, str] | None = None
        self._changed = threading.Condition()
        self._ended = False
        self._thread = threading.Thread(target=self._run, name=f"sink {sink.name}", daemon=True)
        self._thread.start()

    def put(self, status: Status, text: str) -> None:
        """Take a published status; it replaces one that still waits."""
        with self._changed:
            self._waiting = (status, text)
            self._changed.notify_all()

    def close(self, seconds: float = 5.0) -> None:
        """Send what waits, once, and end."""
        with self._changed:
            self._ended = True
            self._changed.notify_all()
        self._thread.join(seconds)
        self.sink.close()

    def _run(self) -> None:
        wait = 1.0
        while (told := self._next()) is not None:
            try:
                self.sink.send(*told)
            except ScroogeError as error:
                self._failed(str(error))
                if self._pause(told, wait):
                    return
                wait = min(2 * wait, _LONGEST_WAIT)
            else:
                wait = 1.0
                self._arrived(told[0].window)

    def _next(self) -> tuple[Status, str] | None:
        """What waits; None at the end."""
        with self._changed:
            while self._waiting is None and not self._ended:
                self._changed.wait()
            told, self._waiting = self._waiting, None
            return told

    def _pause(self, told: tuple[Status, str], wait: float) -> bool:
        """Wait before the next try, or for something newer; whether it is the end."""
        with self._changed:
            if self._ended:
                return True
            if self._waiting is None:
                self._changed.wait(wait)
            if self._waiting is None:
                self._waiting = told
            return False

    def _failed(self, trouble: str) -> None:
        self.state.failures += 1
        self.state.trouble = trouble
        if self._outage.note(trouble):
            self._hear(f"{self.sink.name}: {trouble}; it is tried again until it works")

    def _arrived(self, window: int) -> None:
        self.state.sent += 1
        self.state.window = window
        self.state.trouble = ""
        if self._outage.end():
            self._hear(f"{self.sink.name} works again")
