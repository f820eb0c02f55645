"""Whole commands as users type them, with their defaults, beside what they are compared with."""

import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.bench_json import trace
from benchmarks.measure import SCROOGEVM, in_turn, python
from benchmarks.report import Result

REPLAY = """
import sys
from pathlib import Path
from scroogevm.config import ReplaySettings
from scroogevm.pipeline import run
from scroogevm.traces.several import open_traces
from scroogevm.wiring.engines import Engines, build_strategies
settings = ReplaySettings([Path(sys.argv[1])], Path("unused"))
source = open_traces(settings.traces, settings.reading)
engines = Engines(build_strategies(settings), settings.coverage)
run(source, engines, [], together=engines.pools)
"""
VMS = 27
"""As many as make 17 MB of JSON."""
TIMES = 7
REPLAYED, BARE, HELP, DEMO = (
    "scroogevm replay TRACE.json -o DIR",
    "the same without tables and report",
    "scroogevm --help",
    "make demo, once it is installed",
)
AIMS = {REPLAYED: 2.0, HELP: 0.2, DEMO: 10.0}
"""Seconds."""
TIMES_BARE = 1.6
"""So many times the same without tables a replay may take."""


def run(docs: Path) -> Result:
    del docs
    path = trace(VMS)
    with TemporaryDirectory() as folder:
        place = Path(folder)
        found = in_turn(_commands(path, place), TIMES)
    rows = [(name, *_of([one[0] for one in seen]), *_of([one[1] for one in seen])[:1])
            for name, seen in found.items()]  # fmt: skip
    ratios = [whole[0] / bare[0] for whole, bare in zip(found[REPLAYED], found[BARE], strict=True)]
    middle, least, most = _of(ratios)
    seconds = {str(row[0]): float(row[1]) for row in rows}
    missed = [name for name, aim in AIMS.items() if seconds[name] > aim]
    missed += ["the ratio"] if middle > TIMES_BARE else []
    return Result(
        title="Commands as typed",
        how=f"Each command runs {TIMES} times, alternately, in a new process with its defaults. "
        f"The trace is one node with {VMS} VMs, {path.stat().st_size / 1e6:.0f} MB of the "
        "predecessor's JSON. All strategies are replayed.",
        columns=("command", "median, s", "least, s", "most, s", "core seconds, median"),
        rows=rows,
        verdict=f"A replay takes {seconds[REPLAYED]:.2f} s (aim {AIMS[REPLAYED]:g}). This is "
        f"{middle:.2f} times the same replay without tables, from {least:.2f} to {most:.2f} (aim "
        f"{TIMES_BARE:g}). `--help` takes {seconds[HELP]:.2f} s (aim {AIMS[HELP]:g}), `make demo` "
        f"{seconds[DEMO]:.1f} s (aim {AIMS[DEMO]:g}). "
        + (f"Missed: {', '.join(missed)}." if missed else "All aims are met."),
    )  # fmt: skip


def _commands(path: Path, place: Path) -> Mapping[str, Sequence[str]]:
    venv = Path(SCROOGEVM).parent.parent
    return {
        REPLAYED: [SCROOGEVM, "replay", str(path), "-o", str(place / "report"), "--force"],
        BARE: python(REPLAY, str(path)),
        HELP: [SCROOGEVM, "--help"],
        DEMO: ["make", "-s", "demo", f"VENV={venv}", f"DEMO={place / 'demo'}"],
    }


def _of(values: Sequence[float]) -> tuple[float, float, float]:
    """Median, least and most."""
    return statistics.median(values), min(values), max(values)
