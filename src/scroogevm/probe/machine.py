"""Reads the kernel's values of the VMs' processes, and keeps state between readings."""

import resource
from collections.abc import Collection, Mapping
from pathlib import Path

from scroogevm.probe.kernel.cgroups import read_groups
from scroogevm.probe.kernel.perf import Counters, allow_many, of_node, of_process
from scroogevm.probe.kernel.processes import Process, ProcessFinder
from scroogevm.probe.kernel.threads import Threads
from scroogevm.probe.snapshot import Values

_PAGE = resource.getpagesize()
_WAITING = "scrooge_domain_sched_waiting_seconds_total"


class Machine:
    """The kernel's side of the VMs.

    Args:
        procfs: where /proc is.
        sysfs: where /sys is.
        perf: whether performance counters are read.
    """

    def __init__(self, procfs: Path, sysfs: Path, *, perf: bool) -> None:
        self._procfs = procfs
        self._sysfs = sysfs
        self._processes = ProcessFinder(procfs)
        self._threads = Threads(procfs)
        self._perf = Perf(procfs) if perf else None

    def read(
        self, uuids: Collection[str], node: Values
    ) -> tuple[dict[str, Values], dict[str, str]]:
        """Numbers of the VMs by UUID; performance counters of the node go into its values.

        Returns:
            The numbers, and what could not be seen, a capability each, and why.
        """
        found = self._processes.find(uuids)
        self._threads.keep({process.pid for process in found.values()})
        values = {uuid: self._of(process) for uuid, process in found.items()}
        blind = {}
        if uuids and not found:
            blind["processes"] = f"no process in {self._procfs} is one of the VMs"
        grouped = [
            read_groups(self._procfs, self._sysfs, process.pid, values[uuid])
            for uuid, process in found.items()
        ]
        if found and not any(grouped):
            blind["cgroups"] = f"no control group of a VM is in {self._sysfs / 'fs' / 'cgroup'}"
        if found and not any((_WAITING, "") in one for one in values.values()):
            blind["threads"] = f"{self._procfs}/PID/task/TID/schedstat cannot be read"
        if self._perf:
            blind |= self._perf.read(found, values, node)
        return values, blind

    def _of(self, process: Process) -> Values:
        values = Values()
        scheduled = self._threads.read(process.pid)
        if scheduled:
            values.put("scrooge_domain_sched_running_seconds_total", scheduled.running / 1e9)
            values.put(_WAITING, scheduled.waiting / 1e9)
            values.put("scrooge_domain_sched_timeslices_total", scheduled.slices)
        values.put("scrooge_domain_process_minor_faults_total", process.minor_faults)
        values.put("scrooge_domain_process_major_faults_total", process.major_faults)
        values.put("scrooge_domain_process_virtual_bytes", process.virtual)
        values.put("process_child_minor_faults", process.child_minor_faults)
        values.put("process_child_major_faults", process.child_major_faults)
        values.put("process_resident_pages", process.resident)
        values.put("scrooge_domain_memory_rss_bytes", process.resident * _PAGE)
        values.put("process_resident_limit_bytes", process.limit)
        return values


class Perf:
    """Performance counters of the node and of each VM, opened once and read often."""

    def __init__(self, procfs: Path) -> None:
        allow_many()
        self._procfs = procfs
        self._node: Counters | None = None
        self._vms: dict[tuple[str, int, int], Counters] = {}
        self._before: dict[tuple[str, str], float] = {}

    def read(
        self, found: Mapping[str, Process], values: Mapping[str, Values], node: Values
    ) -> dict[str, str]:
        """Put what was counted into the values; what could not be seen, and why."""
        if self._node is None:
            self._node = Counters(of_node(self._procfs))
        keys = {(uuid, process.pid, process.started) for uuid, process in found.items()}
        for key in self._vms.keys() - keys:
            self._vms.pop(key).close()
        for key in keys - self._vms.keys():
            self._vms[key] = Counters(of_process(self._procfs, key[1]))
        before, self._before = self._before, {}
        self._put("scrooge_node", "", self._node, node, before)
        for key, counters in self._vms.items():
            self._put("scrooge_domain", key[0], counters, values[key[0]], before)
        refused: dict[str, list[str]] = {}
        for event, why in self._node.refused.items():
            refused.setdefault(why, []).append(event)
        said = "; ".join(f"{', '.join(events)}: {why}" for why, events in refused.items())
        return {"perf": said} if said else {}

    def _put(
        self,
        prefix: str,
        owner: str,
        counters: Counters,
        values: Values,
        before: Mapping[tuple[str, str], float],
    ) -> None:
        for event, count in counters.read().items():
            values.put(f"{prefix}_perf_events_total", count, event)
            # The predecessor's probe says how much was counted since the last time.
            values.put("perf_delta", max(0.0, count - before.get((owner, event), 0.0)), event)
            self._before[owner, event] = count
