"""Guests that do as they are told, and say what they see."""

import os
import socket
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from servers import wait

if TYPE_CHECKING:
    from hypervisor.nodes import Node

BOOT = 120.0
"""Seconds that a guest may take to boot: on a busy machine it takes 15."""


WEIGHTS = {"cpu.shares": "262144", "cpu.weight": "10000"}
"""The highest weight of a control group, in either version."""


@contextmanager
def preferred(guests: Iterable["Guest"]) -> Iterator[None]:
    """Have guests run before whatever else runs here, so that what they use is up to them."""
    groups = {group for guest in guests for group in guest.groups()}
    files = [group / name for group in groups for name in WEIGHTS]
    before = {file: file.read_text() for file in files if file.exists()}
    for file in before:
        file.write_text(WEIGHTS[file.name])
    try:
        yield
    finally:
        for file, weight in before.items():
            with suppress(FileNotFoundError):  # a guest was ended
                file.write_text(weight)


class Guest:
    """A running domain.

    Attributes:
        name: of the domain.
        pid: of its QEMU.
    """

    def __init__(self, node: "Node", name: str, console: Path, commands: Path) -> None:
        self.name = name
        self.pid = int((node.root / f"run/libvirt/qemu/{name}.pid").read_text())
        self._node = node
        self._console = console
        self._commands = commands
        self._channel: Any = None

    @property
    def domain(self) -> Any:
        """What libvirt has, which outlives no libvirtd."""
        return self._node.connection.lookupByName(self.name)

    def booted(self) -> "Guest":
        """Wait until it is."""
        wait(
            lambda: "GUEST-READY" in self._console.read_text(errors="replace"),
            f"{self.name} to boot",
            BOOT,
        )
        return self

    def do(self, command: str) -> Mapping[str, int]:
        """Have a command obeyed (``init`` has the list), and get the guest's own /proc: memory in
        KiB, ``busy`` in hundredths of a second.
        """
        if self._channel is None:
            line = socket.socket(socket.AF_UNIX)
            line.connect(str(self._commands))
            line.settimeout(BOOT)
            self._channel = line.makefile("rw")
            line.close()  # the channel has it now
        self._channel.write(f"{command}\n")
        self._channel.flush()
        done, *facts = self._channel.readline().split()
        assert done == "OK", (command, done)
        return {name: int(value) for name, _, value in (fact.partition(":") for fact in facts)}

    def burn(self, seconds: float) -> None:
        """Wait until it has counted so much busy time."""
        end = self.do("stat")["busy"] + 100 * seconds
        wait(lambda: self.do("stat")["busy"] > end, f"{self.name} to be busy", every=0.25)

    def close(self) -> None:
        """Hang up."""
        if self._channel is not None:
            self._channel.close()

    @property
    def threads(self) -> list[int]:
        """Ids of all threads of its QEMU."""
        return [int(task.name) for task in Path(f"/proc/{self.pid}/task").iterdir()]

    def groups(self) -> Iterator[Path]:
        """Its control groups that share out cpus, and those they lie in."""
        for line in Path(f"/proc/{self.pid}/cgroup").read_text().splitlines():
            _, controllers, path = line.split(":", 2)
            for root in (controllers, *controllers.split(","), "unified", ""):
                folder = Path("/sys/fs/cgroup") / root
                inner = folder / path.removeprefix("/")
                yield from (group for group in (inner, *inner.parents) if folder in group.parents)

    def pin(self, cores: Collection[int]) -> None:
        """Let all its threads run on these cores only: two busy guests on one have to queue."""
        for thread in self.threads:
            os.sched_setaffinity(thread, cores)
