"""What a probe may be unable to read, with the consequence."""

import os
from collections.abc import Mapping
from pathlib import Path

CAPABILITIES: Mapping[str, str] = {
    "libvirt": "no VM is seen; the metrics of the node continue",
    "cpu": "no cpu usage of the node",
    "memory": "no memory usage of the node",
    "pressure": "contention on the node is judged only by run queues",
    "schedstat": "no wait time of tasks on the node; pressure is used where it can be read",
    "frequency": "no frequency of the cpus; nothing is estimated from it",
    "processes": "the wait time of VMs is that of their vCPUs, if libvirt reports it",
    "threads": "the wait time of VMs is that of their vCPUs, if libvirt reports it",
    "cgroups": "no throttling and no pressure of VMs",
    "perf": "these performance counters are left out; nothing is estimated from them",
    "host": "processes and control groups of VMs may not be visible",
}
"""Every capability, and what is lost without it."""

OF_VMS = ("processes", "threads", "cgroups")
"""Of these nobody knows where there is no VM, or no process of one."""

_FIRST_NAMESPACE = 0xEFFFFFFC
"""The kernel's number for the processes of the machine itself."""


def container(procfs: Path) -> dict[str, str]:
    """Whether we run in a container, which the process namespace tells."""
    if procfs != Path("/proc"):
        return {}
    try:
        inside = os.stat("/proc/self/ns/pid").st_ino != _FIRST_NAMESPACE  # noqa: PTH116  # a handle
    except OSError:
        inside = False
    return {"host": "this is a container with its own processes"} if inside else {}


def known(blind: Mapping[str, str], *, vms: bool, perf: bool) -> dict[str, bool]:
    """Whether each thing is seen, where anybody can know.

    Args:
        blind: what is not, and why.
        vms: whether there is a VM.
        perf: whether performance counters are wanted.

    >>> "threads" in known({"processes": "none is there"}, vms=True, perf=False)
    False
    """
    unknown = set(OF_VMS)
    if vms:
        unknown = set(OF_VMS[1:]) if "processes" in blind else set()
    if not perf:
        unknown.add("perf")
    return {name: name not in blind for name in CAPABILITIES if name not in unknown}


def said(blind: Mapping[str, str]) -> list[str]:
    """A line for each thing that cannot be seen.

    >>> said({"memory": "/proc/meminfo is odd"})
    ['cannot read memory: /proc/meminfo is odd; no memory usage of the node']
    """
    return [
        f"cannot read {name}: {blind[name]}; {cost}"
        for name, cost in CAPABILITIES.items()
        if name in blind
    ]
