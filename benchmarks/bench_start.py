"""How long the command line takes to say anything."""

import sys
from pathlib import Path

from benchmarks.measure import SCROOGEVM, best
from benchmarks.report import Result


def run(docs: Path) -> Result:
    del docs
    commands = {
        "python -c pass": [sys.executable, "-c", "pass"],
        "scroogevm --help": [SCROOGEVM, "--help"],
        "scroogevm replay --help": [SCROOGEVM, "replay", "--help"],
        "python -c 'import numpy, polars'": [sys.executable, "-c", "import numpy, polars"],
    }
    rows = [(name, best(command, 5).seconds) for name, command in commands.items()]
    seconds = dict(rows)["scroogevm --help"]
    return Result(
        title="Start-up",
        how="Each time is the best of five new processes.",
        columns=("command", "seconds"),
        rows=rows,
        verdict=f"`scroogevm --help` takes {seconds:.2f} s. The aim is 0.3 s.",
    )
