"""A window of a large fleet, judged, committed and told: seconds and memory."""

import json
import subprocess
import sys
from pathlib import Path

from benchmarks.report import Result
from benchmarks.service_fleet import SAMPLES, SHADOWS, VMS

WINDOWS = 8
FLEETS = (100, 1000, 10_000)
AIMS = "10 s and 4 GiB for the driver, 60 s with shadows, at 10 000 nodes"


def run(docs: Path) -> Result:
    del docs
    rows = [
        (nodes, len(shadows), *(round(value, 3) for value in asked(nodes, shadows)))
        for nodes in FLEETS
        for shadows in ((), SHADOWS)
    ]
    alone, beside = rows[-2:]
    return Result(
        title="The service on a fleet",
        how=f"{VMS} VMs a node, {SAMPLES} samples a window, K = 4, with calibrated as the driver. "
        f"The shadows are {', '.join(SHADOWS)}. Each row is a separate process that judges "
        f"{WINDOWS} windows. Seconds are medians of the second half of the windows. Samples are "
        "generated in memory, so the time of a store is not included. A commit waits for the disk.",
        columns=("nodes", "shadows", "judge s", "commit s", "MiB", "journal MiB"),
        rows=rows,
        verdict=f"At {alone[0]} nodes, a window takes {alone[2] + alone[3]:.1f} s and "
        f"{alone[4] / 1024:.1f} GiB with the driver alone, {beside[2] + beside[3]:.1f} s with "
        f"shadows. Aims: {AIMS}.",
    )


def asked(nodes: int, shadows: tuple[str, ...]) -> tuple[float, float, float, float]:
    """Seconds to judge and to commit, MiB of memory and of the journal."""
    words = [str(nodes), ",".join(shadows), str(WINDOWS)]
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.service_fleet", *words],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    judge, commit, _, peak, size = json.loads(done.stdout)
    return judge, commit, peak, size
