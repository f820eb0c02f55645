"""Replaying a large Parquet trace against merely reading it."""

from pathlib import Path

from benchmarks.measure import CACHE, SCROOGEVM, Cost, best, cost, python
from benchmarks.report import Result

NODES, VMS, WINDOWS, SAMPLES, INTERVAL = 2000, 40, 48, 60, 5
ROWS = NODES * VMS * WINDOWS * SAMPLES
POLARS = """
import sys, polars
table = polars.scan_parquet(sys.argv[1] + "/vms/*.parquet")
numbers = ("time", "cpu", "mem", "cpu_usage", "mem_usage")
print(table.group_by("node", "vm").agg(polars.col(numbers).mean()).collect(engine="streaming"))
"""


def run(docs: Path) -> Result:
    del docs
    directory = trace(NODES, WINDOWS)
    polars = best(python(POLARS, str(directory)))
    replays = {
        f"scroogevm replay, {workers} worker{'s' * (workers > 1)}": replay(directory, workers)
        for workers in (1, 2)
    }
    costs = {"Polars: read all columns, one grouped mean": polars, **replays}
    ours = min(replays.values(), key=lambda one: one.seconds)
    return Result(
        title="Replaying a large Parquet trace",
        how=f"{NODES} nodes with {VMS} VMs, {WINDOWS} windows of {SAMPLES} samples: "
        f"{ROWS / 1e6:.0f} million generated VM rows, with the files in the page cache. Every "
        "strategy is replayed for both resources, and scores, estimates as Parquet and the report "
        "are written. Memory is the sum over all processes; shared pages count in each.",
        columns=("what", "seconds", "peak MiB", "times Polars"),
        rows=[
            (name, one.seconds, one.peak, one.seconds / polars.seconds)
            for name, one in costs.items()
        ],
        verdict=f"A replay takes {ours.seconds / polars.seconds:.1f} times the time of Polars, and "
        f"at most {max(one.peak for one in replays.values()) / 1024:.1f} GiB. The aims are 5 times "
        "and 3 GiB.",
    )


def replay(directory: Path, workers: int) -> Cost:
    """Replay all strategies, the fastest of three runs."""
    wanted = ("--no-figures", "--format", "parquet", "--workers", str(workers), "--force")
    return best((SCROOGEVM, "replay", str(directory), "-o", str(CACHE / "replay"), *wanted))


def trace(nodes: int, windows: int) -> Path:
    """A generated trace, made once."""
    directory = CACHE / f"generated-{nodes}x{VMS}x{windows}"
    if not directory.exists():
        CACHE.mkdir(exist_ok=True)
        counts = {"nodes": nodes, "vms": VMS, "windows": windows, "interval": INTERVAL}
        options = [word for name, n in counts.items() for word in (f"--{name}", str(n))]
        scope = ("--scope", str(INTERVAL * SAMPLES))
        cost((SCROOGEVM, "trace", "generate", *options, *scope, "-o", str(directory)))
    return directory
