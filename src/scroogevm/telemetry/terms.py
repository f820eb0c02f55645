"""Terms: the values of exporters, with one name and one unit each."""

from collections.abc import Mapping
from typing import Literal, NamedTuple


class Term(NamedTuple):
    """One raw number of a node or VM.

    Attributes:
        unit: of its numbers.
        kind: a counter only grows, from a start that may come anew.
        meaning: one line.
    """

    unit: str
    kind: Literal["gauge", "counter"]
    meaning: str


NODE: Mapping[str, Term] = {
    "clock": Term("s", "gauge", "the node's own clock when the counters were read"),
    "interval": Term("s", "gauge", "interval at which these values are renewed"),
    "cores": Term("cores", "gauge", "cpus online"),
    "mem_total": Term("MiB", "gauge", "memory of the node"),
    "mem_available": Term("MiB", "gauge", "memory that is available without swapping"),
    "huge_free": Term("MiB", "gauge", "memory in hugepages that no process has taken"),
    "huge_reserved": Term("MiB", "gauge", "memory in free hugepages that is promised to processes"),
    "huge_free_pages": Term("1", "gauge", "hugepages of one size that no process has taken"),
    "huge_reserved_pages": Term("1", "gauge", "free hugepages that are promised to processes"),
    "huge_page_size": Term("MiB", "gauge", "size of such a page"),
    "cpu_time": Term("s", "counter", "cpu time of all kinds but idle and iowait"),
    "vms_up": Term("1", "gauge", "whether the exporter knows the VMs: 0 while libvirt is down"),
    "textfiles": Term("1", "gauge", "files of a textfile collector that may hold VMs, by name"),
    "textfile_time": Term("s", "gauge", "when they were written, summed"),
    "textfile_clock": Term("s", "gauge", "the clock by which they were written"),
    "steal_time": Term("s", "counter", "cpu time taken away by a hypervisor below"),
    "wait_time": Term("s", "counter", "time that tasks waited in run queues"),
    "cpu_pressure_time": Term("s", "counter", "PSI: some task waited for a cpu"),
    "mem_pressure_time": Term("s", "counter", "PSI: some task waited for memory"),
    "mem_stall_time": Term("s", "counter", "PSI: every task waited for memory"),
}

VM: Mapping[str, Term] = {
    "listed": Term("1", "gauge", "the exporter names the VM"),
    "up": Term("1", "gauge", "whether the VM could be read; if not, it is still there"),
    "state": Term(
        "1", "gauge", "state in libvirt's numbers; VMs that are shut off (5) are not there"
    ),
    "vcpus": Term("cores", "gauge", "vCPUs now"),
    "mem_current": Term("MiB", "gauge", "what the balloon leaves"),
    "mem_maximum": Term("MiB", "gauge", "what the VM may have"),
    "cpu_time": Term("s", "counter", "cpu time of the VM"),
    "rss": Term("MiB", "gauge", "resident on the node"),
    "guest_total": Term("MiB", "gauge", "memory that the guest sees"),
    "guest_usable": Term("MiB", "gauge", "memory the guest can use without swapping"),
    "guest_unused": Term("MiB", "gauge", "memory the guest has not touched"),
    "guest_time": Term("s", "gauge", "time of the guest's statistics, by the node's clock"),
    "delay_time": Term("s", "counter", "time that its threads were ready and waited for a cpu"),
    "page_faults": Term("1", "counter", "minor page faults"),
    "major_faults": Term("1", "counter", "major page faults"),
    "swap_in": Term("MiB", "counter", "read back from the guest's swap"),
    "swap_out": Term("MiB", "counter", "written to the guest's swap"),
}
