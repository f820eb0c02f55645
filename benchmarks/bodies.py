"""What exporters on a node of so many VMs answer: as many series as real ones, and as long."""

from collections.abc import Iterator

MODES = ("idle", "iowait", "irq", "nice", "softirq", "steal", "system", "user")
MEMORY = ("current_balloon", "maximum", "unused", "available", "usable", "disk_caches", "rss")
TRAFFIC = tuple(
    f"{way}_{what}_total"
    for way in ("receive", "transmit")
    for what in ("bytes", "packets", "errors", "drops")
)


def node_and_vms(vms: int = 50, cpus: int = 64, at: float = 0.0) -> bytes:
    """node_exporter and the libvirt exporter of inovex on one node, in one body.

    Args:
        vms: how many.
        cpus: of the node.
        at: seconds since the start of all counters.
    """
    lines = [*_node(cpus, at)]
    for metric, kind, series in _vms(vms, at):
        lines += [f"# HELP {metric} What libvirt says.", f"# TYPE {metric} {kind}", *series]
    return ("\n".join(lines) + "\n").encode()


def _node(cpus: int, at: float) -> Iterator[str]:
    yield "# TYPE node_cpu_seconds_total counter"
    for cpu in range(cpus):
        for number, mode in enumerate(MODES):
            yield f'node_cpu_seconds_total{{cpu="{cpu}",mode="{mode}"}} {100 + at / (2 + number)!r}'
    for cpu in range(cpus):
        yield f'node_schedstat_waiting_seconds_total{{cpu="{cpu}"}} {7.25 + at / 50!r}'
    yield f"node_time_seconds {1.7e9 + at!r}"
    for name, size in (("MemTotal", 5.4e11), ("MemAvailable", 3.1e11), ("MemFree", 1.2e11)):
        yield f"node_memory_{name}_bytes {size - at!r}"
    for name in ("cpu_waiting", "memory_waiting", "memory_stalled", "io_waiting", "io_stalled"):
        yield f"node_pressure_{name}_seconds_total {at / 100!r}"
    for disk in range(16):
        for figure in range(17):
            yield f'node_disk_figure{figure}_total{{device="nvme{disk}n1"}} {at * 4096!r}'


def _vms(vms: int, at: float) -> Iterator[tuple[str, str, list[str]]]:
    names = [f"instance-{number:08x}" for number in range(vms)]

    def gauge(name: str, value: float) -> tuple[str, str, list[str]]:
        metric = f"libvirt_domain_{name}"
        return metric, "gauge", [f'{metric}{{domain="{vm}"}} {value!r}' for vm in names]

    yield gauge("info_state", 1)
    yield gauge("info_virtual_cpus", 4)
    yield gauge("info_memory_usage_bytes", 8.589934592e09)
    yield gauge("info_maximum_memory_bytes", 8.589934592e09)
    yield gauge("info_cpu_time_seconds_total", 1234.5 + at / 3)
    for name in MEMORY:
        yield gauge(f"memory_stats_{name}_bytes", 4.294967296e09 + 4096 * at)
    for name in ("swap_in_bytes", "swap_out_bytes", "major_fault_total", "minor_fault_total"):
        yield gauge(f"memory_stats_{name}", 17 + at)
    yield gauge("memory_stats_last_update_timestamp_seconds", 1.7e9 + at)
    for name in ("state", "time_seconds_total", "wait_seconds_total", "delay_seconds_total"):
        metric = f"libvirt_domain_vcpu_{name}"
        yield (
            metric,
            "counter",
            [f'{metric}{{domain="{v}",vcpu="{n}"}} {at / 4!r}' for v in names for n in range(4)],
        )
    for device, what in (
        ("vda", ("read_bytes", "write_bytes", "read_requests")),
        ("tap0", TRAFFIC),
    ):
        for name in what:
            metric = f"libvirt_domain_device_{name}"
            yield (
                metric,
                "counter",
                [f'{metric}{{domain="{v}",target_device="{device}"}} {at * 99!r}' for v in names],
            )
