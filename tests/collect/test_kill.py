"""kill -9 at any moment: what was said to be kept is there, once, and the store is whole."""

import json
import os
import random
import select
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from collect.exporters import Exporters, good
from scroogevm.stores import open_store
from scroogevm.stores.embedded import Embedded
from servers import LIMIT, wait

TIMES = int(os.environ.get("SCROOGEVM_KILLS", "40"))
"""Kills in all; a hundred take a minute."""
ABREAST = 10
NODES = ("a", "b")
LATEST = 11
"""Scrapes of a node before which a collector is killed: it writes once in five of them."""

NURSERY = Path(__file__).parent / "nursery.py"


@contextmanager
def nursery() -> Iterator["subprocess.Popen[str]"]:
    words = ["setpriv", "--pdeathsig", "KILL", "--", sys.executable, str(NURSERY)]
    with subprocess.Popen(
        words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield process
        process.communicate("\n")


def start(process: "subprocess.Popen[str]", folder: Path, words: Sequence[str]) -> int:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(json.dumps([str(folder), ["collect", *words]]) + "\n")
    process.stdin.flush()
    return int(process.stdout.readline())


def test_kills_lose_nothing_that_was_kept(tmp_path: Path) -> None:
    chance = random.Random(7)  # noqa: S311  # moments, no secrets
    places = [tmp_path / str(number) for number in range(ABREAST)]
    for place in places:
        place.mkdir()
    with Exporters() as exporters, nursery() as process:
        for turn in range(TIMES // ABREAST):
            pids = {place: start(process, place, words(exporters, place)) for place in places}
            served = {place: exporters.served[page(place, NODES[0])] for place in places}
            ends = {place: served[place] + chance.randrange(LATEST) for place in places}
            for place in sorted(places, key=ends.__getitem__):
                reached = partial(served_more, exporters, page(place, NODES[0]), ends[place])
                wait(reached, "scrapes", every=0.002)
                if turn % 2:  # at a moment when it says, or might say too early, that it kept some
                    wait(partial(says_more, place, said(place)), "words", every=0.0005)
                kill(pids[place])
    kept = sum(look(place) for place in places)
    assert kept > 2 * TIMES


def kill(pid: int) -> None:
    """Kill a process, and wait until it is gone: until then it holds the lock of its store."""
    handle = os.pidfd_open(pid)
    try:
        signal.pidfd_send_signal(handle, signal.SIGKILL)
        assert select.select([handle], [], [], LIMIT)[0]
    finally:
        os.close(handle)


def page(place: Path, node: str) -> str:
    return f"/good/{place.name}/{node}"


def words(exporters: Exporters, place: Path) -> Sequence[str]:
    exporters.pages |= {page(place, node): good for node in NODES}
    targets = [f"--target={node}={exporters.url(page(place, node))}" for node in NODES]
    return [*targets, "--interval", "0.2", "-v"]


def served_more(exporters: Exporters, path: str, times: int) -> bool:
    return exporters.served[path] >= times


def said(place: Path) -> int:
    """How much a collector said."""
    log = place / "collect.log"
    return log.stat().st_size if log.exists() else 0


def says_more(place: Path, before: int) -> bool:
    return said(place) > before


def look(place: Path) -> int:
    """How many samples were said to be kept, all of which are there."""
    lines = (line.split() for line in (place / "collect.log").read_text().splitlines())
    kept = {(words[1], float(words[2])) for words in lines if words[:1] == ["kept:"]}
    store = open_store(str(place / "scroogevm-store"))
    assert isinstance(store, Embedded)
    with store:
        assert list(store.check()) == []
        rows = store.read(NODES, 0, 2e9, ["cpu"]).nodes
    stored = [
        (rows.owners[owner][0], at)
        for owner, at in zip(rows.owner.tolist(), rows.time.tolist(), strict=True)
    ]
    assert len(stored) == len(set(stored))
    assert kept <= set(stored)
    assert set(rows.values["cpu"]) <= {4}
    return len(kept)
