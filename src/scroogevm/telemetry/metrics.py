"""All metric names of the probe, defined once for the probe and its dialect."""

from collections.abc import Mapping
from typing import Final, Literal, NamedTuple

PREFIX: Final = "scrooge_"
DOMAIN_LABELS: Final = ("domain", "uuid")
"""Labels of everything in ``DOMAIN``: the name of the VM as libvirt has it, and its UUID."""

_MIB: Final = 2.0**-20
_MODES: Final = {
    **dict.fromkeys(("user", "nice", "system", "irq", "softirq"), "cpu_time"),
    "steal": "steal_time",
}


class Metric(NamedTuple):
    """One family of series, in seconds, bytes and plain numbers.

    Attributes:
        kind: an info has the value 1, and labels that are the information.
        meaning: one line, its HELP.
        labels: that it has itself; in ``DOMAIN`` those of every VM stand before them.
        terms: the term it counts towards, by the value of its own label, ``""`` where it has none.
        factor: from its unit to the unit of the term.
    """

    kind: Literal["gauge", "counter", "info"]
    meaning: str
    labels: tuple[str, ...] = ()
    terms: Mapping[str, str] = {}
    factor: float = 1.0


def _gauge(meaning: str, term: str = "", factor: float = 1.0) -> Metric:
    return Metric("gauge", meaning, (), {"": term} if term else {}, factor)


def _counter(meaning: str, term: str = "", factor: float = 1.0) -> Metric:
    return Metric("counter", meaning, (), {"": term} if term else {}, factor)


NODE: Mapping[str, Metric] = {
    "scrooge_probe_info": Metric("info", "Version of the probe", ("version",)),
    "scrooge_probe_time_seconds": _gauge("Time of the reading, by the node's clock", "clock"),
    "scrooge_probe_interval_seconds": _gauge(
        "Interval at which the values are renewed", "interval"
    ),
    "scrooge_probe_read_seconds": _gauge("Duration of the reading"),
    "scrooge_probe_reads_total": _counter("Readings since the start"),
    "scrooge_probe_capability": Metric(
        "gauge", "Whether the probe can read a kind of values", ("name",)
    ),
    "scrooge_libvirt_up": _gauge("Whether libvirt answered", "vms_up"),
    "scrooge_libvirt_domains": _gauge("VMs that run, including those that could not be read"),
    "scrooge_node_cpus": _gauge("Cpus online", "cores"),
    "scrooge_node_cpu_seconds_total": Metric(
        "counter", "Time that the cpus spent in each mode", ("mode",), _MODES
    ),
    "scrooge_node_cpu_frequency_hertz": _gauge("Frequency now, mean of the cpus"),
    "scrooge_node_cpu_frequency_minimum_hertz": _gauge("Lowest frequency, mean of the cpus"),
    "scrooge_node_cpu_frequency_maximum_hertz": _gauge("Highest frequency, mean of the cpus"),
    "scrooge_node_memory_total_bytes": _gauge("Memory of the node", "mem_total", _MIB),
    "scrooge_node_memory_available_bytes": _gauge(
        "Memory that is available without swapping", "mem_available", _MIB
    ),
    "scrooge_node_memory_free_bytes": _gauge("Memory that is not used"),
    "scrooge_node_memory_buffers_bytes": _gauge("Memory in buffers of block devices"),
    "scrooge_node_memory_cached_bytes": _gauge("Memory in the page cache"),
    "scrooge_node_hugepages_total_bytes": _gauge("Memory set aside as hugepages"),
    "scrooge_node_hugepages_free_bytes": _gauge(
        "Memory in hugepages that no process has taken", "huge_free", _MIB
    ),
    "scrooge_node_hugepages_reserved_bytes": _gauge(
        "Memory in free hugepages that is promised to processes", "huge_reserved", _MIB
    ),
    "scrooge_node_sched_running_seconds_total": _counter("Time that tasks ran"),
    "scrooge_node_sched_waiting_seconds_total": _counter(
        "Time that tasks waited in run queues", "wait_time"
    ),
    "scrooge_node_sched_timeslices_total": _counter("Timeslices that tasks ran"),
    "scrooge_node_pressure_cpu_waiting_seconds_total": _counter(
        "Time in which some task waited for a cpu", "cpu_pressure_time"
    ),
    "scrooge_node_pressure_memory_waiting_seconds_total": _counter(
        "Time in which some task waited for memory", "mem_pressure_time"
    ),
    "scrooge_node_pressure_memory_stalled_seconds_total": _counter(
        "Time in which every task waited for memory", "mem_stall_time"
    ),
    "scrooge_node_pressure_io_waiting_seconds_total": _counter(
        "Time in which some task waited for a disk"
    ),
    "scrooge_node_pressure_io_stalled_seconds_total": _counter(
        "Time in which every task waited for a disk"
    ),
    "scrooge_node_perf_events_total": Metric(
        "counter", "Value of a performance counter, on all cpus", ("event",)
    ),
}
"""Series of the node and of the probe itself, in the order in which they are written."""

DOMAIN: Mapping[str, Metric] = {
    "scrooge_domain_up": _gauge(
        "Whether the VM answered; if not, only values that libvirt knows without it are there", "up"
    ),
    "scrooge_domain_openstack_info": Metric(
        "info", "Names of the VM in OpenStack", ("name", "flavor", "project")
    ),
    "scrooge_domain_state": _gauge(
        "State in libvirt's numbers: 1 is running, 3 is paused", "state"
    ),
    "scrooge_domain_vcpus": _gauge("vCPUs now", "vcpus"),
    "scrooge_domain_vcpus_maximum": _gauge("Most vCPUs of the VM"),
    "scrooge_domain_cpu_seconds_total": _counter("Cpu time of the VM", "cpu_time"),
    "scrooge_domain_cpu_user_seconds_total": _counter("Cpu time in user mode"),
    "scrooge_domain_cpu_system_seconds_total": _counter("Cpu time in the kernel of the node"),
    "scrooge_domain_sched_running_seconds_total": _counter("Time that its threads ran"),
    "scrooge_domain_sched_waiting_seconds_total": _counter(
        "Time that its threads were ready and waited for a cpu", "delay_time"
    ),
    "scrooge_domain_sched_timeslices_total": _counter("Timeslices that its threads ran"),
    "scrooge_domain_memory_current_bytes": _gauge(
        "Memory that the balloon leaves to the VM", "mem_current", _MIB
    ),
    "scrooge_domain_memory_maximum_bytes": _gauge("Most memory of the VM", "mem_maximum", _MIB),
    "scrooge_domain_memory_rss_bytes": _gauge("Memory resident on the node", "rss", _MIB),
    "scrooge_domain_guest_memory_total_bytes": _gauge(
        "Memory that the guest sees", "guest_total", _MIB
    ),
    "scrooge_domain_guest_memory_usable_bytes": _gauge(
        "Memory that the guest can use without swapping", "guest_usable", _MIB
    ),
    "scrooge_domain_guest_memory_unused_bytes": _gauge(
        "Memory that the guest has not touched", "guest_unused", _MIB
    ),
    "scrooge_domain_guest_memory_disk_caches_bytes": _gauge("Disk caches of the guest"),
    "scrooge_domain_guest_memory_updated_timestamp_seconds": _gauge(
        "Time of the guest's last memory statistics, by the node's clock", "guest_time"
    ),
    "scrooge_domain_guest_memory_age_seconds": _gauge("Age of the guest's memory statistics"),
    "scrooge_domain_guest_minor_faults_total": _counter(
        "Minor page faults in the guest", "page_faults"
    ),
    "scrooge_domain_guest_major_faults_total": _counter(
        "Major page faults in the guest", "major_faults"
    ),
    "scrooge_domain_guest_swap_in_bytes_total": _counter(
        "Read back from the guest's swap", "swap_in", _MIB
    ),
    "scrooge_domain_guest_swap_out_bytes_total": _counter(
        "Written to the guest's swap", "swap_out", _MIB
    ),
    "scrooge_domain_process_minor_faults_total": _counter("Minor page faults of the VM's process"),
    "scrooge_domain_process_major_faults_total": _counter("Major page faults of the VM's process"),
    "scrooge_domain_process_virtual_bytes": _gauge("Address space of the VM's process"),
    "scrooge_domain_cgroup_memory_bytes": _gauge("Memory that the VM's cgroup is charged for"),
    "scrooge_domain_cgroup_throttled_seconds_total": _counter(
        "Time that a quota kept the VM's cgroup from running"
    ),
    "scrooge_domain_cgroup_pressure_cpu_waiting_seconds_total": _counter(
        "Time in which some thread of the VM waited for a cpu"
    ),
    "scrooge_domain_cgroup_pressure_memory_waiting_seconds_total": _counter(
        "Time in which some thread of the VM waited for memory"
    ),
    "scrooge_domain_perf_events_total": Metric(
        "counter", "Value of a performance counter, in the VM's threads", ("event",)
    ),
}
"""Series of each VM, in the order in which they are written."""
