"""A service that is killed 200 times, and one whose store and clock fail for two hours."""

import hashlib
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.report import Result
from scroogevm.journal import Journal
from scroogevm.journal.arrays import pack
from scroogevm.service.demo import SCOPE, DemoFleet
from scroogevm.stores import open_store

KILLS, NODES, BEGIN = 200, 20, 1_700_000_400.0
HOURS = 8
"""Of windows of 30 s: 960 of them."""
SMALL = 96
"""MiB of the file system that is full now and then."""


def run(docs: Path) -> Result:
    del docs
    until = BEGIN + 3600 * HOURS
    with TemporaryDirectory() as folder:
        place = Path(folder)
        store = f"embedded:{place / 'store'}"
        with open_store(store) as opened:
            opened.write(list(DemoFleet(NODES).samples(BEGIN, until + SCOPE)))
        calm = lived(store, place / "calm", until)
        killed = lived(store, place / "killed", until, kills=KILLS)
        with small(place / "faulty") as data:
            faulty = lived(store, data, until, faults=True)
            lost = skipped(data)
            failed, jumped, full = faulty["faults"]
        same = digest(place / "calm") == digest(place / "killed")
    windows = round(3600 * HOURS / SCOPE)
    rows = [
        ("undisturbed", windows, 0, calm["told"], calm["begin"], calm["peak"], calm["bad"]),
        (f"{KILLS} kills", windows, KILLS, killed["told"], "", "", killed["bad"]),
        ("faults", windows, 0, faulty["told"], faulty["begin"], faulty["peak"], faulty["bad"]),
    ]
    return Result(
        title="The service, killed and failing",
        how=f"{NODES} generated nodes, some of which stop sending samples or lose their libvirt, "
        f"for {HOURS} hours of windows of {SCOPE:.0f} s, without pauses. Kills are SIGKILL at "
        "random moments. Faults: the store fails in 3 % of its reads, up to five times in a row. "
        "In each window, one of twenty nodes sends no samples and one sends absurd numbers. The "
        "clock is set back by up to an hour, or ahead as after a suspended machine. The disk is "
        "full. MiB are after a quarter of the windows, and at the end. `bad` counts offers of "
        "nodes without a sample.",
        columns=("run", "windows", "kills", "told", "MiB early", "MiB late", "bad"),
        rows=rows,
        verdict=f"The journal of the killed run is {'identical' if same else 'different'}, bit by "
        f"bit. With faults (the store failed {failed} times, the clock jumped {jumped} times, the "
        f"disk was full {full} times), {lost} windows were skipped without a reason.",
    )


def lived(
    store: str, data: Path, until: float, *, kills: int = 0, faults: bool = False
) -> dict[str, Any]:
    """Run to the end with so many kills."""
    rng = random.Random(7)  # noqa: S311  # moments to kill at
    words = [sys.executable, "-m", "benchmarks.service_run", store, str(data), str(BEGIN)]
    words += [str(until), *(["faults"] if faults else [])]
    ends: list[float] = []
    peaks: list[float] = []
    bad, said = 0, ""
    for left in range(kills, -1, -1):
        with subprocess.Popen(
            words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as process:
            after = rng.randrange(1, 3) if left else 10**9
            for line in process.stdout or ():
                _, end, peak, offered = line.split()
                ends.append(float(end))
                peaks.append(int(peak) / 1024)
                bad += int(offered)
                after -= 1
                if not after:
                    time.sleep(rng.random() * 0.05)
                    process.kill()
                    break
            said = process.stderr.read() if process.stderr else ""
    early = peaks[len(peaks) // 4] if peaks else 0.0
    counts = [int(word) for word in said.split()] if faults else []
    told, most = len(set(ends)), round(max(peaks))
    return {"told": told, "begin": round(early), "peak": most, "bad": bad, "faults": counts}


@contextmanager
def small(folder: Path) -> Iterator[Path]:
    """A folder on a file system of its own, where we may make one."""
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={SMALL}m", "tmpfs", str(folder)]
    subprocess.run(mount, check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def digest(data: Path) -> str:
    """Of all that a journal holds."""
    whole = hashlib.sha256()
    with Journal(data / "journal.sqlite") as journal:
        whole.update(str(journal.status).encode())
        whole.update(repr(journal.windows(0, 1e12)).encode())
        for place, arrays in journal.state().items():
            for name, array in arrays.items():
                whole.update(f"{place} {name}".encode() + pack(array).digest)
        for place, arrays in journal.days(0, 10**6).items():
            for name, array in arrays.items():
                whole.update(f"{place} {name}".encode() + pack(array).digest)
    return whole.hexdigest()


def skipped(data: Path) -> int:
    """Windows that are neither judged nor told to have been skipped."""
    with Journal(data / "journal.sqlite") as journal:
        numbers = [number for number, *_ in journal.windows(0, 1e12)]
        gaps = sum(b - a - 1 for a, b in pairwise(numbers))
        told = sum(event.kind == "skipped" for event in journal.events(limit=10**6))
    return 0 if told else gaps
