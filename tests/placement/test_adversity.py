"""Whatever happens while ratios are written: journal and Placement agree, or it is told."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from cable import Cable, Way
from offered import node, resource, status
from openstacks import Cloud, clouds_yaml, noauth
from operators import Operator
from scroogevm.errors import MisuseError, PlacementError
from scroogevm.offers.status import Status
from scroogevm.openstack.apply import Report, apply
from scroogevm.openstack.client import connect
from scroogevm.openstack.journal import NAME, WriteJournal
from scroogevm.openstack.rules import Rules
from scroogevm.openstack.writer import WritePace, Writer

ALL = Rules(share=1.0, rate=1e5)


def fleet(cloud: Cloud, number: int, free: float = 80.0) -> tuple[Sequence[str], Status]:
    names = [f"n{at:02}" for at in range(number)]
    for name in names:
        cloud.host(name)
    return names, status(*(node(name, resource(free=free), vms=0) for name in names))


@contextmanager
def writing(operator: Operator, pace: WritePace | None = None) -> Iterator[Writer]:
    with (
        WriteJournal(operator.data / NAME) as journal,
        connect(None, timeout=10) as client,
    ):
        client._pause = str  # at once
        yield Writer(client, journal, ALL.rate, pace or WritePace())


def agree(cloud: Cloud, operator: Operator) -> None:
    """Every ratio is the one that the journal says, and nothing is open."""
    with WriteJournal(operator.data / NAME, alone=False) as journal:
        memory = journal.memory()
        assert not journal.open_writes()
    for (uuid, kind), start in memory.starts.items():
        wrote = memory.written.get((uuid, kind), start.ratio)
        assert cloud.ratio(start.provider, kind) == wrote


def outcomes(report: Report) -> set[str | None]:
    return {one.outcome for one in report.done}


@pytest.fixture
def operator(tmp_path: Path) -> Operator:
    return Operator(tmp_path)


def test_a_concurrent_writer_costs_retries_and_nothing_else(
    cloud: Cloud, operator: Operator
) -> None:
    names, told = fleet(cloud, 16)
    before = cloud.whole()
    operator.tell(told)
    operator.type("adopt")
    stop = threading.Event()

    def nova() -> None:
        """Places and removes VMs on every node, which moves its generation."""
        other = Cloud(cloud.placement, names=dict(cloud.names))
        while not stop.is_set():
            for name in names:
                other.remove(other.place(name, 1))
        other.close()

    thread = threading.Thread(target=nova)
    thread.start()
    try:
        with writing(operator) as writer:
            first = apply(told, writer, ALL)
            later = status(*told.nodes.values())
            second = apply(later, writer, ALL)
            conflicts = [one for one in writer.journal.log() if one.answer == "conflict"]
        agree(cloud, operator)
        assert sum(cloud.ratio(name) == 1.25 for name in names) >= 12
        # Nova goes on placing while it is undone.
        operator.type("rollback")
    finally:
        stop.set()
        thread.join()
    assert conflicts, "nobody wrote meanwhile"
    assert outcomes(first) | outcomes(second) <= {"written", "conflict"}
    assert cloud.whole() == before
    agree(cloud, operator)


def test_nova_may_change_all_else_meanwhile(cloud: Cloud, operator: Operator) -> None:
    (name, *_), told = fleet(cloud, 2)
    operator.tell(told)
    operator.type("adopt")
    with writing(operator) as writer:
        ask = writer.client.survey

        def survey(*, whole: bool = False) -> object:
            found = ask(whole=whole)
            cloud.change(name, "VCPU", reserved=8)
            return found

        writer.client.survey = survey  # type: ignore[method-assign,assignment]
        report = apply(told, writer, ALL)
    assert outcomes(report) == {"written"}
    record = cloud.inventories(name)["VCPU"]
    # The whole record of Nova is there, and the ratio is right for what is left of it.
    assert (record["reserved"], record["allocation_ratio"]) == (8, 1.42)
    assert "reserved was 0 and is 8" in operator.type("rollback")
    assert cloud.inventories(name)["VCPU"] == {**record, "allocation_ratio": 1.0}


class Hooked(Writer):
    """Does something before a write."""

    before: dict[int, Callable[[], object]]

    def turn(self) -> bool:
        self.turns = getattr(self, "turns", -1) + 1
        self.before.get(self.turns, lambda: None)()
        return super().turn()


def test_placement_restarts_in_the_middle(cloud: Cloud, operator: Operator) -> None:
    _, told = fleet(cloud, 12)
    before = cloud.whole()
    operator.tell(told)
    operator.type("adopt")
    with writing(operator) as writer:
        writer.__class__ = Hooked
        writer.before = {3: lambda: cloud.placement.stop(signal.SIGKILL)}  # type: ignore[attr-defined]
        report = apply(told, writer, ALL)
        assert outcomes(report) == {"written", None}
        assert writer.journal.open_writes()
        with pytest.raises(PlacementError, match="cannot be asked"):
            apply(told, writer, ALL)
        cloud.placement.start()
        report = apply(told, writer, ALL)
    assert {one.outcome for one in report.settled} == {"lost"}
    assert outcomes(report) == {"written"}
    agree(cloud, operator)
    operator.type("rollback")
    assert cloud.whole() == before


@pytest.fixture
def cable(cloud: Cloud, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cable]:
    """What commands reach Placement by."""
    with Cable(cloud.placement.port) as cable:
        entry = {**noauth(cloud.placement), "placement_endpoint_override": cable.url}
        monkeypatch.setenv(
            "OS_CLIENT_CONFIG_FILE", str(clouds_yaml(tmp_path, {"test": dict(entry)}))
        )
        yield cable


@pytest.mark.parametrize(("way", "outcome"), [("swallow", "lost"), ("deafen", "written")])
def test_the_network_is_cut_in_the_middle(
    cloud: Cloud, cable: Cable, operator: Operator, way: Way, outcome: str
) -> None:
    _, told = fleet(cloud, 4)
    before = cloud.whole()
    operator.tell(told)
    operator.type("adopt")

    def cut() -> None:
        cable.caught.wait(30)
        cable.cut()

    thread = threading.Thread(target=cut)
    thread.start()
    cable.way = way
    with writing(operator) as writer:
        report = apply(told, writer, ALL)
        thread.join()
        assert outcomes(report) == {None}
        assert len(writer.journal.open_writes()) == 4
        cable.mend()
        report = apply(told, writer, ALL)
    assert [one.outcome for one in report.settled] == [outcome, "lost", "lost", "lost"]
    assert outcomes(report) == {"written"}
    agree(cloud, operator)
    operator.type("rollback")
    assert cloud.whole() == before


@pytest.mark.parametrize(("way", "outcome"), [("swallow", "lost"), ("deafen", "written")])
def test_killed_between_journal_and_answer(
    cloud: Cloud, cable: Cable, operator: Operator, way: Way, outcome: str
) -> None:
    _, told = fleet(cloud, 4)
    before = cloud.whole()
    operator.tell(told)
    operator.type("adopt")
    cable.way = way
    words = ["--file", str(operator.file), "--data", str(operator.data), "--share", "1"]
    process = subprocess.Popen(
        [sys.executable, "-m", "scroogevm", "placement", "apply", *words],
        stdout=subprocess.DEVNULL,
        env=dict(os.environ),
    )
    assert cable.caught.wait(60)
    process.kill()
    process.wait()
    cable.mend()
    with WriteJournal(operator.data / NAME, alone=False) as journal:
        (write,) = journal.open_writes()
    assert write.before["VCPU"]["allocation_ratio"] == 1.0
    assert write.after["VCPU"]["allocation_ratio"] == 1.25
    assert "not known yet" in operator.type("log")
    # A rollback alone finds out what came of it, and leaves nothing of it.
    found = operator.json("rollback")
    assert [one["outcome"] for one in found["done"]] == ["written"] * (outcome == "written")
    assert cloud.whole() == before
    agree(cloud, operator)
    answers = [one["answer"] for one in operator.json("log")]
    assert answers == [outcome, *["written"] * (outcome == "written")]


def test_a_rollback_shows_what_others_wrote_meanwhile(cloud: Cloud, operator: Operator) -> None:
    names, told = fleet(cloud, 4)
    operator.tell(told)
    operator.type("adopt")
    operator.type("apply")
    cloud.change("n00", "VCPU", allocation_ratio=9.0)
    cloud.change("n01", "VCPU", total=128)
    cloud.ask("DELETE", f"/resource_providers/{cloud.names['n02']}")
    del cloud.names["n02"]
    shown = operator.json("rollback", "--dry-run", code=1)
    assert [one["node"] for one in shown["restores"]] == ["n01", "n03"]
    (conflict,) = shown["conflicts"]
    assert conflict["conflict"] == "1.25 was written last, and somebody else wrote 9"
    assert shown["gone"] == [f"n02: n02 has no {kind} any more" for kind in ("MEMORY_MB", "VCPU")]
    assert cloud.ratio("n03") == 1.25
    operator.type("rollback", code=1)
    assert [cloud.ratio(name) for name in cloud.names] == [9.0, 1.0, 1.0]
    assert cloud.inventories("n01")["VCPU"]["total"] == 128
    operator.type("rollback", "--node", "n00", "--force")
    assert cloud.ratio("n00") == 1.0
    assert len(names) == 4


def test_a_rollback_goes_to_a_time(cloud: Cloud, operator: Operator) -> None:
    _, told = fleet(cloud, 1, free=70.0)
    operator.tell(told)
    operator.type("adopt")
    operator.type("apply")
    between = f"{time.time() + 1e-3:f}"
    operator.tell(status(node("n00", resource(free=90.0), vms=0)))
    operator.type("apply")
    assert cloud.ratio("n00") == 1.4
    with WriteJournal(operator.data / NAME, alone=False) as journal:
        found = journal.ratios_at(float(between))
        assert sorted(found.values()) == [1.0, 1.09]
        assert set(journal.ratios_at(0.0).values()) == {1.0}
    operator.type("rollback", "--to", "0s")
    assert cloud.ratio("n00") == 1.4
    operator.type("rollback")
    assert cloud.ratio("n00") == 1.0


def test_a_lost_journal_writes_nothing_until_it_is_adopted_anew(
    cloud: Cloud, operator: Operator
) -> None:
    _, told = fleet(cloud, 2)
    operator.tell(told)
    operator.type("adopt")
    operator.type("apply")
    written = cloud.whole()
    for path in operator.data.iterdir():
        path.unlink()
    operator.tell(status(*(node(name, resource(free=90.0), vms=0) for name in told.nodes)))
    with pytest.raises(MisuseError, match="there is no journal"):
        operator.type("rollback")
    assert {one["why"] for one in operator.json("apply")["plan"]["stays"]} == {"not adopted"}
    assert cloud.whole() == written
    operator.type("adopt")
    operator.type("apply")
    assert cloud.ratio("n00") == 1.4
    operator.type("rollback")
    assert cloud.whole() == written


def test_a_journal_serves_one_cloud(cloud: Cloud, operator: Operator, tmp_path: Path) -> None:
    _, told = fleet(cloud, 1)
    operator.tell(told)
    operator.type("adopt")
    clouds_yaml(tmp_path, {"other": noauth(cloud.placement)})
    with pytest.raises(MisuseError, match="is the journal of test, not of other"):
        operator.type("apply", "--cloud", "other")


@pytest.mark.parametrize(
    ("now", "at", "said"),
    [
        (3600.0, 0.0, "Placement's clock is -36"),
        (0.0, 3600.0, "offers were computed 3[56].. s in the future"),
    ],
)
def test_nothing_is_written_by_a_wrong_clock(
    cloud: Cloud, operator: Operator, now: float, at: float, said: str
) -> None:
    _, told = fleet(cloud, 1)
    operator.tell(told)
    operator.type("adopt")
    told = status(*told.nodes.values(), at=time.time() + at)
    pace = WritePace(now=lambda: time.time() + now)
    with writing(operator, pace) as writer:
        writer.client._clock = pace.now
        with pytest.raises(MisuseError, match=said):
            apply(told, writer, ALL)
    assert cloud.ratio("n00") == 1.0


def test_two_processes_never_write_at_once(cloud: Cloud, operator: Operator) -> None:
    _, told = fleet(cloud, 1)
    operator.tell(told)
    operator.type("adopt")
    with writing(operator):
        operator.json("plan")
        operator.type("log")
        for words in (("apply",), ("rollback",), ("adopt",)):
            with pytest.raises(MisuseError, match="is written by another process"):
                operator.type(*words)
