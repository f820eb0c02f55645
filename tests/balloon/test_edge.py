"""What is read of VMs, what is kept of them, and the command: without a hypervisor."""

import json
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from commands import fails, scroogevm
from scroogevm.balloon.description import MARK, SETTINGS, UNKNOWN, Mark, described
from scroogevm.balloon.gauges import Gauges
from scroogevm.balloon.journal import Acted, BalloonJournal, Held
from scroogevm.balloon.lock import NodeLock
from scroogevm.collect.env import read_env
from scroogevm.errors import MisuseError
from servers import INSTALLS, missing

NODE = ("balloon", "--node", "n1=test:///default")
BALLOON = "<memballoon model='virtio' autodeflate='on'><stats period='5'/></memballoon>"
HELD = Held("n1", "u", "web", 3, 10.0, 4096.0, 4096.0, 2048.0, 1000.0)
ENV = """
LIBVIRT_NODES={"http://10.0.0.1:9100":"qemu+ssh://10.0.0.1/system"}
BALLOONING_GRACE_PERIOD_S=300
BALLOONING_SCOPE_MN=30
BALLOONING_MIN_CONFIG_MB=1024
BALLOONING_THRESHOLD_GAIN_MB=512
BALLOONING_SCOPE_SLEEP_S=60
"""


def domain(inner: str = "", devices: str = BALLOON) -> str:
    return f"<domain><devices>{devices}</devices>{inner}</domain>"


def test_a_description_says_what_must_be_known() -> None:
    plain = described(domain())
    assert (plain.device, plain.deflates, plain.period, plain.mark) == (True, True, 5.0, None)
    assert (plain.locked, plain.hugepages, plain.passthrough) == (False, False, False)
    own = f'<s:memory xmlns:s="{SETTINGS}" minimum="2048" weight="2"/>'
    mark = f'<b:held xmlns:b="{MARK}" owner="me" until="99" original="4096"/>'
    rich = described(
        domain(
            f"<metadata>{own}{mark}</metadata><memoryBacking><hugepages/><locked/></memoryBacking>",
            f"{BALLOON}<hostdev type='pci'/>",
        )
    )
    assert (rich.locked, rich.hugepages, rich.passthrough) == (True, True, True)
    assert (rich.minimum, rich.weight, rich.mark) == (2048.0, 2.0, Mark("me", 99.0, 4096.0))
    assert described(domain(devices="<memballoon model='none'/>")) == UNKNOWN
    assert described("no description") == UNKNOWN
    assert not described(domain(devices=f"{BALLOON}<hostdev type='usb'/>")).passthrough


def stats(told: int, used: int, swap: int = 0, faults: int = 0) -> dict[str, int]:
    return {
        "balloon.last-update": told,
        "balloon.available": 8192 << 10,
        "balloon.usable": (8192 - used) << 10,
        "balloon.swap_in": swap << 10,
        "balloon.major_fault": faults,
    }


def test_rates_age_and_need_follow_the_statistics_of_the_guest() -> None:
    gauges = Gauges(1, 0.0)
    assert gauges.age(5.0) == np.inf
    gauges.look(stats(1000, 1024), 10.0, 1003.0, 3600.0)
    assert gauges.age(12.0) == 5.0  # the first time by the clocks of both machines
    assert np.isnan(gauges.swap_in)
    gauges.look(stats(1010, 2048, swap=20, faults=50), 20.0, 5.0, 3600.0)
    assert (gauges.swap_in, gauges.faults) == (2.0, 5.0)
    assert (gauges.age(21.0), gauges.looked, gauges.need(100)) == (1.0, 10.0, 2048.0)
    gauges.look(stats(1010, 9999), 60.0, 1060.0, 3600.0)  # frozen: nothing new is told
    assert (gauges.age(60.0), gauges.need(100)) == (40.0, 2048.0)


def test_a_journal_keeps_what_is_held_and_what_was_asked(tmp_path: Path) -> None:
    path = tmp_path / "balloon.sqlite"
    with BalloonJournal(path) as journal:
        owner = journal.owner
        acted = Acted(1000.0, "n1", "u", "web", "shrink", 4096.0, 2048.0, "It gives 2 GiB.")
        journal.keep([HELD], [acted])
        with pytest.raises(MisuseError, match="is written by another process"):
            BalloonJournal(path)
    with BalloonJournal(path) as journal:
        assert journal.owner == owner
        assert list(journal.held("n1").values()) == [HELD]
        assert journal.held("n2") == {}
        assert journal.acts() == [acted]
        journal.keep([HELD._replace(reached=True)])
        assert journal.held()["n1", "u"].reached
        journal.drop([HELD])
        assert journal.held() == {}


def test_two_processes_never_act_on_one_node() -> None:
    with NodeLock("test:///lock"):
        with pytest.raises(MisuseError, match="another companion acts on it"):
            NodeLock("test:///lock").__enter__()
        with NodeLock("test:///other"):
            pass
    with NodeLock("test:///lock"):
        pass


def test_the_keys_of_the_predecessor_are_taken(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(ENV)
    found = read_env(tmp_path / ".env").balloon
    assert found.nodes == {"http://10.0.0.1:9100": "qemu+ssh://10.0.0.1/system"}
    assert (found.interval, found.minimum) == (60, 1024)
    assert "predecessor:grace=300,gain=512" in found.rules
    assert any("1800" in rule for rule in found.rules)
    (tmp_path / ".env").write_text("LIBVIRT_NODES=[1]\n")
    assert "LIBVIRT_NODES" in fails(2, "balloon", "--env", tmp_path / ".env", "plan")


def test_the_command_plans_shows_and_refuses(tmp_path: Path) -> None:
    if find_spec("libvirt") is None:
        missing(f"no libvirt module here: {INSTALLS}")
    data = ("--data", tmp_path)
    words = (*NODE, *data, "--interval", "0.2s")
    planned = json.loads(scroogevm(*words, "plan", "--watch", "0.4s", "--json").stdout)
    assert planned["mode"] == "plan"
    (vm,) = planned["nodes"][0]["vms"]
    assert (vm["name"], vm["act"], vm["promised"]) == ("test", "refuse", 8192.0)
    shown = scroogevm(*words, "plan", "--watch", "0.4s")
    assert "refuse" in shown.stdout
    assert not (tmp_path / "balloon.sqlite").exists()  # nothing is changed, nothing is kept
    assert "writes it into its data" in fails(2, "balloon", *data, "status")
    assert "no journal of a memory companion" in fails(2, *words, "restore")
    assert "no journal of a memory companion" in fails(2, "balloon", *data, "log")
    assert "unknown" in fails(2, *words, "--rule", "steep:most=1", "plan")
    assert "not an address of libvirt" in fails(2, "balloon", "--node", "n1=http://x", "plan")
    assert "two nodes have the name" in fails(2, *NODE, *NODE[1:], "plan")
