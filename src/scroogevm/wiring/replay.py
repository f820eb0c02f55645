"""Builds replays of traces from their settings."""

from collections.abc import Callable, Sequence

from scroogevm.config import ReplaySettings
from scroogevm.executors import open_executor
from scroogevm.files import StagedDirectory
from scroogevm.pipeline import HERE, run
from scroogevm.reports.replay import MARKER, ReplayOutcome, replay_sinks
from scroogevm.traces.remarks import Remarks
from scroogevm.traces.several import open_traces
from scroogevm.wiring.engines import Bar, Engines, build_strategies, paths_for


def replay(
    settings: ReplaySettings, bar: Bar, before: Callable[[], object] = lambda: None
) -> ReplayOutcome:
    """Replay traces through strategies and write what came of it.

    Args:
        settings: checked already.
        bar: shows the node-windows being judged.
        before: what makes the traces, done once it is known that the output can be written.

    Raises:
        TraceError: a trace cannot be read, or must not be believed.
        MisuseError: the output is taken, or the samples do not allow the shape asked for.
        OutputError: the output cannot be written.
    """
    strategies = build_strategies(settings)
    engine_for = Engines(strategies, settings.coverage)
    executor = HERE if engine_for.pools else open_executor(settings.engine, settings.workers)
    with _place(settings) as directory:
        before()
        source = open_traces(paths_for(settings.traces, executor), settings.reading)
        sinks = replay_sinks(
            directory.absolute(),
            strategies,
            traces=settings.traces,
            command=settings.command,
            settings=settings.facts(),
            formats=settings.formats,
            tolerance=settings.tolerance,
            estimates=settings.estimates,
            dump=settings.dump,
            figures=settings.figures,
        )
        with bar(source.node_windows) as progress:
            remarks = run(
                source,
                engine_for,
                sinks,
                progress,
                executor,
                together=engine_for.pools,
            )
        return sinks.close([*_in_one_process(settings, engine_for), *Remarks(remarks).lines()])


def _in_one_process(settings: ReplaySettings, engines: Engines) -> Sequence[str]:
    """Say that an engine or workers that were asked for are not used."""
    asked = [f"--engine {settings.engine}"] if settings.engine else []
    asked += [f"--workers {settings.workers}"] if (settings.workers or 1) > 1 else []
    if not (asked and engines.pools):
        return []
    families = engines.strategies.values()
    pooling = {name for family in families for name, one in family.items() if one.pools}
    said = (
        f"{', '.join(sorted(pooling))}: learns from all nodes together, so all strategies were "
        f"replayed window by window in one process, and {' and '.join(asked)} had no effect"
    )
    return [said]


def _place(settings: ReplaySettings) -> StagedDirectory:
    return StagedDirectory(
        settings.output,
        MARKER,
        command="scroogevm replay",
        overwrite=settings.overwrite,
        nested=["figures"],
    )
