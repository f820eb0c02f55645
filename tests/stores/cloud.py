"""Days of a small cloud as its exporters told them, with everything that happens in one."""

import math
from collections.abc import Callable, Iterator

import httpx
import numpy as np

import servers
from scroogevm.core.samples import ESSENTIAL, Recorded, Sample
from scroogevm.ports import Store
from stores.exporters import History, guest, machine, steady

STEP = 120
DAY = 86400.0
DAYS = 3
CORES = 4


def _daily(mean: float) -> Callable[[float], float]:
    """A counter whose rate follows the time of day."""
    turn = 2 * math.pi / DAY
    return lambda time: mean * (time + 0.5 / turn * (1 - math.cos(turn * time)))


def _reset(count: Callable[[float], float], when: float) -> Callable[[float], float]:
    return lambda time: count(time) if time < when else count(time) - count(when)


def cloud(base: float) -> str:
    """OpenMetrics text of three days from ``base`` on.

    ``n1`` is silent for four hours, ``n2`` is there from the second day on, ``n3`` until the last
    but half a day; a VM's counter begins anew, and ``moving`` goes from ``n3`` to ``n1``.
    """
    past = History()
    end = DAYS * DAY
    present: dict[str, Callable[[float], bool]] = {
        "n1": lambda time: not DAY < time < DAY + 4 * 3600,
        "n2": lambda time: time >= DAY,
        "n3": lambda time: time < end - DAY / 2,
    }
    moved = 1.5 * DAY
    for name, here in present.items():
        times = [time for time in range(0, round(end), STEP) if here(time)]
        host = machine(CORES, 0.6, 16384, 12288)
        past.scrape(times, {"instance": f"{name}:9100", "job": "node"}, host, base)
        both = guest(f"web-{name}", 2, _daily(0.3), 4096)
        both |= guest(f"db-{name}", 2, _reset(_daily(0.1), 0.7 * DAY), 2048)
        target = {"instance": f"{name}:9177", "job": "libvirt"}
        past.scrape(times, target, both, base)
        if name != "n2":
            some = [time for time in times if (time < moved) is (name == "n3")]
            past.scrape(some, target, guest("moving", 1, steady(0.2), 1024), base)
    return past.text


def imported(text: str, server: servers.VictoriaMetrics) -> None:
    """Give a VictoriaMetrics what exporters said."""
    lines = []
    for line in text.splitlines():
        if not line.startswith("#"):
            rest, _, time = line.rpartition(" ")
            lines.append(f"{rest} {round(float(time) * 1000)}")
    url = f"{server.url}/api/v1/import/prometheus"
    httpx.post(url, content="\n".join(lines), timeout=60).raise_for_status()
    server.flush()


def copied(store: Store, other: Store, since: float, until: float) -> None:
    """Give another store the samples that one makes of it, as a collector would have."""
    for start in np.arange(since, until, 6 * 3600.0).tolist():
        nodes = store.nodes(since, until)
        found = store.read(nodes, start, min(start + 6 * 3600.0, until), ESSENTIAL)
        other.write([*samples(found)])


def samples(found: Recorded) -> Iterator[Sample]:
    """Rows as samples of a node at a time."""
    nodes, vms = found
    of_vms = np.array([owner[0] for owner in vms.owners])[vms.owner]
    names = np.array([owner[1] for owner in vms.owners])[vms.owner]
    for at, time in enumerate(nodes.time.tolist()):
        node = nodes.owners[nodes.owner[at]][0]
        mine = (of_vms == node) & (np.abs(vms.time - time) < 1e-3)
        yield Sample(
            node,
            time,
            {name: float(nodes.values[name][at]) for name in ESSENTIAL},
            names[mine].tolist(),
            {name: vms.values[name][mine] for name in ESSENTIAL},
        )
