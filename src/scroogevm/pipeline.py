"""The one loop: windows -> engine -> sinks."""

from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import closing
from functools import partial
from typing import Any

from scroogevm.engine import Engine
from scroogevm.executors.in_process import InProcess
from scroogevm.ports import Chunk, ChunkSink, Executor, Remark, Shape, Sink, Source
from scroogevm.runner import Lockstep, Runner, lockstep, replay

Progress = Callable[[int], None]
"""Called from time to time with the number of node-windows judged since the last call."""

Load = Callable[[], Chunk]
EngineFor = Callable[[Shape], Engine]
Open = Callable[[Chunk], ChunkSink]
ChunkResult = tuple[Sequence[Any], Sequence[Remark], int]
"""The contents of the pages of a chunk, its oddities, and its number of windows."""

HERE = InProcess()


def run(
    source: Source,
    engine_for: EngineFor,
    sinks: Sequence[Sink],
    progress: Progress = lambda _: None,
    executor: Executor = HERE,
    *,
    together: bool = False,
) -> Sequence[Remark]:
    """Judge every window of a source and pass the results to every sink, chunk by chunk.

    Args:
        source: where windows come from.
        engine_for: returns the engine for a shape of windows; it can be pickled.
        sinks: where estimates go.
        progress: called with the windows of each chunk.
        executor: where chunks are judged; sinks get them in order.
        together: whether all chunks go in lockstep, in this process; this is necessary if a
            strategy pools.

    Returns:
        Oddities in the windows.
    """
    opens = [sink.open for sink in sinks]
    judged: Generator[ChunkResult, None, None]
    if together:
        judged = judge_together(source.loads(), engine_for, opens, progress)
    else:
        judged = executor.run(partial(judge, load, engine_for, opens) for load in source.loads())
    remarks: list[Remark] = []
    with closing(judged):  # no worker writes after the end of the loop, whatever the reason
        for contents, odd, windows in judged:
            for sink, content in zip(sinks, contents, strict=True):
                sink.accept(content)
            remarks += odd
            progress(windows)
    return remarks


def judge(load: Load, engine_for: EngineFor, opens: Sequence[Open]) -> ChunkResult:
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
) -> Generator[ChunkResult, None, None]:
    """Judge all chunks in lockstep, in this process; the state of all is in memory at once."""
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
