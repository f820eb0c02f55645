"""Settings: what a user asked for, checked at once before anything starts.

The command line wins over the environment (``SCROOGEVM_REPLAY_HISTORY=5``), and that over a TOML
file given with ``--config``, whose tables are named for the commands.
"""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite
from pathlib import Path
from typing import Any

from scroogevm.errors import MisuseError
from scroogevm.ports import RESOURCES, STRATEGIES
from scroogevm.registry import Spec
from scroogevm.registry.catalogue import catalogue
from scroogevm.sinks.table import FORMATS, Format
from scroogevm.traces.options import ReadOptions


def default_strategies() -> Sequence[str]:
    """Every strategy that works on its own; combinators have to be told on what."""
    return [entry.name for entry in catalogue(STRATEGIES) if not entry.combines]


@dataclass(frozen=True)
class ReplaySettings:
    """What to replay, how, and where to write.

    Attributes:
        traces: files and directories.
        output: the directory to write.
        strategies: specs; each is reported under the text it was given as.
        percentiles: percentile of the percentile strategy, by resource, %.
        reading: how to read the traces.
        coverage: share of a window's samples a node needs for a new estimate.
        tolerance: shortfall, as a share of capacity, that is no violation yet.
        formats: of ``FORMATS``.
        dump: whether to write dumps that the predecessor's analysis reads.
        figures: whether to draw figures as PNG and SVG.
        workers: processes that judge parts of a trace side by side.
        overwrite: whether an output that is there already may be replaced.
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
    dump: bool = False
    figures: bool = True
    workers: int = 1
    overwrite: bool = False
    command: Sequence[str] = ()

    def check(self) -> None:
        """Check everything and report all problems together.

        Raises:
            MisuseError: something makes no sense.
        """
        problems = [*self._numbers(), *self._strategies(), *self._traces()]
        if problems:
            raise MisuseError("; ".join(problems))

    def facts(self) -> Mapping[str, str]:
        """What was set, by name, for the report."""
        reading = self.reading
        facts = {
            "scope": reading.scope,
            "slice": reading.slice,
            "history": reading.history,
            "aggregation": reading.aggregation,
            "unit of VM cpu usage": reading.vm_cpu_usage,
            "coverage": self.coverage,
            "tolerance": self.tolerance,
        }
        return {
            name: f"{value:g}" if isinstance(value, float) else str(value)
            for name, value in facts.items()
            if value is not None
        }

    def specs(self) -> Mapping[str, Spec]:
        """The strategies by the name they are reported under.

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
        reading = self.reading
        wanted = [
            ("--coverage", self.coverage, 0.0, 1.0),
            ("--tolerance", self.tolerance, 0.0, 1.0),
            ("--aggregate", reading.aggregation, 1, 1e6),
            ("--history", reading.history, 0, 10_000),
            ("--workers", self.workers, 1, 1024),
            ("--scope", reading.scope, 1e-3, 1e9),
            ("--slice", reading.slice, 1e-3, 1e9),
            *((f"--{r}", self.percentiles.get(r), 0.0, 100.0) for r in RESOURCES),
        ]
        return [
            f"{option} {value:g} is not from {low:g} to {high:g}"
            for option, value, low, high in wanted
            if value is not None and not (isfinite(value) and low <= value <= high)
        ]

    def _strategies(self) -> Sequence[str]:
        problems = []
        texts = [text.strip() for text in self.strategies]
        problems += [
            f"strategy {t} is given twice" for t in dict.fromkeys(texts) if texts.count(t) > 1
        ]
        try:
            specs = self.specs()
        except MisuseError as error:
            return [*problems, str(error)]
        for spec in specs.values():
            try:
                for resource in RESOURCES:
                    STRATEGIES.build(spec, resource)
            except MisuseError as error:
                problems.append(str(error))
        return problems

    def _traces(self) -> Sequence[str]:
        problems = [] if self.traces else ["no trace is given"]
        problems += [f"{path}: does not exist" for path in self.traces if not path.exists()]
        output = self.output.resolve()
        for path in self.traces:
            if path.resolve().is_relative_to(output):
                problems.append(f"{path} lies in {self.output}, which would be replaced")
        return problems


def read_settings(path: Path) -> Mapping[str, Any]:
    """Read a TOML file of defaults, one table a command.

    Raises:
        MisuseError: it cannot be read.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise MisuseError(f"cannot be read: {error.strerror}", where=str(path)) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise MisuseError(f"is not TOML: {error}", where=str(path)) from None
