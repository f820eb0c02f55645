"""Writes samples to the store from a thread, in batches, in order."""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial

from scroogevm.collect.buffer import Buffered
from scroogevm.collect.self_metrics import Figures
from scroogevm.core.samples import Sample
from scroogevm.errors import StoreError
from scroogevm.outage import Outage
from scroogevm.ports import Store

EVERY = 1.0
"""Seconds between batches."""

LARGEST = 1_000_000
"""Largest number of waiting rows of nodes and VMs; further rows replace the oldest ones."""

_BATCH = 50_000
"""Rows in a batch, about."""

Say = Callable[[str], None]
Kept = Callable[[Sequence[Sample]], None]


class Outbox:
    """Hands samples to a store.

    Nothing here waits for the store but the thread that writes; a sample is *kept* once ``write``
    has returned.

    Args:
        store: where to.
        figures: counts what is written and lost.
        say: reports that the store fails, and that it works again.
        kept: called with every batch that was kept.
    """

    def __init__(self, store: Store, figures: Figures, say: Say, kept: Kept) -> None:
        self._store = store
        self._buffer = store if isinstance(store, Buffered) else None
        self._figures = figures
        self._say = say
        self._kept = kept
        self._waiting: deque[Sample] = deque()
        self._rows = 0
        self._lost = 0
        self._outage = Outage()
        self._thread = ThreadPoolExecutor(1, "collect: store")

    def put(self, sample: Sample) -> None:
        """Take a sample along."""
        self._waiting.append(sample)
        self._rows += _rows(sample)
        while self._rows > LARGEST:
            self._rows -= _rows(self._waiting.popleft())
            self._lost += 1

    async def run(self, ended: asyncio.Event) -> None:
        """Write repeatedly; after the end, write the rest and close the store.

        Raises:
            MisuseError: the store can never be written to as it was given.
        """
        try:
            while not ended.is_set():
                with suppress(TimeoutError):
                    await asyncio.wait_for(ended.wait(), EVERY)
                await self._flush()
            if self._waiting:
                self._say(f"{len(self._waiting)} samples could not be written, and are lost")
        finally:
            await self._in_thread(self._store.close)
            self._thread.shutdown()

    async def _flush(self) -> None:
        """Write what waits, as long as the store takes it."""
        if not self._waiting and self._buffer and self._buffer.depth:
            await self._write([])  # what waits on the disk is delivered
        while self._waiting and await self._write(self._batch()):
            pass
        await self._in_thread(self._measure)

    def _batch(self) -> Sequence[Sample]:
        batch: list[Sample] = []
        rows = 0
        while self._waiting and rows < _BATCH:
            batch.append(self._waiting.popleft())
            rows += _rows(batch[-1])
        self._rows -= rows
        return batch

    async def _write(self, batch: Sequence[Sample]) -> bool:
        """Whether the store works; rows that it did not take wait in front of the others."""
        began = time.perf_counter()
        try:
            await self._in_thread(partial(self._store.write, batch))
        except StoreError as error:
            return await self._refused(batch, error)
        self._figures.write_seconds += time.perf_counter() - began
        self._figures.written += len(batch)
        self._kept(batch)
        failing = self._buffer is not None and self._buffer.failures > 0
        self._hear(self._buffer.problem if self._buffer and failing else "")
        return True

    def _hear(self, problem: str) -> None:
        """Say that the store fails, and that it works again, each once."""
        if problem:
            if self._outage.note(problem):
                self._say(f"{problem}; samples wait")
        elif self._outage.end():
            self._say("the store takes samples again")

    async def _refused(self, batch: Sequence[Sample], error: StoreError) -> bool:
        self._figures.write_failures += 1
        if error.temporary:
            self._put_back(batch)
            self._hear(str(error))
            return False
        if len(batch) == 1:
            self._lost += 1
            self._say(f"{batch[0].node}: a sample is lost: {error}")
            return True
        half = len(batch) // 2  # the one that is refused must not take the others with it
        self._put_back(batch[half:])
        return await self._write(batch[:half])

    def _put_back(self, batch: Sequence[Sample]) -> None:
        self._waiting.extendleft(reversed(batch))
        self._rows += sum(map(_rows, batch))

    async def _in_thread(self, action: Callable[[], None]) -> None:
        await asyncio.get_running_loop().run_in_executor(self._thread, action)

    def _measure(self) -> None:
        figures, buffer = self._figures, self._buffer
        oldest = [self._waiting[0].time] if self._waiting else []
        figures.waiting = len(self._waiting)
        figures.lost = self._lost
        if buffer is not None:
            figures.buffered, figures.buffered_bytes = buffer.depth, buffer.size
            figures.lost += buffer.dropped + buffer.refused
            with suppress(StoreError):
                oldest += [buffer.oldest] if buffer.oldest is not None else []
        figures.oldest = min(oldest, default=None)


def _rows(sample: Sample) -> int:
    return 1 + len(sample.vms)
