"""Nova's own code overwrites a ratio or keeps it; doctor and sink see it at once."""

import itertools
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from documents import ROOT
from offered import node, resource, status
from openstacks import Cloud
from operators import Operator
from scroogevm.offers.status import Status
from scroogevm.openstack.client import connect
from scroogevm.openstack.rules import Rules
from scroogevm.openstack.sink import PlacementPlace, PlacementSink
from servers import INSTALLS, missing, wait

NOVA = Path("/usr/lib/python3/dist-packages/nova/__init__.py")


class Compute:
    """A nova-compute, period by period."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def period(self, how: str = "") -> None:
        """Let it report what it has."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{how}\n")
        self._process.stdin.flush()
        assert self._process.stdout.readline() == "done\n"

    @contextmanager
    def busy(self) -> Iterator[None]:
        """Period after period meanwhile."""
        stop = threading.Event()

        def run() -> None:
            while not stop.is_set():
                self.period("busy")

        thread = threading.Thread(target=run)
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()


@contextmanager
def compute(cloud: Cloud, folder: Path, setting: str = "") -> Iterator[Compute]:
    if not NOVA.exists():
        missing(f"no python3-nova here: {INSTALLS}")
    config = folder / "nova.conf"
    access = f"auth_type = admin_token\nendpoint = {cloud.placement.url}\ntoken = admin\n"
    config.write_text(f"[DEFAULT]\n{setting}\n[placement]\n{access}")
    words = [str(ROOT / "tests" / "nova_compute.py"), str(config), "a", cloud.names["a"]]
    with (folder / "nova.log").open("w") as log:
        process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "TERM", "--", "/usr/bin/python3", *words],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            env={"PATH": "/usr/bin:/bin", "HOME": str(folder)},
        )
    with process:
        try:
            yield Compute(process)
        finally:
            process.kill()


def told(free: float = 80.0) -> Status:
    return status(node("a", resource(free=free), vms=0))


@pytest.fixture
def operator(cloud: Cloud, tmp_path: Path) -> Operator:
    cloud.host("a")
    made = Operator(tmp_path)
    made.tell(told())
    return made


def test_a_ratio_of_nova_conf_is_found_by_doctor_and_sink(
    cloud: Cloud, operator: Operator, tmp_path: Path
) -> None:
    said: list[str] = []
    place = PlacementPlace(lambda: connect(None), operator.data, Rules(share=1.0), "apply", 3600.0)
    with compute(cloud, tmp_path, "cpu_allocation_ratio = 16.0") as nova:
        operator.type("adopt")
        sink = PlacementSink(place, said.append)
        sink.publish(told())
        assert cloud.ratio("a") == 1.25
        nova.period()
        assert cloud.ratio("a") == 16.0
        found = operator.json("doctor", code=1)["nodes"][0]
        assert found["verdict"] == "blocked"
        assert found["findings"][0]["sentence"] == ("VCPU: the ratio is 16, and 1.25 was written")
        assert "unset in nova.conf" in found["findings"][0]["remedy"]
        sink.look()
        assert "a has stopped: VCPU: 1.25 was written, and somebody else wrote 16" in said[-1]
        sink.publish(told(free=90.0))
        assert cloud.ratio("a") == 16.0
        sink.close()


def test_a_doctor_who_watches_sees_who_writes(
    cloud: Cloud, operator: Operator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited = []
    with compute(cloud, tmp_path, "cpu_allocation_ratio = 16.0") as nova:

        def sleep(seconds: float) -> None:
            waited.append(seconds)
            nova.period()

        monkeypatch.setattr("scroogevm.cli.actions.placement.time.sleep", sleep)
        found = operator.json("doctor", "--watch", "--period", "90s", code=1)["nodes"][0]
    assert waited == [180.0]
    assert found["findings"][0]["sentence"] == "VCPU: the ratio went from 1 to 16 in the meantime"


def test_a_ratio_stays_where_nova_conf_has_none(
    cloud: Cloud, operator: Operator, tmp_path: Path
) -> None:
    with compute(cloud, tmp_path, "initial_cpu_allocation_ratio = 4.0") as nova:
        nova.period()
        operator.type("adopt")
        operator.type("apply")
        record = cloud.inventories("a")
        for _ in range(3):
            nova.period()
        assert cloud.inventories("a") == record
        assert record["VCPU"]["allocation_ratio"] == 1.25
        assert record["MEMORY_MB"]["reserved"] == 512  # of Nova
        assert record["DISK_GB"]["total"] > 0  # which is none of ours
        assert operator.json("doctor")["nodes"][0]["verdict"] == "ready"
        operator.type("rollback")
        nova.period()
    assert cloud.ratio("a") == 1.0


def test_nova_moves_inventories_and_allocations_while_ratios_are_written_and_undone(
    cloud: Cloud, operator: Operator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Nova writes hundreds of times as often as in a cloud, and may put a ratio back each time.
    monkeypatch.setattr("scroogevm.openstack.reversion.AGAIN", -1.0)
    with compute(cloud, tmp_path) as nova:
        nova.period()
        before = cloud.whole()
        operator.type("adopt")
        free: Iterator[float] = itertools.cycle((80.0, 90.0, 70.0))

        def conflicted() -> bool:
            operator.tell(told(next(free)))
            operator.type("apply", code=None)
            return any(one["answer"] == "conflict" for one in operator.json("log"))

        with nova.busy():
            wait(conflicted, "both to write at once")
            free = itertools.repeat(100.0)
            wait(lambda: conflicted() and cloud.ratio("a") > 1.5, "a write")
            log = operator.json("log")
            operator.type("rollback")
        assert {one["answer"] for one in log} == {"written", "conflict"}
        nova.period()
        assert cloud.whole() == before
