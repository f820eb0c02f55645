"""Builds replays, recordings and quiescence runs from their settings."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path

from scroogevm.config import QuiescenceSettings, ReplaySettings
from scroogevm.engine import Engine
from scroogevm.executors import open_executor
from scroogevm.files import StagedDirectory
from scroogevm.pipeline import HERE, Progress, run
from scroogevm.ports import QUIESCENCE, RESOURCES, STRATEGIES, Executor, Shape, Strategy
from scroogevm.reports.provenance import About
from scroogevm.reports.quiescence import MARKER as VERDICTS_MARKER
from scroogevm.reports.quiescence import QuiescenceOutcome, QuiescenceSinks
from scroogevm.reports.replay import MARKER, ReplayOutcome, replay_sinks
from scroogevm.strategies._verdict import TestRunner
from scroogevm.traces.recording import RecordingResult as Recorded
from scroogevm.traces.recording import StoreQuery as Recording
from scroogevm.traces.recording import record as record_trace
from scroogevm.traces.recording.record import Bar as Pieces
from scroogevm.traces.remarks import Remarks
from scroogevm.traces.several import open_traces

Bar = Callable[[int | None], AbstractContextManager[Progress]]
"""Given how many steps there are, shows them being done."""


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
    with _report_place(settings) as directory:
        before()
        source = open_traces(_paths(settings.traces, executor), settings.reading)
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


def draw_figures(report: Path, *, overwrite: bool) -> Path:
    """Draw the figures of the output of a replay; the folder they are in.

    Args:
        report: the output.
        overwrite: whether figures that are there may be replaced.

    Raises:
        MisuseError: it is none, or has figures.
        MissingExtraError: Matplotlib is not installed.
        OutputError: they cannot be written.
    """
    from scroogevm.reports import figures  # noqa: PLC0415  # for this alone
    from scroogevm.reports.reread import reread  # noqa: PLC0415  # likewise

    found = reread(report)
    folder = report / figures.FOLDER
    with StagedDirectory(
        folder, figures.MARKER, command="scroogevm figures", overwrite=overwrite
    ) as place:
        some = found.panels[: 1 + figures.NODES_DRAWN]
        figures.draw(place, some, found.styles, found.scores, found.whole)
    return folder


def _in_one_process(settings: ReplaySettings, engines: "Engines") -> Sequence[str]:
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


def record(  # noqa: D417  # the others are those of traces.stored.record
    asked: Recording, options: Sequence[str], output: Path, bar: Pieces, **how: bool
) -> Recorded:
    """Write what a store has as a trace.

    Args:
        asked: what of it.
        options: parameters of the store, as ``KEY=VALUE``.
        output: the directory to write.
        bar: shows the pieces being read.

    Raises:
        StoreError: the store cannot be read, or has no such samples.
        MisuseError: there is no such store or node, or the place is taken.
        OutputError: it cannot be written.
    """
    from scroogevm.stores import open_store  # noqa: PLC0415  # a replay of traces needs no store

    with open_store(asked.origin, options) as store:
        return record_trace(store, asked, output, bar, **how)


def quiescence(settings: QuiescenceSettings, bar: Bar) -> QuiescenceOutcome:
    """Ask quiescence tests about every window of traces, and write what they said.

    Args:
        settings: checked already.
        bar: shows the node-windows being judged.

    Raises:
        TraceError: a trace cannot be read, or must not be believed.
        MisuseError: the output is taken, or the samples do not allow the shape asked for.
        OutputError: the output cannot be written.
        MissingExtraError: a test needs a library that is not installed.
    """
    specs = settings.specs()
    tests = {
        resource: {name: QUIESCENCE.build(spec, resource) for name, spec in specs.items()}
        for resource in RESOURCES
    }
    strategies = {
        r: {n: TestRunner(test) for n, test in named.items()} for r, named in tests.items()
    }
    executor = open_executor(settings.engine, settings.workers)
    source = open_traces(_paths(settings.traces, executor), settings.reading)
    about = About.of(settings.traces, settings.command, settings.facts(), tests)
    with _place(settings) as directory:
        sinks = QuiescenceSinks(
            directory,
            about,
            formats=settings.formats,
            figures=settings.figures,
            nodes=settings.nodes,
        )
        with bar(source.node_windows) as progress:
            engines = Engines(strategies, settings.coverage)
            remarks = run(source, engines, sinks.sinks, progress, executor)
        return sinks.close(Remarks(remarks).lines())


def _paths(paths: Sequence[Path], executor: Executor) -> Sequence[Path]:
    """Paths as the executor can find them."""
    return [path.absolute() for path in paths] if executor.remote else paths


def _place(settings: QuiescenceSettings) -> AbstractContextManager[Path | None]:
    """The directory to fill, if one was asked for."""
    if settings.output is None:
        return nullcontext()
    return StagedDirectory(
        settings.output,
        VERDICTS_MARKER,
        command="scroogevm quiescence",
        overwrite=settings.overwrite,
    )


def _report_place(settings: ReplaySettings) -> StagedDirectory:
    return StagedDirectory(
        settings.output,
        MARKER,
        command="scroogevm replay",
        overwrite=settings.overwrite,
        nested=["figures"],
    )


@dataclass(frozen=True)
class Engines:
    """The engine for a way of cutting time.

    Attributes:
        strategies: by resource, then by the name each is reported under.
        coverage: share of a window's samples a node needs for a new estimate.
    """

    strategies: Mapping[str, Mapping[str, Strategy]]
    coverage: float

    def __call__(self, shape: Shape) -> Engine:
        """The engine for a shape."""
        return Engine(self.strategies, shape.kept, shape.slices, self.coverage, shape.slice)

    @property
    def pools(self) -> bool:
        """Whether a strategy learns from all nodes together."""
        return any(one.pools for family in self.strategies.values() for one in family.values())


def build_strategies(settings: ReplaySettings) -> Mapping[str, Mapping[str, Strategy]]:
    """The strategies of each resource by the name they are reported under."""
    specs = settings.specs()
    return {
        resource: {name: STRATEGIES.build(spec, resource) for name, spec in specs.items()}
        for resource in RESOURCES
    }
