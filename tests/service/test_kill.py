"""A service that is killed again and again ends with what an undisturbed one has."""

import os
import random
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from scroogevm.journal import Journal
from scroogevm.stores import open_store
from service.fleet import BEGIN, Fleet
from service.live import run

KILLS = 8
"""In the tests; ``benchmarks service-kills`` does it two hundred times."""
HOURS = 6


def content(path: Path) -> Mapping[str, Any]:
    """All that a journal has, but for rows that say when the service was started."""
    with Journal(path) as journal:
        places = ["all/0"]
        return {
            "last": journal.last,
            "status": journal.status,
            "windows": journal.windows(0, 1e12),
            "events": [event[1:] for event in journal.events(limit=10**6)],
            "state": {
                place: {name: array.tobytes() for name, array in arrays.items()}
                for place, arrays in journal.state().items()
            },
            "history": [
                (end, place, {name: array.tobytes() for name, array in arrays.items()})
                for end, place, arrays in journal.history(places, 0, 1e12)
            ],
            "days": {
                place: {name: array.tobytes() for name, array in arrays.items()}
                for place, arrays in journal.days(0, 10**6).items()
            },
        }


def test_kills_change_nothing(tmp_path: Path) -> None:
    fleet = Fleet(silent={"n2": [(3000, 6500)]}, blind={"n1": [(8000, 9000)]})
    with open_store(f"embedded:{tmp_path / 'store'}") as store:
        fleet.fill(store, BEGIN, BEGIN + HOURS * 3600)
        run(store, tmp_path / "undisturbed", 3600 * HOURS)
    told = _killed(tmp_path / "store", tmp_path / "killed", KILLS, seed=1)
    expected = content(tmp_path / "undisturbed" / "journal.sqlite")
    found = content(tmp_path / "killed" / "journal.sqlite")
    assert found == expected
    ends = {end for _, end, *_ in expected["windows"]}
    assert set(told) <= ends


def _killed(store: Path, folder: Path, kills: int, seed: int) -> list[float]:
    """Run to the end with so many kills; the ends of windows that were told."""
    rng = random.Random(seed)  # noqa: S311  # moments to kill at
    told: list[float] = []
    script = Path(__file__).with_name("judge.py")
    words = [sys.executable, str(script), str(store), str(folder), str(3600 * HOURS)]
    for left in range(kills, -1, -1):
        with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            after = rng.randrange(1, 4) if left else 10**6
            for line in process.stdout:
                told.append(float(line.split()[1]))
                _committed(folder, told[-1])
                after -= 1
                if not after:
                    # A moment within the window that follows: most of its work lies before the end.
                    signal.sigtimedwait([], rng.random() * 0.05)
                    os.kill(process.pid, signal.SIGKILL)
                    break
            process.wait()
        if not left:
            assert process.returncode == 0
    return told


def _committed(folder: Path, end: float) -> None:
    """Nothing is told that was not committed."""
    with sqlite3.connect(f"file:{folder / 'journal.sqlite'}?mode=ro", uri=True) as db:
        (newest,) = db.execute("SELECT max(end) FROM windows").fetchone()
    db.close()
    assert newest >= end
