"""Wakes event streams when something is new."""

import asyncio
from contextlib import suppress


class Pulse:
    """Wakes everybody who waits for something new; called from any thread."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._event = asyncio.Event()

    def begin(self) -> None:
        """Belong to the loop that runs."""
        self._loop = asyncio.get_running_loop()

    def beat(self) -> None:
        """Something is new."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._wake)

    async def wait(self, seconds: float) -> None:
        """Until something is new, or so long."""
        event = self._event
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await event.wait()

    def _wake(self) -> None:
        event, self._event = self._event, asyncio.Event()
        event.set()
