"""A journal that cannot be written stops shrinking, and keeps no guest small."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

from balloon.nodes import node
from scroogevm.balloon.acting import Acting
from scroogevm.balloon.clocks import Clocks
from scroogevm.balloon.following import Following
from scroogevm.balloon.journal import BalloonJournal, Held
from scroogevm.balloon.marks import NodeMarks
from scroogevm.balloon.policy import Policy
from scroogevm.balloon.restoring import Restoring
from scroogevm.balloon.settings import BalloonSettings
from scroogevm.balloon.targets import Targets
from scroogevm.balloon.watch import NodeWatch
from scroogevm.errors import OutputError
from scroogevm.hypervisor.hypervisor import Hypervisor, Listed, View
from servers import INSTALLS, missing

HELD = Held("node", "uuid-vm1", "vm1", 7, 1.0, 4096.0, 4096.0, 2048.0, 0.0, reached=True)


class Domain:
    """A VM of libvirt that does what it is asked."""

    def __init__(self, uuid: str, asked: dict[str, float]) -> None:
        self._uuid, self._asked = uuid, asked

    def UUIDString(self) -> str:  # noqa: N802  # libvirt's names, as those below
        return self._uuid

    def ID(self) -> int:  # noqa: N802
        return 7

    def maxMemory(self) -> int:  # noqa: N802
        return 4096 << 10

    def setMemoryFlags(self, size: int, flags: int) -> None:  # noqa: N802
        del flags
        self._asked[self._uuid] = size / 1024

    def metadata(self, *_: object) -> str:
        return ""

    def setMetadata(self, *_: object) -> None:  # noqa: N802
        """Marked."""

    def XMLDesc(self, flags: int) -> str:  # noqa: N802
        del flags
        return ""


class Node:
    """A libvirt whose VMs do what they are asked; what that was is kept."""

    def __init__(self) -> None:
        self.asked: dict[str, float] = {}

    def ask(self, question: Callable[[Any], Any], uuids: Sequence[str]) -> dict[str, Any]:
        return {uuid: question(Domain(uuid, self.asked)) for uuid in uuids}

    ask_in_turn = ask

    def look(self, begin: object) -> View:
        del begin
        stats = {"balloon.current": 2048 << 10, "cpu.time": 2_000_000_000, "state.state": 1}
        return View(up=True, listed=LISTED[1:], stats={"uuid-vm1": stats})


LISTED = [Listed("vm0", "uuid-vm0", 7), Listed("vm1", "uuid-vm1", 7)]


@contextmanager
def closed(journal: "Full") -> Iterator["Full"]:
    """A journal, closed in the end."""
    with journal:
        yield journal


class Full(BalloonJournal):
    """A journal whose disk is full by now."""

    full = False

    def keep(self, held: Any, acts: Any = ()) -> None:
        if self.full:
            raise OutputError("cannot be written: No space left on device")
        super().keep(held, acts)


@pytest.fixture
def watch(tmp_path: Path) -> NodeWatch:
    if find_spec("libvirt") is None:
        missing(f"no libvirt module here: {INSTALLS}")
    settings = BalloonSettings({"node": "test:///default"}, tmp_path)
    hypervisor = cast("Hypervisor", Node())
    made = NodeWatch("node", hypervisor, "qemu+ssh://n/system", Policy.of(), settings, "me")
    made.listed = LISTED
    return made


def asked_of(watch: NodeWatch) -> dict[str, float]:
    return cast("Node", watch.hypervisor).asked


@pytest.mark.parametrize("full", ["room", "full"])
def test_a_full_disk_stops_shrinking_and_releases_all_the_same(
    watch: NodeWatch, tmp_path: Path, full: str
) -> None:
    facts = node(2, actual=[4096.0, 2048.0], asked=[np.nan, 2048.0])
    targets = Targets(np.array([3000.0, 4096.0]), ("shrink", "release"), ((), ()), 0.0, {})
    with closed(Full(tmp_path / "balloon.sqlite")) as journal:
        journal.keep([HELD])
        acting = Acting(watch, journal, print, None)
        journal.full = full == "full"
        if journal.full:
            with pytest.raises(OutputError):
                acting.act(facts, targets, 100.0, 1000.0)
            assert asked_of(watch) == {"uuid-vm1": 4096.0}
        else:
            assert acting.act(facts, targets, 100.0, 1000.0) == {}
            assert asked_of(watch) == {"uuid-vm0": 3000.0, "uuid-vm1": 4096.0}
            assert {one.asked for one in journal.held().values()} == {3000.0, 4096.0}


@pytest.mark.parametrize("full", ["room", "full"])
def test_a_full_disk_gives_everything_back_all_the_same(
    watch: NodeWatch, tmp_path: Path, full: str
) -> None:
    with closed(Full(tmp_path / "balloon.sqlite")) as journal:
        journal.keep([HELD])
        watch.following = {HELD.uuid: Following(HELD)}
        marks = NodeMarks(watch, journal.owner)
        restoring = Restoring(watch, journal, marks, print, Clocks(now=lambda: 1000.0))
        journal.full = full == "full"
        if journal.full:
            with pytest.raises(OutputError):
                restoring.restore(0.0)
        else:
            assert [one.uuid for one in restoring.restore(0.0)] == ["uuid-vm1"]
        assert asked_of(watch) == {"uuid-vm1": 4096.0}
