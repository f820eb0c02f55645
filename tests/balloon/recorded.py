"""A libvirt that answers as a node with QEMU does, as late as one, until a test changes it."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import libvirt

KIB = 1024
"""In a MiB."""
CHANNEL = "<channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0'/></channel>"
"""To a guest agent."""
TOTAL = 10_240.0
"""MiB of a node for each of its VMs."""


class Refused(libvirt.libvirtError):  # type: ignore[misc]  # the library has no types
    """What libvirt raises, with the code that a test wants."""

    def __init__(self, text: str, code: int) -> None:
        Exception.__init__(self, text)
        self.err = None
        self.code = code

    def get_error_code(self) -> int:
        """The code."""
        return self.code


@dataclass
class VM:
    """What a node knows of a VM; tests change it. MiB."""

    name: str
    uuid: str
    run: int
    actual: float = 4096.0
    maximum: float = 4096.0
    used: float = 900.0
    job: int = 0
    state: int = 1
    spent: float = 1000.0
    told: int = 0
    frozen: bool = False
    mark: str | None = None
    agent: Callable[[str], str] | None = None
    answers: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.answers.set()

    @contextmanager
    def hanging(self) -> Iterator[None]:
        """Whoever asks for its job waits meanwhile."""
        self.answers.clear()
        try:
            yield
        finally:
            self.answers.set()


@dataclass
class RecordedNode:
    """One node.

    Attributes:
        vms: that run, by UUID.
        free: share of its memory that is left.
        delay: seconds that a call takes.
        each: seconds that the one big answer takes for each VM besides.
        answers: until it is cleared; then every call hangs.
        lost: every connection is broken, and none can be made.
        asked: sizes that balloons were asked for, with their UUIDs.
    """

    name: str
    vms: dict[str, VM]
    free: float = 0.1
    delay: float = 0.0
    each: float = 0.0
    lost: bool = False
    asked: list[tuple[str, float]] = field(default_factory=list)
    answers: threading.Event = field(default_factory=threading.Event)
    told: int = 1000

    @classmethod
    def of(cls, name: str, count: int, **more: Any) -> "RecordedNode":
        """So many VMs, alike."""
        every = [
            VM(f"{name}-vm{at}", str(uuid5(NAMESPACE_URL, f"{name}/{at}")), at + 1)
            for at in range(count)
        ]
        made = cls(name, {vm.uuid: vm for vm in every}, **more)
        made.answers.set()
        return made

    def wait(self, seconds: float | None = None) -> None:
        """Take as long as a call takes, which is for ever while the node hangs.

        Raises:
            Refused: the connection is lost.
        """
        seconds = self.delay if seconds is None else seconds
        if seconds:
            time.sleep(seconds)
        if not self.answers.is_set():
            self.answers.wait()
        if self.lost:
            raise Refused("End of file while reading data: ssh", libvirt.VIR_ERR_RPC)

    def connect(self, uri: str) -> "Connection":
        """Open a connection."""
        del uri
        self.wait()
        return Connection(self)

    @contextmanager
    def hanging(self) -> Iterator[None]:
        """Every call hangs meanwhile."""
        self.answers.clear()
        try:
            yield
        finally:
            self.answers.set()

    def refresh(self) -> None:
        """Guests tell their statistics anew, unless they are frozen."""
        self.told += 1
        for vm in self.vms.values():
            vm.spent += 1.0
            if not vm.frozen:
                vm.told = self.told


class Connection:
    """A connection to a node. Names are libvirt's."""

    def __init__(self, node: RecordedNode) -> None:
        self.node = node

    def listAllDomains(self, flags: int) -> Sequence["Domain"]:  # noqa: N802
        del flags
        self.node.wait()
        return [Domain(self, vm, vm.run) for vm in self.node.vms.values()]

    def isAlive(self) -> bool:  # noqa: N802
        return not self.node.lost

    def lookupByUUIDString(self, uuid: str) -> "Domain":  # noqa: N802
        self.node.wait()
        if uuid not in self.node.vms:
            raise Refused("Domain not found", libvirt.VIR_ERR_NO_DOMAIN)
        return Domain(self, self.node.vms[uuid], self.node.vms[uuid].run)

    def domainListGetStats(  # noqa: N802
        self, domains: Sequence["Domain"], stats: int, flags: int
    ) -> Sequence[tuple["Domain", dict[str, int]]]:
        del stats, flags
        self.node.wait(self.node.delay + self.node.each * len(domains))
        return [(one, one.stats()) for one in domains if one.vm.uuid in self.node.vms]

    def getMemoryStats(self, cell: int) -> dict[str, int]:  # noqa: N802
        del cell
        self.node.wait()
        total = TOTAL * KIB * max(1, len(self.node.vms))
        return {"total": int(total), "free": int(self.node.free * total), "buffers": 0, "cached": 0}


class Domain:
    """A VM on a connection. Names are libvirt's."""

    def __init__(self, connection: Connection, vm: VM, run: int) -> None:
        self._connection, self.vm, self._run = connection, vm, run

    def connect(self) -> Connection:
        return self._connection

    def name(self) -> str:
        return self.vm.name

    def UUIDString(self) -> str:  # noqa: N802
        return self.vm.uuid

    def ID(self) -> int:  # noqa: N802
        return self._run

    def stats(self) -> dict[str, int]:
        vm = self.vm
        sees = vm.actual - 96
        known = {
            "state.state": vm.state,
            "cpu.time": int(vm.spent * 1e9),
            "balloon.last-update": vm.told,
        }
        sizes = {
            "current": vm.actual, "maximum": vm.maximum, "rss": vm.actual, "available": sees,
            "usable": max(0.0, sees - vm.used), "unused": 100, "swap_in": 0,
        }  # fmt: skip
        known |= {f"balloon.{name}": int(mib * KIB) for name, mib in sizes.items()}
        return {**known, "balloon.major_fault": 0}

    def jobInfo(self) -> list[int]:  # noqa: N802
        self._connection.node.wait()
        self.vm.answers.wait()
        return [self.vm.job]

    def XMLDesc(self, flags: int) -> str:  # noqa: N802
        del flags
        self._connection.node.wait()
        return (
            f"<domain><name>{self.vm.name}</name><metadata>{self.vm.mark or ''}</metadata>"
            "<devices><memballoon model='virtio'><stats period='5'/></memballoon>"
            f"{'' if self.vm.agent is None else CHANNEL}</devices></domain>"
        )

    def metadata(self, kind: int, space: str, flags: int = 0) -> str:
        del kind, flags
        self._connection.node.wait()
        if self.vm.mark is None or "scroogevm" not in space:
            raise Refused("no metadata", libvirt.VIR_ERR_NO_DOMAIN_METADATA)
        return self.vm.mark

    def setMetadata(  # noqa: N802
        self, kind: int, text: str | None, prefix: str, space: str, flags: int
    ) -> None:
        del kind, prefix, flags
        self._connection.node.wait()
        self.vm.mark = text and text.replace("<held", f'<held xmlns="{space}"', 1)

    def maxMemory(self) -> int:  # noqa: N802
        return int(self.vm.maximum * KIB)

    def setMemoryFlags(self, size: int, flags: int) -> None:  # noqa: N802
        del flags
        self._connection.node.wait()
        self.vm.actual = size / KIB
        self._connection.node.asked.append((self.vm.uuid, size / KIB))


def agent_command(domain: Domain, text: str, seconds: int, flags: int) -> str:
    """Have a VM's agent answer, as the library's ``qemuAgentCommand`` does."""
    del seconds, flags
    domain.connect().node.wait()
    if domain.vm.agent is None:
        raise Refused("QEMU guest agent is not configured", libvirt.VIR_ERR_ARGUMENT_UNSUPPORTED)
    return domain.vm.agent(text)


def connecting(nodes: Sequence[RecordedNode]) -> Any:
    """Opens connections to nodes by ``qemu+ssh://NAME/system``."""
    known = {f"qemu+ssh://{one.name}/system": one for one in nodes}
    return lambda uri: known[uri].connect(uri)
