"""Replaying a predecessor's JSON trace against only parsing it."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks.measure import CACHE, SCROOGEVM, best, python
from benchmarks.report import Result

READ = "import sys; content = open(sys.argv[1], 'rb').read(); "
PARSERS = {
    "json (standard library)": "import json; json.loads(content)",
    "orjson": "import orjson; orjson.loads(content)",
    "msgspec": "import msgspec; msgspec.json.decode(content)",
    "pysimdjson, to Python objects": "import simdjson; simdjson.Parser().parse(content, True)",
    "pysimdjson, its tape only": "import simdjson; simdjson.Parser().parse(content)",
}
OURS = "scroogevm replay TRACE -o REPORT"
"""As it is typed: all strategies and both resources, a report with tables in all formats."""

SMALL, LARGE = 50, 400
OCCURRENCES, SAMPLES = 30, 360


def run(docs: Path) -> Result:
    del docs
    small, large = trace(SMALL), trace(LARGE)
    rows: list[tuple[str, float, float, float]] = []
    for name in (*PARSERS, OURS):
        first, second = (best(command(name, path)).seconds for path in (small, large))
        rows.append((name, first, second, second - first))
    slope = {row[0]: row[3] for row in rows}
    ours = slope.pop(OURS)
    fastest = min(slope, key=lambda name: slope[name])
    objects = min((name for name in slope if "tape" not in name), key=lambda name: slope[name])
    megabytes = [path.stat().st_size / 1e6 for path in (small, large)]
    return Result(
        title="Replaying the predecessor's JSON",
        how=f"A node with {SMALL} and with {LARGE} VMs, {OCCURRENCES} windows of {SAMPLES} samples "
        f"({megabytes[0]:.0f} and {megabytes[1]:.0f} MB). The difference does not include the "
        "start. Each is the best of three new processes, with the file in the page cache.",
        columns=("what", f"{SMALL} VMs, s", f"{LARGE} VMs, s", "difference, s"),
        rows=rows,
        verdict="We read the trace, replay all strategies for both resources and write the report. "
        f"This takes {ours / slope[objects]:.2f} times the parsing time of {objects}, and "
        f"{ours / slope[fastest]:.2f} times the one of {fastest}, the fastest parser, which makes "
        "no object of a number. The aim is 2.",
    )


def command(name: str, path: Path) -> Sequence[str]:
    """A parser, or the command, on a trace."""
    if name == OURS:
        return (SCROOGEVM, "replay", str(path), "-o", str(CACHE / "replay"), "--force")
    return python(READ + PARSERS[name], str(path))


def trace(vms: int) -> Path:
    """A trace of so many VMs, made once."""
    path = CACHE / f"predecessor-{vms}.json"
    if path.exists():
        return path
    CACHE.mkdir(exist_ok=True)
    random = np.random.default_rng(vms)

    def sampled(size: float, memory: float, share: float) -> dict[str, list[float]]:
        noise = random.random((3, SAMPLES))
        return {
            "time": [5 * k for k in range(SAMPLES)],
            "cpu": [size] * SAMPLES,
            "mem": [memory] * SAMPLES,
            "cpu_usage": np.round(share * (0.5 + noise[0]), 5).tolist(),
            "mem_usage": np.round(memory * (0.3 + noise[1] / 10), 3).tolist(),
            "mem_rss": np.round(memory * (0.3 + noise[2] / 10), 3).tolist(),
            "sched_busy": np.round(noise[2] / 100, 6).tolist(),
        }

    lives = [random.choice([1.0, 2.0, 4.0]) for _ in range(vms)]
    scope = 5 * SAMPLES
    content = {
        "config": {
            "node_name": f"node-{vms}",
            "node_scope": scope,
            "slice_scope": scope,
            "number_of_slice": 1,
            "historical_occurences": 3,
        },
        "epoch": [scope * (k + 1) for k in range(OCCURRENCES)],
        "node": {"raw_data": [sampled(4 * vms, 8192.0 * vms, vms / 2) for _ in range(OCCURRENCES)]},
        "vm": {
            f"vm-{number}": {
                "raw_data": [sampled(size, 2048.0 * size, 0.3) for _ in range(OCCURRENCES)]
            }
            for number, size in enumerate(lives)
        },
    }
    path.write_text(json.dumps(content))
    return path
