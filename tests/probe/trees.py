"""Trees of /proc and /sys as kernels lay them out, and a libvirt that does what a test says."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from types import SimpleNamespace
from typing import Any

UUID = "6695eb01-f6a4-8304-79aa-97f2502e193f"
OTHER = "11111111-2222-3333-4444-555555555555"

STAT = """\
cpu  1000 100 500 8000 300 10 20 40 600 0
cpu0 500 50 250 4000 150 5 10 20 300 0
cpu1 500 50 250 4000 150 5 10 20 300 0
intr 1 2 3
btime 1795000000
"""
MEMINFO = """\
Odd line
MemFree:         2000 kB
MemTotal:       10000 kB
Buffers:           30 kB
MemAvailable:    4000 kB
Cached:           500 kB
HugePages_Total:    0
"""
SCHEDSTAT = """\
version 15
timestamp 4300000000
cpu0 0 0 0 0 0 0 1000000000 2000000000 30
domain0 3 1 2 3
cpu1 0 0 0 0 0 0 500000000 250000000 12
"""
PRESSURE = """\
some avg10=0.00 avg60=0.10 avg300=0.00 total=1500000
full avg10=0.00 avg60=0.00 avg300=0.00 total=250000
"""
NODE: Mapping[str, str] = {
    "proc/stat": STAT,
    "proc/meminfo": MEMINFO,
    "proc/schedstat": SCHEDSTAT,
    "proc/pressure/cpu": PRESSURE.splitlines()[0] + "\n",
    "proc/pressure/memory": PRESSURE,
    "proc/pressure/io": PRESSURE,
    "sys/devices/system/cpu/cpu0/cpufreq/scaling_cur_freq": "2000000\n",
    "sys/devices/system/cpu/cpu1/cpufreq/scaling_cur_freq": "3000000\n",
    "sys/devices/system/cpu/cpu0/cpufreq/cpuinfo_min_freq": "800000\n",
    "sys/devices/system/cpu/cpu0/cpufreq/cpuinfo_max_freq": "3600000\n",
}
"""A node where everything can be seen."""


def grow(root: Path, files: Mapping[str, str]) -> tuple[Path, Path]:
    """Write files; the folders that stand for /proc and /sys."""
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode())
    for name in ("proc", "sys"):
        (root / name).mkdir(exist_ok=True)
    return root / "proc", root / "sys"


def process(
    pid: int,
    uuid: str,
    *,
    started: int = 4711,
    threads: Mapping[int, str] | None = None,
    groups: str = "",
    name: str = "qemu) R (x",
) -> dict[str, str]:
    """The files of a VM's process; its name is one that misleads whoever splits at blanks."""
    before = f"{pid} ({name}) S 1 {pid} {pid} 0 -1 4194560"
    after = f"28741 7 20 8 0 0 0 0 20 0 5 0 {started} 730681344 67004 18446744073709551615 1 1"
    files = {
        f"proc/{pid}/stat": f"{before} {after}\n",
        f"proc/{pid}/cmdline": f"/usr/bin/qemu\0-name\0guest=x\0-uuid\0{uuid}\0-m\0size=1k\0",
        f"proc/{pid}/cgroup": groups,
    }
    for thread, schedstat in (threads or {}).items():
        files[f"proc/{pid}/task/{thread}/schedstat"] = schedstat
    return files


class Error(Exception):
    """What the library raises."""

    def __init__(self, text: str, code: int = 1) -> None:
        super().__init__(text)
        self.code = code

    def get_error_code(self) -> int:
        return self.code


LIBRARY = SimpleNamespace(
    libvirtError=Error,
    VIR_CONNECT_LIST_DOMAINS_ACTIVE=1,
    VIR_DOMAIN_STATS_STATE=1,
    VIR_DOMAIN_STATS_CPU_TOTAL=2,
    VIR_DOMAIN_STATS_BALLOON=4,
    VIR_DOMAIN_STATS_VCPU=8,
    VIR_DOMAIN_METADATA_ELEMENT=2,
    VIR_DOMAIN_SHUTOFF=5,
    VIR_ERR_NO_DOMAIN=42,
    VIR_ERR_OPERATION_INVALID=55,
    VIR_ERR_OPERATION_TIMEOUT=68,
)
"""As much of the library as the probe uses; it has no NOWAIT, like an old one."""

NEWER = SimpleNamespace(VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT=1 << 29, **vars(LIBRARY))
"""One that can tell at once what it knows without a VM that is being asked already."""


def answer(cpu: int = 10**10, more: Mapping[str, int] = {}) -> dict[str, int]:
    """What libvirt says of a VM in its one big answer."""
    return {
        "state.state": 1,
        "cpu.time": cpu,
        "cpu.user": cpu // 2,
        "cpu.system": cpu // 4,
        "balloon.current": 2048,
        "balloon.maximum": 4096,
        "balloon.rss": 1024,
        "vcpu.current": 2,
        "vcpu.maximum": 4,
        "vcpu.0.delay": 10**9,
        "vcpu.1.delay": 2 * 10**9,
        **more,
    }


@dataclass(eq=False)
class Vm:
    """A VM of the libvirt that tests make up."""

    host: "Host"
    title: str
    uuid: str
    stats: dict[str, int] = field(default_factory=answer)
    blocked: Event | None = None
    failure: Error | None = None
    alone: Error | None = None
    metadata_element: str | None = None
    run: int = 1
    asked: bool = False

    def ID(self) -> int:  # noqa: N802  # the library's name
        return self.run

    def name(self) -> str:
        return self.title

    def UUIDString(self) -> str:  # noqa: N802  # the library's name
        return self.uuid.upper()

    def connect(self) -> "Host":
        return self.host

    def info(self) -> Sequence[int]:
        if self.alone or self.failure or not self.blocked:
            raise self.alone or self.failure or Error("no info")
        return 1, 4096, 2048, 2, 10**10

    def memoryStats(self) -> Mapping[str, int]:  # noqa: N802  # the library's name
        if self.blocked:
            self.blocked.wait()
        raise Error("cannot acquire state change lock", LIBRARY.VIR_ERR_OPERATION_TIMEOUT)

    def answer(self, flags: int) -> dict[str, int]:
        """Its part of the big answer, without its monitor where somebody else is asking that."""
        if self.blocked and not self.blocked.is_set():
            if self.asked and flags:
                return {key: value for key, value in self.stats.items() if key != "balloon.rss"}
            self.asked = True
            self.blocked.wait()
        self.asked = False
        if self.failure:
            raise self.failure
        return dict(self.stats)

    def metadata(self, kind: int, space: str) -> str:
        del kind
        if self.metadata_element is None or space not in self.metadata_element:
            raise Error("no metadata", 80)
        return self.metadata_element


@dataclass(eq=False)
class Host:
    """A connection of the libvirt that tests make up."""

    vms: list[Vm] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    broken: list[Error] = field(default_factory=list)
    opened: int = 0
    refuses: Error | None = None
    on_stats: Callable[[Sequence[Vm]], None] = lambda _: None

    def connect(self, uri: str) -> "Host":
        del uri
        self.opened += 1
        if self.refuses:
            raise self.refuses
        return self

    def listAllDomains(self, flags: int) -> Sequence[Vm]:  # noqa: N802  # the library's name
        assert flags == LIBRARY.VIR_CONNECT_LIST_DOMAINS_ACTIVE
        self.calls.append("list")
        if self.broken:
            raise self.broken.pop()
        return list(self.vms)

    def lookupByUUIDString(self, uuid: str) -> Vm:  # noqa: N802  # the library's name
        for vm in self.vms:
            if vm.uuid == uuid:
                return vm
        raise Error("Domain not found", LIBRARY.VIR_ERR_NO_DOMAIN)

    def domainListGetStats(self, vms: Sequence[Vm], stats: int, flags: int) -> Any:  # noqa: N802  # the library's name
        assert stats == 15
        assert flags in (0, NEWER.VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT)
        self.calls.append(f"stats {len(vms)}")
        self.on_stats(vms)
        answers = [(vm, vm.answer(flags)) for vm in vms]
        return [(vm, stats) for vm, stats in answers if vm in self.vms]

    def add(self, name: str, uuid: str, **more: Any) -> Vm:
        vm = Vm(self, name, uuid, **more)
        self.vms.append(vm)
        return vm
