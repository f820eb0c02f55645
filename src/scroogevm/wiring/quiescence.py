"""Builds runs of quiescence tests from their settings."""

from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from scroogevm.config import QuiescenceSettings
from scroogevm.executors import open_executor
from scroogevm.files import StagedDirectory
from scroogevm.pipeline import run
from scroogevm.ports import QUIESCENCE, RESOURCES
from scroogevm.reports.provenance import About
from scroogevm.reports.quiescence import MARKER, QuiescenceOutcome, QuiescenceSinks
from scroogevm.strategies._verdict import TestRunner
from scroogevm.traces.remarks import Remarks
from scroogevm.traces.several import open_traces
from scroogevm.wiring.engines import Bar, Engines, paths_for


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
    source = open_traces(paths_for(settings.traces, executor), settings.reading)
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


def _place(settings: QuiescenceSettings) -> AbstractContextManager[Path | None]:
    """The directory to fill, if one was asked for."""
    if settings.output is None:
        return nullcontext()
    return StagedDirectory(
        settings.output,
        MARKER,
        command="scroogevm quiescence",
        overwrite=settings.overwrite,
    )
