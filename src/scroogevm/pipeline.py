"""The one loop: windows -> engine -> sinks."""

import multiprocessing
import os
import signal
from collections import deque
from collections.abc import Callable, Generator, Iterable, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing
from itertools import chain, islice
from multiprocessing import connection
from threading import Thread
from typing import Any

from scroogevm.engine import Engine
from scroogevm.errors import ScroogeError
from scroogevm.ports import Chunk, Page, Remark, Shape, Sink, Source
from scroogevm.runner import Lockstep, Runner, lockstep, replay

Progress = Callable[[int], None]
"""Told, now and then, how many windows of nodes were judged since it was last told."""

Load = Callable[[], Chunk]
EngineFor = Callable[[Shape], Engine]
Open = Callable[[Chunk], Page]
Judged = tuple[Sequence[Any], Sequence[Remark], int]
"""What the pages of a chunk were closed with, what was odd about it, how many windows it has."""


def run(
    source: Source,
    engine_for: EngineFor,
    sinks: Sequence[Sink],
    progress: Progress = lambda _: None,
    workers: int = 1,
    *,
    together: bool = False,
) -> Sequence[Remark]:
    """Judge every window of a source and hand what came of it to every sink, chunk by chunk.

    Args:
        source: where windows come from.
        engine_for: the engine for a way of cutting time; it can be pickled.
        sinks: where estimates go.
        progress: told of each chunk.
        workers: processes that judge chunks; sinks get them in order however many there are.
        together: whether all chunks go in lockstep, in this process; they have to where a strategy
            pools.

    Returns:
        What was odd about the windows.
    """
    loads = iter(source.loads())
    opens = [sink.open for sink in sinks]
    # A single chunk is not worth a second process.
    first = list(islice(loads, 2))
    loads = chain(first, loads)
    judged: Generator[Judged, None, None]
    if together:
        judged = judge_together(loads, engine_for, opens, progress)
    elif workers > 1 and len(first) > 1:
        judged = _in_processes(loads, engine_for, opens, workers)
    else:
        judged = (judge(load, engine_for, opens) for load in loads)
    remarks: list[Remark] = []
    with closing(judged):  # whatever ends the loop, no worker goes on writing after it
        for contents, odd, windows in judged:
            for sink, content in zip(sinks, contents, strict=True):
                sink.accept(content)
            remarks += odd
            progress(windows)
    return remarks


def judge(load: Load, engine_for: EngineFor, opens: Sequence[Open]) -> Judged:
    """Judge one chunk."""
    chunk = load()
    pages = [open_page(chunk) for open_page in opens]
    for step in replay(Runner(engine_for(chunk.shape)), chunk.occurrences):
        for page in pages:
            page.take(step)
    contents = [page.close() for page in pages]
    return contents, chunk.remarks, chunk.windows * len(chunk.nodes)


def judge_together(
    loads: Iterable[Load], engine_for: EngineFor, opens: Sequence[Open], progress: Progress
) -> Generator[Judged, None, None]:
    """Judge all chunks in lockstep, in this process: what is remembered of all is held at once."""
    chunks = [load() for load in loads]
    pages = [[open_page(chunk) for open_page in opens] for chunk in chunks]
    together = Lockstep([Runner(engine_for(chunk.shape)) for chunk in chunks])
    for steps in lockstep(together, [chunk.occurrences for chunk in chunks]):
        for step, mine in zip(steps, pages, strict=True):
            if step is not None:
                progress(len(step.occurrence.nodes))
                for page in mine:
                    page.take(step)
    for chunk, mine in zip(chunks, pages, strict=True):
        yield [page.close() for page in mine], chunk.remarks, 0


def _in_processes(
    loads: Iterable[Load], engine_for: EngineFor, opens: Sequence[Open], workers: int
) -> Generator[Judged, None, None]:
    """Judge chunks in other processes, a few at a time, and yield them in order."""
    # Forking a process whose libraries run threads may hang it.
    context = multiprocessing.get_context("spawn")
    others = set(multiprocessing.active_children())
    pool = ProcessPoolExecutor(workers, mp_context=context, initializer=_begin_work)
    under_way: deque[Future[Any]] = deque()
    try:
        for load in loads:
            under_way.append(pool.submit(judge, load, engine_for, opens))
            if len(under_way) > workers:
                yield under_way.popleft().result()
        while under_way:
            yield under_way.popleft().result()
        pool.shutdown()
    except BrokenProcessPool:
        raise ScroogeError(
            "a worker process died, most likely for want of memory",
            remedy="fewer --workers, or `scroogevm trace convert` into smaller parts",
        ) from None
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
        ours = set(multiprocessing.active_children()) - others
        for child in ours:
            child.terminate()
        for child in ours:
            # Joining would race with the pool, which waits for the same processes.
            connection.wait([child.sentinel])


def _begin_work() -> None:
    """Leave interrupts to the process that hands out the work, and do not outlive it."""
    # Compiled tests run on as many threads as there are cores, and so many processes are here.
    os.environ.setdefault("NUMBA_NUM_THREADS", "1")
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)  # whoever was killed cannot be told, and nobody waits for more
