"""What exporters would have said, as OpenMetrics text with times."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

Value = Callable[[float], float]
"""Of a time."""


def steady(rate: float, start: float = 0.0) -> Value:
    """A counter that grows by a rate."""
    return lambda time: start + rate * time


def always(value: float) -> Value:
    """A gauge."""
    return lambda _: value


@dataclass
class History:
    """Scrapes of some targets.

    Attributes:
        text: by metric, its lines.
    """

    lines: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    def scrape(
        self,
        times: Iterable[float],
        labels: Mapping[str, str],
        said: Mapping[str, Value],
        base: float,
    ) -> None:
        """Scrape a target at some times.

        Args:
            times: seconds since ``base``.
            labels: of the target.
            said: by series, such as ``node_cpu_seconds_total{mode="user"}``.
            base: seconds since 1970.
        """
        target = ",".join(f'{name}="{value}"' for name, value in labels.items())
        for series, value in said.items():
            name, _, own = series.rstrip("}").partition("{")
            inside = ",".join(filter(None, [own, target]))
            for time in times:
                moment = f"{base + time:.3f}"
                self.lines[name].append(f"{name}{{{inside}}} {value(time)!r} {moment}")

    @property
    def text(self) -> str:
        """All of it, in the order of time that OpenMetrics wants within a series."""
        lines = [line for of_metric in self.lines.values() for line in of_metric]
        return "\n".join([*lines, "# EOF", ""])


def machine(cores: int, busy: float, total: float, available: float) -> dict[str, Value]:
    """What node_exporter says: every core idle but ``busy`` of the first; memory in MiB."""
    said = {}
    for cpu in range(cores):
        mine = busy if cpu == 0 else 0.0
        said[f'node_cpu_seconds_total{{cpu="{cpu}",mode="user"}}'] = steady(0.75 * mine, 100)
        said[f'node_cpu_seconds_total{{cpu="{cpu}",mode="system"}}'] = steady(0.25 * mine, 50)
        said[f'node_cpu_seconds_total{{cpu="{cpu}",mode="idle"}}'] = steady(1 - mine, 900)
    return said | {
        "node_memory_MemTotal_bytes": always(total * 2**20),
        "node_memory_MemAvailable_bytes": always(available * 2**20),
    }


def guest(name: str, vcpus: float, busy: Value, memory: float) -> dict[str, Value]:
    """What Debian's libvirt exporter says of a VM; ``busy`` is its cpu time."""
    labels = f'{{domain="{name}",uuid="u-{name}"}}'
    return {
        f"libvirt_domain_info_virtual_cpus{labels}": always(vcpus),
        f"libvirt_domain_info_cpu_time_seconds_total{labels}": busy,
        f"libvirt_domain_info_memory_usage_bytes{labels}": always(memory * 2**20),
        f"libvirt_domain_state_code{labels}": always(1),
    }
