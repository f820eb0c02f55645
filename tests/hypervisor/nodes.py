"""Worker nodes: a libvirtd each, on this machine, with guests that QEMU emulates."""

import os
import shutil
import signal
import subprocess
import tempfile
from importlib.util import find_spec
from pathlib import Path
from string import Template
from typing import Any, Self

from hypervisor.guests import Guest
from servers import INSTALLS, missing, require, wait

HERE = Path(__file__).with_name("node")
IMAGE = Path(__file__).parents[2] / ".cache" / "guest"


AGENT = '<channel type="unix"><target type="virtio" name="org.qemu.guest_agent.0"/></channel>'


def stack() -> None:
    """End the test unless everything a node needs is here."""
    if os.geteuid() != 0:
        missing("only root starts a node")
    for program in ("libvirtd", "qemu-system-x86_64", "tini", "unshare", "nsenter"):
        require(program)
    if find_spec("libvirt") is None:
        missing(f"no libvirt module here: {INSTALLS}")
    if not (IMAGE / "sum").exists():
        missing(f"no kernel for guests here: {INSTALLS}")


class Node:
    """A libvirtd with a folder, a mount namespace and sockets of its own; ends with the ``with``.

    Attributes:
        name: of the node.
        uri: of its libvirtd, for whoever is outside its mount namespace.
        connection: to it; opened anew by ``connect``.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.connection: Any = None

    def __enter__(self) -> Self:
        stack()
        # A socket's path may have no more than 107 characters, which pytest's folders may use up.
        self.root = Path(tempfile.mkdtemp(prefix=f"{self.name}-"))
        self.uri = f"qemu+unix:///system?socket={self.root}/run/libvirt/libvirt-sock"
        words = ["setpriv", "--pdeathsig", "TERM", "--"]
        words += ["unshare", "--mount", "--propagation", "private"]
        with (self.root / "output").open("wb") as output:
            self._process = subprocess.Popen(
                [*words, HERE / "start", self.root], stdout=output, stderr=output
            )
        try:
            self.connect()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        if self.connection is not None:
            self.connection.close()
        self._process.terminate()
        self._process.wait(60)
        shutil.rmtree(self.root)

    def connect(self) -> None:
        """Wait until libvirtd answers."""
        import libvirt  # noqa: PLC0415  # an extra: only these tests need it

        libvirt.registerErrorHandler(lambda *_: None, None)  # it prints what it raises, too

        def answers() -> Any:
            if self._process.poll() is not None:
                raise RuntimeError((self.root / "output").read_text())
            try:
                return libvirt.open(self.uri)
            except libvirt.libvirtError:
                return None

        self.connection = wait(answers, f"libvirtd of {self.name}")

    @property
    def inside(self) -> list[str]:
        """Words before a command that is to see the node's own /run, and this libvirtd in it."""
        return ["nsenter", f"--mount=/proc/{self._process.pid}/ns/mnt", "--"]

    def stop_libvirtd(self) -> None:
        """End libvirtd, not its guests, until ``start_libvirtd``."""
        (self.root / "hold").touch()
        daemon = int((self.root / "pid").read_text())
        os.kill(daemon, signal.SIGTERM)
        wait(lambda: not Path(f"/proc/{daemon}").exists(), "libvirtd to end")

    def start_libvirtd(self) -> None:
        """Let it run again, and wait until it answers."""
        (self.root / "hold").unlink()
        self.connect()

    def _disk(self, name: str, size: int, target: str) -> str:
        if not size:
            return ""
        file = self.root / f"console/{name}.{target}"
        with file.open("wb") as disk:
            disk.truncate(size << 20)
        return (
            f'<disk type="file"><driver name="qemu" type="raw"/><source file="{file}"/>'
            f'<target dev="{target}" bus="virtio"/></disk>'
        )

    def guest(
        self,
        name: str,
        *,
        memory: int = 128,
        vcpus: int = 1,
        driver: bool = True,
        disk: int = 0,
        swap: int = 0,
        period: int = 1,
        agent: str = "",
    ) -> Guest:
        """Start a guest, which boots meanwhile.

        Args:
            name: of the domain.
            memory: in MiB; under 96 it does not boot.
            vcpus: how many.
            driver: whether it has a balloon driver.
            disk: MiB of an empty disk; 0 for none.
            swap: MiB of a second disk, which it swaps to; likewise.
            period: seconds between refreshes of its statistics; 0 for never.
            agent: what its agent does (``node/agent-init`` has the list); empty for none.
        """
        options = [] if driver else ["no_driver"]
        if agent:
            if not (IMAGE / "agent.img").exists():
                missing(f"no agent for guests here: {INSTALLS}")
            options += ["rdinit=/agent-init", f"agent={agent}"]
        console, commands = (self.root / f"console/{name}.{end}" for end in ("text", "socket"))
        xml = Template((HERE / "domain.xml").read_text()).substitute(
            name=name,
            memory=memory,
            vcpus=vcpus,
            image=IMAGE,
            initrd="agent.img" if agent else "initrd.img",
            options=" ".join(options),
            channel=AGENT if agent else "",
            console=console,
            commands=commands,
            disk=self._disk(name, disk, "vda") + self._disk(name, swap, "vdb"),
            period=period,
        )
        self.connection.createXML(xml, 0)
        return Guest(self, name, console, commands)

    def migrate(self, guest: Guest, other: "Node", *, slowly: bool = False) -> Guest:
        """Move a guest to another node while it runs; how it is known there.

        Args:
            guest: of this node, without disks.
            other: the node.
            slowly: so that it takes some seconds.
        """
        import libvirt  # noqa: PLC0415  # an extra: only these tests need it

        domain = guest.domain
        xml = domain.XMLDesc(libvirt.VIR_DOMAIN_XML_MIGRATABLE)
        wanted = {
            libvirt.VIR_MIGRATE_PARAM_URI: f"unix://{other.root}/run/{guest.name}.migration",
            libvirt.VIR_MIGRATE_PARAM_DEST_XML: xml.replace(str(self.root), str(other.root)),
        }
        if slowly:
            wanted[libvirt.VIR_MIGRATE_PARAM_BANDWIDTH] = 8
        domain.migrate3(other.connection, wanted, libvirt.VIR_MIGRATE_LIVE)
        console, commands = (
            other.root / f"console/{guest.name}.{end}" for end in ("text", "socket")
        )
        return Guest(other, guest.name, console, commands)
