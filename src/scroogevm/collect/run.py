"""Runs the collector until it is stopped."""

import asyncio
import signal
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

from scroogevm.collect.fetch import FEW
from scroogevm.collect.fleet import Fleet, ScrapeLimits
from scroogevm.collect.metrics_endpoint import local_address, serve
from scroogevm.collect.outbox import Outbox
from scroogevm.collect.self_metrics import Figures, self_metrics
from scroogevm.collect.settings import CollectSettings
from scroogevm.collect.speaker import Say
from scroogevm.collect.target import Nodes
from scroogevm.core.samples import Sample
from scroogevm.errors import MisuseError, ScrapeError
from scroogevm.ports import Store
from scroogevm.text import counted

_LOOK = 2.0
"""Seconds between looks whether the file of targets is another one."""

_RESOLVERS = 64
"""Names that may be looked up at the same time: one that is not answered takes long."""

Reread = Callable[[], Nodes]


async def collect(
    settings: CollectSettings, nodes: Nodes, store: Store, reread: Reread, say: Say
) -> None:
    """Scrape until a signal to end, or for the requested time.

    Args:
        settings: checked already.
        nodes: the targets.
        store: takes the samples; given back at the end.
        reread: gives the targets as they are written now.
        say: prints a line.

    Raises:
        MisuseError: what TLS needs is not there.
        OutputError: own metrics cannot be served.
        ScrapeError: the time is over, and no node gave a sample.
    """
    loop = asyncio.get_running_loop()
    loop.set_default_executor(ThreadPoolExecutor(_RESOLVERS, "collect"))
    ended, changed = asyncio.Event(), asyncio.Event()
    _listen(loop, ended, changed)
    if settings.duration is not None:
        loop.call_later(settings.duration, ended.set)
    figures = Figures()
    outbox = Outbox(store, figures, say, _speaking(say) if settings.verbose else _silent)
    written = asyncio.Event()
    writing = asyncio.create_task(outbox.run(written))
    fleet = Fleet(
        outbox,
        figures,
        say,
        ScrapeLimits(settings.time_limit, settings.size_limit, asyncio.Semaphore(FEW)),
    )
    watching = asyncio.create_task(_watch(settings.asked.targets_file, changed))
    try:
        async with _served(settings.listen, figures, say):
            await fleet.set(nodes)
            say(f"scraping {counted(len(nodes), 'node')} into {settings.place}")
            while await _first(ended, changed, writing) is changed:
                changed.clear()
                await _reload(fleet, reread, say)
    finally:
        watching.cancel()
        await fleet.close()
        written.set()
        await writing
    if settings.duration is not None and not any(figures.last.values()):
        raise ScrapeError(
            f"no node gave a sample in {settings.duration:g} s",
            remedy="`scroogevm collect --once` shows the reason for each node",
        )


def _listen(loop: asyncio.AbstractEventLoop, ended: asyncio.Event, changed: asyncio.Event) -> None:
    """Signals: the first one to end is obeyed in good order, the next one at once."""

    def end() -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)
        ended.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, end)
    loop.add_signal_handler(signal.SIGHUP, changed.set)


async def _first(
    ended: asyncio.Event, changed: asyncio.Event, writing: asyncio.Future[None]
) -> asyncio.Event:
    """Wait for the first of several ends; one of them is that nothing can be written."""
    waits: list[asyncio.Future[Any]] = [asyncio.ensure_future(e.wait()) for e in (ended, changed)]
    try:
        await asyncio.wait([*waits, writing], return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
    return changed if changed.is_set() and not (ended.is_set() or writing.done()) else ended


async def _reload(fleet: Fleet, reread: Reread, say: Say) -> None:
    try:
        nodes = await asyncio.to_thread(reread)
        await fleet.set(nodes)
    except MisuseError as error:
        say(f"{error}; the targets did not change")
        return
    say(f"targets were read again: scraping {counted(len(nodes), 'node')}")


async def _watch(path: Path | None, changed: asyncio.Event) -> None:
    """Notice that a file is another one."""
    before = _stamp(path)
    while path is not None:
        await asyncio.sleep(_LOOK)
        now = await asyncio.to_thread(_stamp, path)
        if now != before:
            before = now
            changed.set()


def _stamp(path: Path | None) -> Sequence[int]:
    if path is not None:
        with suppress(OSError):
            found = path.stat()
            return found.st_mtime_ns, found.st_size, found.st_ino
    return ()


@asynccontextmanager
async def _served(listen: str, figures: Figures, say: Say) -> AsyncIterator[None]:
    """Serve own metrics, if they are wanted."""
    if not listen:
        yield
        return
    address = local_address(listen)
    async with await serve(address, partial(self_metrics, figures)) as server:
        port = server.sockets[0].getsockname()[1]
        say(f"own metrics: http://{address._replace(port=port).shown}/metrics")
        yield


def _speaking(say: Say) -> Callable[[Sequence[Sample]], None]:
    def speak(samples: Sequence[Sample]) -> None:
        for sample in samples:
            at = round(1000 * sample.time) / 1000  # as stores keep it
            say(f"kept: {sample.node} {at:.3f} {len(sample.vms)} VMs")

    return speak


def _silent(samples: Sequence[Sample]) -> None:
    del samples
