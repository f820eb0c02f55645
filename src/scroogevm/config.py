"""Settings of offline commands, all checked before anything starts.

The command line takes precedence over the environment (``SCROOGEVM_REPLAY_HISTORY=5``), and the
environment over a TOML file given with ``--config``. Its tables have the names of the commands.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from scroogevm.errors import MisuseError
from scroogevm.executors import open_executor
from scroogevm.ports import QUIESCENCE, RESOURCES, STORES, STRATEGIES
from scroogevm.ranges import out_of_range
from scroogevm.registry import Family, Spec
from scroogevm.registry.catalogue import catalogue
from scroogevm.reports.table import FORMATS, Format
from scroogevm.traces.options import ReadOptions


def default_strategies() -> Sequence[str]:
    """Every strategy that takes no other strategy, except those that run only on request."""
    names = [entry.name for entry in catalogue(STRATEGIES) if not entry.combines]
    return [name for name in names if not getattr(STRATEGIES.load(name), "on_request", False)]


@dataclass(frozen=True)
class ReplaySettings:
    """What to replay, how, and where to write.

    Attributes:
        traces: files and directories.
        output: the directory to write.
        strategies: specs; the text of a spec is the reported name.
        percentiles: percentile of the percentile strategy, by resource, %.
        reading: how to read the traces.
        coverage: share of a window's samples that a node needs for a new estimate.
        tolerance: shortfall, as a share of capacity, that is not yet a violation.
        formats: of ``FORMATS``.
        estimates: whether to write every estimate, with its result and its reason.
        dump: whether to write dumps that the predecessor's analysis reads.
        figures: whether to draw figures as PNG and SVG.
        workers: processes that judge parts of a trace at the same time; None to choose a number.
        engine: where they are judged; empty for these processes.
        overwrite: whether an existing output may be replaced.
        command: the command line, for the report.
    """

    traces: Sequence[Path]
    output: Path
    strategies: Sequence[str] = ()
    percentiles: Mapping[str, float] = field(default_factory=dict)
    reading: ReadOptions = field(default_factory=ReadOptions)
    coverage: float = 0.1
    tolerance: float = 0.0
    formats: Sequence[Format] = FORMATS
    estimates: bool = False
    dump: bool = False
    figures: bool = False
    workers: int | None = None
    engine: str = ""
    overwrite: bool = False
    command: Sequence[str] = ()

    def check(self, recorded: Sequence[Path] = ()) -> None:
        """Check everything and report all problems together.

        Args:
            recorded: traces that need not exist yet, because they are recorded first.

        Raises:
            MisuseError: a setting is not valid.
        """
        problems = [*self._numbers(), *self._strategies(), *_bad_engine(self.engine)]
        if not recorded:
            problems += _bad_traces(self.traces, self.output)
        if problems:
            raise MisuseError("; ".join(problems))

    def facts(self) -> Mapping[str, str]:
        """The settings by name, for the report."""
        return _facts(self.reading, coverage=self.coverage, tolerance=self.tolerance)

    def specs(self) -> Mapping[str, Spec]:
        """The strategies by their reported names.

        Raises:
            SpecError: a spec cannot be read.
        """
        specs = {}
        for text in self.strategies or default_strategies():
            spec = Spec.parse(text)
            if spec.name == "percentile" and "p" not in spec.pairs:
                given = {f"{r}.p": Spec(f"{p:g}") for r, p in self.percentiles.items()}
                spec = Spec(spec.name, {**given, **spec.pairs}, spec.inner)
            specs[text.strip()] = spec
        return specs

    def _numbers(self) -> Sequence[str]:
        return out_of_range(
            {
                "--coverage": self.coverage,
                "--tolerance": self.tolerance,
                "--workers": self.workers,
                **{f"--{r}": self.percentiles.get(r) for r in RESOURCES},
                **_reading(self.reading),
            }
        )

    def _strategies(self) -> Sequence[str]:
        problems = _twice("strategy", self.strategies)
        try:
            specs = self.specs()
        except MisuseError as error:
            return [*problems, str(error)]
        return [*problems, *_unbuildable(STRATEGIES, specs.values())]


@dataclass(frozen=True)
class QuiescenceSettings:
    """Settings of quiescence tests: the windows, the tests, and where to write.

    Attributes:
        traces: files and directories.
        tests: specs; the text of a spec is the reported name.
        output: the directory to write; None to write nothing.
        reading: how to read the traces.
        coverage: share of a window's samples that a node needs for a verdict.
        nodes: number of nodes of which every window is shown; None for all.
        formats: of ``FORMATS``.
        figures: whether to draw figures as PNG and SVG.
        workers: processes that judge parts of a trace at the same time; None to choose a number.
        engine: where they are judged; empty for these processes.
        overwrite: whether an existing output may be replaced.
        command: the command line, for the report.
    """

    traces: Sequence[Path]
    tests: Sequence[str] = ("shift",)
    output: Path | None = None
    reading: ReadOptions = field(default_factory=ReadOptions)
    coverage: float = 0.1
    nodes: int | None = 4
    formats: Sequence[Format] = FORMATS
    figures: bool = False
    workers: int | None = None
    engine: str = ""
    overwrite: bool = False
    command: Sequence[str] = ()

    def check(self) -> None:
        """Check everything and report all problems together.

        Raises:
            MisuseError: a setting is not valid.
        """
        wanted = {
            "--coverage": self.coverage,
            "--nodes": self.nodes,
            "--workers": self.workers,
            **_reading(self.reading),
        }
        problems = [*out_of_range(wanted), *_twice("test", self.tests), *_bad_engine(self.engine)]
        try:
            problems += _unbuildable(QUIESCENCE, self.specs().values())
        except MisuseError as error:
            problems.append(str(error))
        problems += [] if self.tests else ["no test is given"]
        problems += _bad_traces(self.traces, self.output)
        if problems:
            raise MisuseError("; ".join(problems))

    def facts(self) -> Mapping[str, str]:
        """The settings by name, for the report."""
        return _facts(self.reading, coverage=self.coverage)

    def specs(self) -> Mapping[str, Spec]:
        """The tests by their reported names.

        Raises:
            SpecError: a spec cannot be read.
        """
        return {text.strip(): Spec.parse(text) for text in self.tests}


def _reading(reading: ReadOptions) -> Mapping[str, float | None]:
    return {
        "--aggregate": reading.aggregation,
        "--history": reading.history,
        "--scope": reading.scope,
        "--slice": reading.slice,
    }


def _bad_engine(text: str) -> Sequence[str]:
    try:
        open_executor(text, 1)
    except MisuseError as error:
        return [f"--engine {text}: {error}"]
    return []


def _twice(noun: str, specs: Sequence[str]) -> Sequence[str]:
    texts = [text.strip() for text in specs]
    return [f"{noun} {t} is given twice" for t in dict.fromkeys(texts) if texts.count(t) > 1]


def _unbuildable(family: Family, specs: Iterable[Spec]) -> Sequence[str]:
    problems = []
    for spec in specs:
        try:
            for resource in RESOURCES:
                family.build(spec, resource)
        except MisuseError as error:
            problems.append(str(error))
    return problems


def _absent(path: Path) -> str:
    if str(path).partition(":")[0] in STORES.names:
        return "is a store, not a trace; `scroogevm trace record --from` makes a trace from it"
    return "does not exist"


def _bad_traces(traces: Sequence[Path], output: Path | None) -> Sequence[str]:
    problems = [] if traces else ["no trace is given"]
    problems += [f"{path}: {_absent(path)}" for path in traces if not path.exists()]
    if output is not None:
        problems += [
            f"{path} lies in {output}, which would be replaced"
            for path in traces
            if path.resolve().is_relative_to(output.resolve())
        ]
    return problems


def _facts(reading: ReadOptions, **more: float) -> Mapping[str, str]:
    """The settings by name."""
    facts = {
        "scope": reading.scope,
        "slice": reading.slice,
        "history": reading.history,
        "aggregation": reading.aggregation,
        "unit of VM cpu usage": reading.vm_cpu_usage,
        **more,
    }
    return {
        name: f"{value:g}" if isinstance(value, float) else str(value)
        for name, value in facts.items()
        if value is not None
    }
