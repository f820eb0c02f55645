"""What the predecessor's aggregator puts into a bucket, from what its probe says, as line protocol.

Written from its description alone: counters in nanoseconds, memory in KiB, times in milliseconds;
`cpu_usage` is the cpu time over the time that passed, memory is divided by 1000.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

Figures = Mapping[str, float]


@dataclass
class Aggregator:
    """One that remembers each node's last round.

    Attributes:
        lines: all it wrote, with times in milliseconds.
    """

    lines: list[str] = field(default_factory=list)
    last: dict[str, Figures] = field(default_factory=dict)

    def round(self, url: str, epoch: int, node: Figures, domains: Mapping[str, Figures]) -> None:
        """Take what was scraped of a node.

        Args:
            url: the node's identity.
            epoch: milliseconds.
            node: ``cpus``, ``kernel`` and ``user`` in ns, ``total`` and ``available`` in KiB.
            domains: ``vcpus``, ``cputime`` in ns, ``alloc``, ``unused`` and ``rss`` in KiB.
        """
        time = node["kernel"] + node["user"]
        fields = {
            "cpu": node["cpus"],
            "cpu_time": time,
            "mem": node["total"] / 1000,
            "mem_usage": (node["total"] - node["available"]) / 1000,
            "freq": 2.0,
            "sched_waittime": 17e6,
            "oc_cpu": sum(each["vcpus"] for each in domains.values()) / node["cpus"],
        }
        fields |= self._rate(url, epoch, time)
        self._point("node", {"url": url}, fields, epoch, f",vm_number={len(domains)}i")
        for name, each in domains.items():
            fields = {
                "cpu": each["vcpus"],
                "cpu_time": each["cputime"],
                "mem": each["alloc"] / 1000,
                "mem_rss": each["rss"] / 1000,
                "mem_usage": (each["alloc"] - each["unused"]) / 1000,
                "stat_rss_pages": each["rss"] / 4,
            }
            fields |= self._rate(f"{url} {name}", epoch, each["cputime"])
            self._point("domain", {"url": url, "domain": name}, fields, epoch)

    def _rate(self, key: str, epoch: int, time: float) -> Figures:
        last, self.last[key] = self.last.get(key), {"epoch": epoch, "time": time}
        if last is None:
            return {}
        elapsed = epoch - last["epoch"]
        usage = (time - last["time"]) / elapsed / 1e6
        return {"elapsed_time": elapsed, "elapsed_cpu_time": time - last["time"]} | {
            "cpu_usage": usage
        }

    def _point(
        self, measurement: str, tags: Mapping[str, str], fields: Figures, epoch: int, more: str = ""
    ) -> None:
        key = ",".join([measurement, *(f"{name}={value}" for name, value in tags.items())])
        values = ",".join(f"{name}={float(value)}" for name, value in fields.items())
        self.lines.append(f"{key} {values}{more} {epoch}")
