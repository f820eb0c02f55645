"""Pressure within guests, on recorded answers of their agents and on answers that make no sense."""

import base64
import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from scroogevm.balloon.agent import COUNT, FILE, LARGEST, content, pressure_of, returned, share
from scroogevm.balloon.description import CHANNEL, described
from scroogevm.hypervisor import library

if TYPE_CHECKING:
    from balloon.running import Fleet, Make

BALLOON = "<memballoon model='virtio'/>"
TARGET = f"<target type='virtio' name='{CHANNEL}' state='disconnected'/>"
LINE = "avg10={:.2f} avg60=0.50 avg300=0.25 total=123456789"
HANDLE = 1000


def told(percent: float) -> str:
    """The kernel's file."""
    return f"some {LINE.format(percent)}\nfull {LINE.format(0)}\n"


def answer(value: object) -> str:
    return json.dumps({"return": value})


class Agent:
    """An agent of a guest in which tasks wait so many percent of the time, which counts files."""

    def __init__(self, percent: float = 0.0, **instead: Callable[[], str]) -> None:
        self.percent, self.instead = percent, dict[str, Callable[[], str]](instead)
        self.said: list[str] = []
        self.open, self.handle = 0, HANDLE

    def __call__(self, text: str) -> str:
        """Obey a command."""
        asked = json.loads(text)
        command, words = asked["execute"].removeprefix("guest-file-"), asked["arguments"]
        self.said.append(command)
        if command == "open":
            assert words == {"path": FILE, "mode": "r"}
            self.open += 1
        elif command == "close":
            assert words["handle"] == self.handle
            self.open -= 1
        if command in self.instead:
            return self.instead[command]()
        if command == "open":
            return answer(HANDLE)
        if command == "close":
            return answer({})
        assert words == {"handle": self.handle, "count": COUNT}
        read = told(self.percent).encode()
        return answer({"count": len(read), "buf-b64": base64.b64encode(read).decode(), "eof": True})


def refusing() -> str:
    from balloon.recorded import Refused  # noqa: PLC0415  # needs libvirt

    raise Refused("unable to execute QEMU agent command: it has been disabled", 1)


# What files and answers say.


def test_a_channel_is_known_whether_or_not_an_agent_is_there() -> None:
    channel = f"<channel type='unix'>{TARGET}</channel>"
    assert described(f"<domain><devices>{BALLOON}{channel}</devices></domain>").agent
    other = channel.replace(CHANNEL, "com.redhat.spice.0")
    assert not described(f"<domain><devices>{BALLOON}{other}</devices></domain>").agent


@given(st.integers(0, 10_000))
def test_the_kernels_file_is_read_as_a_share(hundredths: int) -> None:
    assert share(told(hundredths / 100)) == pytest.approx(hundredths / 10_000)


NUMBERS = st.text("0123456789.-+eE_ naif٣", max_size=30)
LINES = st.builds("some avg10={} avg60={} avg300={} total={}\n".format, *[NUMBERS] * 4)


@given(st.text(max_size=200) | LINES | st.builds("{}{}".format, LINES, st.text(max_size=50)))
def test_another_file_is_refused_or_is_a_share(text: str) -> None:
    try:
        found = share(text)
    except ValueError:
        return
    assert 0 <= found <= 1


@pytest.mark.parametrize(
    "text",
    [
        "", "some avg10=1.00", told(100.01), told(1).replace("some", "full"), told(1) + told(1),
        told(1).replace("1.00", "nan", 1), told(1).replace("1.00", "1e1", 1), told(1) + "\0",
        told(1).replace("1.00", "-1.00", 1), told(1).strip(), told(1).replace("1.00", "٣.٣٣", 1),
    ],
)  # fmt: skip
def test_a_file_that_is_not_the_kernels_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"pressure|all of the time"):
        share(text)


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=8,
)
READ = st.fixed_dictionaries(
    {},
    optional={"count": ANYTHING, "buf-b64": st.text(max_size=20), "eof": st.just(True) | ANYTHING},
)


@given(ANYTHING | READ)
def test_what_is_no_whole_file_is_refused(found: object) -> None:
    try:
        text = content(found)
    except ValueError:
        return
    assert len(text) <= COUNT


@given(st.text() | st.builds(json.dumps, ANYTHING))
def test_what_is_no_answer_is_refused(text: str) -> None:
    try:
        returned(text)
    except (ValueError, RecursionError):
        return
    assert "return" in json.loads(text)


def test_an_answer_that_is_too_large_is_not_parsed() -> None:
    with pytest.raises(ValueError, match="too large"):
        returned(answer("x" * LARGEST))
    with pytest.raises((ValueError, RecursionError)):
        returned("[" * LARGEST)
    long = base64.b64encode(b"x" * (COUNT + 1)).decode()
    with pytest.raises(ValueError, match="another size"):
        content({"count": COUNT + 1, "buf-b64": long, "eof": True})
    with pytest.raises(ValueError, match="whole"):
        content({"count": 0, "buf-b64": "", "eof": False})


# What is made of agents.


class Domain:
    """A VM with nothing but an agent. Names are libvirt's."""

    def __init__(self, agent: Callable[[str], str], *, alive: bool = True) -> None:
        self.agent, self.alive = agent, alive

    def connect(self) -> "Domain":
        return self

    def isAlive(self) -> bool:  # noqa: N802
        return self.alive


@pytest.fixture(scope="module")
def alone() -> Iterator[None]:
    pytest.importorskip("libvirt")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(library, "agent", lambda: lambda domain, text, *_: domain.agent(text))
        yield


SAID = st.text(max_size=100) | st.builds(answer, ANYTHING | READ)


@pytest.mark.usefixtures("alone")
@given(st.fixed_dictionaries({}, optional=dict.fromkeys(("open", "read", "close"), SAID)))
@example({"open": answer(0)})
def test_whatever_an_agent_says_an_open_file_is_closed(says: Mapping[str, str]) -> None:
    agent = Agent(12.5, **{name: lambda text=text: text for name, text in says.items()})
    with suppress(ValueError, KeyError, TypeError):  # it may be a handle
        agent.handle = json.loads(says["open"])["return"]
    found = pressure_of(Domain(agent))
    assert np.isnan(found) or 0 <= found <= 1
    assert agent.said in (["open"], ["open", "read", "close"])
    if "open" not in says:
        assert agent.open == 0
    if not says:
        assert found == 0.125


@pytest.mark.usefixtures("alone")
@pytest.mark.parametrize("handle", [True, -1, 1 << 63, "1000", None, 1.0, [1]])
def test_what_is_no_handle_is_not_read(handle: object) -> None:
    agent = Agent(open=lambda: answer(handle))
    assert np.isnan(pressure_of(Domain(agent)))
    assert agent.said == ["open"]


@pytest.mark.usefixtures("alone")
@pytest.mark.parametrize("command", ["open", "read", "close"])
def test_who_refuses_is_not_an_error_but_a_lost_connection_is(command: str) -> None:
    import libvirt  # noqa: PLC0415  # an extra

    agent = Agent()
    agent.instead[command] = refusing
    assert np.isnan(pressure_of(Domain(agent)))
    assert (agent.open == 0) == (command != "open")
    with pytest.raises(libvirt.libvirtError):
        pressure_of(Domain(agent, alive=False))


# What the companion does with it.


@pytest.fixture
def asking(make: "Make", monkeypatch: pytest.MonkeyPatch) -> Callable[..., "Fleet"]:
    """Makes a companion of one node, whose VMs have these agents."""
    from balloon.recorded import agent_command  # noqa: PLC0415  # needs libvirt

    monkeypatch.setattr(library, "agent", lambda: agent_command)

    def made(agents: Sequence[Callable[[str], str] | None], **more: Any) -> "Fleet":
        found = make(1, **{"agent": True, **more})
        for vm, agent in zip(found.nodes[0].vms.values(), agents, strict=True):
            vm.agent = agent
        return found

    return made


Asking = Callable[..., "Fleet"]


def test_a_guest_whose_tasks_wait_is_not_shrunk_and_the_other_is(asking: Asking) -> None:
    waiting, calm = Agent(40), Agent(1)
    found = asking([waiting, calm])
    first, second = found.nodes[0].vms.values()
    found.cycle()
    seen = found.cycle()["n0"]
    assert (seen[first.name].act, seen[first.name].rule) == ("keep", "stalling")
    assert (seen[first.name].pressure, seen[second.name].pressure) == (0.4, 0.01)
    assert seen[first.name].reason.startswith("Its tasks wait for memory 40")
    assert (first.actual, first.maximum) == (4096.0, 4096.0)
    assert second.actual < second.maximum
    assert waiting.open == calm.open == 0


def test_a_guest_that_comes_to_wait_gets_back_what_was_taken(asking: Asking) -> None:
    agent = Agent(0)
    found = asking([agent, None])
    node = found.shrunk()
    first, second = node.vms.values()
    agent.percent = 11
    assert found.cycle()["n0"][first.name].rule == "stalling"
    assert first.actual == first.maximum
    assert second.actual < second.maximum


def test_agents_are_asked_only_where_that_matters(asking: Asking) -> None:
    agents = [Agent(40), Agent(40)]
    found = asking(agents)
    found.nodes[0].free = 0.5  # nothing is to be taken
    found.cycle()
    found.cycle()
    assert agents[0].said == agents[1].said == []
    found.nodes[0].free = 0.1
    found.cycle()
    assert agents[0].said == agents[1].said == ["open", "read", "close"]


@pytest.mark.parametrize("more", [{"mode": "plan"}, {"agent": False}], ids=str)
def test_agents_are_asked_only_where_that_is_wanted(asking: Asking, more: Any) -> None:
    agents = [Agent(40), Agent(40)]
    found = asking(agents, **more)
    found.cycle()
    assert {vm.act for vm in found.cycle()["n0"].values()} == {"shrink"}
    assert agents[0].said == agents[1].said == []


def test_an_agent_that_refuses_is_left_alone_and_tried_again(asking: Asking) -> None:
    agent = Agent(40, open=refusing)
    found = asking([agent, Agent(0)])
    first, _ = found.nodes[0].vms.values()
    for _ in range(5):
        found.cycle()
    assert agent.said == ["open"]
    assert first.actual < first.maximum
    assert found.cycle()["n0"][first.name].pressure is None
    assert found.said == []
    del agent.instead["open"]  # it may now, or an agent has connected
    for _ in range(3):
        found.cycle()
    assert first.actual == first.maximum


def test_an_agent_that_hangs_holds_up_no_other_and_its_vm_is_still_shrunk(asking: Asking) -> None:
    go = threading.Event()

    def hangs() -> str:
        assert go.wait(30)
        return refusing()

    slow, calm = Agent(0, open=hangs), Agent(40)
    found = asking([slow, calm])
    first, second = found.nodes[0].vms.values()
    begun = time.monotonic()
    for _ in range(4):
        seen = found.cycle()["n0"]
    assert time.monotonic() - begun < 4  # it was waited for once
    assert slow.said == ["open"]
    assert seen[first.name].act != "refuse"
    assert first.actual < first.maximum
    assert second.actual == second.maximum
    assert calm.open == 0
    go.set()


def test_an_answer_that_comes_late_is_used_in_the_next_cycle(asking: Asking) -> None:
    def late() -> str:
        time.sleep(1.5)
        return answer(HANDLE)

    agent = Agent(40, open=late)
    found = asking([agent, None])
    first, _ = found.nodes[0].vms.values()
    found.cycle()
    found.cycle()
    while agent.said != ["open", "read", "close"]:
        time.sleep(0.01)
    time.sleep(0.05)
    seen = found.cycle()["n0"]
    assert seen[first.name].rule == "stalling"
    assert first.actual == first.maximum


def test_many_agents_that_hang_keep_few_threads(asking: Asking) -> None:
    from balloon.recorded import RecordedNode  # noqa: PLC0415  # needs libvirt

    go, hanging = threading.Event(), list[int]()

    def hangs() -> str:
        hanging.append(1)
        assert go.wait(30)
        return refusing()

    found = asking([None, None])
    node = found.nodes[0]
    node.vms.update(RecordedNode.of("more", 20).vms)
    for vm in node.vms.values():
        vm.agent = Agent(open=hangs)
    for _ in range(4):
        found.cycle()
    assert len(hanging) == 4
    assert all(vm.actual < vm.maximum for vm in node.vms.values())
    go.set()
