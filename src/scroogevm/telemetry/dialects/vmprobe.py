"""The predecessor's probe."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

from scroogevm.registry import parameter
from scroogevm.telemetry.dialect import Dialect, Meaning, Place

_NS = 1e-9
_KIB = 2.0**-10

NODE: Mapping[str, Meaning] = {
    "probe_epoch": Meaning("clock", 1e-3),
    "probe_delay": Meaning("interval", 1e-3),
    "cpu_total": Meaning("cores"),
    "cpu_user": Meaning("cpu_time", _NS),
    "cpu_kernel": Meaning("cpu_time", _NS),
    "memory_total": Meaning("mem_total", _KIB),
    "memory_available": Meaning("mem_available", _KIB),
    "sched_waittime": Meaning("wait_time", _NS),
}
"""By the end of the metric's name, after ``PREFIX_global_``."""

VM: Mapping[str, Meaning] = {
    "cpu_alloc": Meaning("vcpus"),
    "cpu_cputime": Meaning("cpu_time", _NS),
    "memory_alloc": Meaning("mem_current", _KIB),
    "memory_rss": Meaning("rss", _KIB),
    "memory_available": Meaning("guest_total", _KIB),
    "memory_usable": Meaning("guest_usable", _KIB),
    "memory_unused": Meaning("guest_unused", _KIB),
    "memory_last_update": Meaning("guest_time"),
    "memory_minorfault": Meaning("page_faults"),
    "memory_majorfault": Meaning("major_faults"),
    "memory_swapin": Meaning("swap_in", _KIB),
    "memory_swapout": Meaning("swap_out", _KIB),
}
"""By the end of the metric's name, after ``PREFIX_domain_NAME_``."""

_ENDS = (*NODE, *VM)


@dataclass(frozen=True)
class Vmprobe(Dialect):
    """vmprobe, through node_exporter's textfile collector: without labels, the VM in the name.

    VMs are named as it names them, without `-`, so that `web-1` and `web1` are one. Their time in
    run queues is left out, since it covers the main thread only, which is no vCPU; so are its
    performance counters, which are differences already. A prefix that has `_domain_` in it, or ends
    in `_domain`, must be given.

    >>> Vmprobe().places("my_node_domain_db_2_cpu_cputime", {})[0].vm
    'db_2'
    """

    formula = "PREFIX_global_*, PREFIX_domain_NAME_*"
    source = "names and units as the predecessor's probe writes them"

    order: ClassVar[int] = 20

    prefix: str = parameter("", "prefix of all names; empty for any prefix")

    @cached_property
    def _forms(self) -> tuple[re.Pattern[str], re.Pattern[str]]:
        prefix = re.escape(self.prefix) if self.prefix else "(?:(?!_domain_).)+?"
        return (
            re.compile(f"{prefix}_global_({'|'.join(NODE)})", re.DOTALL),
            re.compile(f"{prefix}_domain_(.+)_({'|'.join(VM)})", re.DOTALL),
        )

    def places(self, name: str, labels: Mapping[str, str]) -> Sequence[Place]:
        """What the end of the name says."""
        del labels
        if not name.endswith(_ENDS):
            return ()
        node, vm = self._forms
        if found := node.fullmatch(name):
            return (NODE[found[1]].place(None),)
        if found := vm.fullmatch(name):
            return (VM[found[2]].place(found[1]),)
        return ()

    def patterns(self, node: Collection[str], vm: Collection[str]) -> Sequence[str]:
        """By the ends of their names."""
        prefix = re.escape(self.prefix) if self.prefix else ".+"
        of_node = "|".join(end for end, meaning in NODE.items() if meaning.term in node)
        of_vm = "|".join(end for end, meaning in VM.items() if meaning.term in vm)
        patterns = [f"{prefix}_global_({of_node})"] if of_node else []
        return [*patterns, f"{prefix}_domain_.+_({of_vm})"] if of_vm else patterns
