"""Exporters that lost what they speak of: a collector says so, and no usage of zero is kept."""

import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from collect.exporters import Exporters, Handler, Page
from collect.running import Running
from scroogevm.collect.node import Round
from scroogevm.collect.source import ScrapeResult
from scroogevm.collect.speaker import CollectLog
from scroogevm.collect.target import Target
from scroogevm.stores import open_store
from scroogevm.telemetry.meter import Meter
from servers import wait
from telemetry.test_meter import reading

CORES = {"a": 0.5, "b": 0.75}
LOST = 4
"""Scrapes after which an exporter loses something, for as many."""


def answer(at: float, up: float | None, vms: float, extra: Sequence[str] = ()) -> bytes:
    """What node_exporter and a libvirt exporter say together.

    Args:
        at: seconds since the start of the node's counters.
        up: whether libvirt answers; None to say nothing of it.
        vms: likewise of those of VMs; none below 0.
        extra: further lines.
    """
    lines = ["node_memory_MemTotal_bytes 3.3e10", "node_memory_MemAvailable_bytes 2.2e10"]
    for cpu in range(4):
        lines += [f'node_cpu_seconds_total{{cpu="{cpu}",mode="idle"}} {1000 + at * 0.5!r}']
        lines += [f'node_cpu_seconds_total{{cpu="{cpu}",mode="user"}} {500 + at * 0.5!r}']
    lines += [] if up is None else [f"libvirt_up {up}"]
    for name, cores in CORES.items() if vms >= 0 else ():
        lines += [
            f'libvirt_domain_info_cpu_time_seconds_total{{domain="{name}"}} {100 + vms * cores!r}',
            f'libvirt_domain_info_virtual_cpus{{domain="{name}"}} 2',
            f'libvirt_domain_info_memory_usage_bytes{{domain="{name}"}} 4294967296',
            f'libvirt_domain_info_vstate{{domain="{name}"}} 1',
        ]
    return ("\n".join([*lines, *extra]) + "\n").encode()


def page(say: Callable[[float, int], bytes]) -> Page:
    """Answers with what is said of the seconds and the number of the scrape."""

    def respond(handler: Handler) -> None:
        path = handler.path.partition("?")[0]
        handler.say(200, say(handler.server.at, handler.server.served[path]))

    return respond


def down(at: float, asked: int) -> bytes:
    lost = LOST < asked <= 2 * LOST
    return answer(at, 0.0 if lost else 1.0, -1.0 if lost else at)


def frozen(at: float, asked: int) -> bytes:
    """From then on a cache answers."""
    return answer(at, 1.0, at if asked <= LOST else 0.125)


def dead_writer(at: float, asked: int) -> bytes:
    old = LOST < asked <= 2 * LOST
    written = time.time() - (4000 if old else 0)
    line = f'node_textfile_mtime_seconds{{file="/var/lib/textfiles/libvirt.prom"}} {written!r}'
    return answer(at, None, 0.125 if old else at, [line])


def old_stamps(at: float, asked: int) -> bytes:
    body = answer(at, 1.0, at)
    stamp = round(1000 * (time.time() - (3600 if LOST < asked <= 2 * LOST else 0)))
    return b"".join(b"%b %d\n" % (line, stamp) for line in body.splitlines())


PAGES = {"/down": down, "/frozen": frozen, "/dead": dead_writer, "/old": old_stamps}


def test_what_is_lost_is_said_once_and_no_vm_is_recorded_as_idle(tmp_path: Path) -> None:
    pages = {name: page(say) for name, say in PAGES.items()}
    with Exporters(pages) as exporters:
        targets = [f"--target={name[1:]}={exporters.url(name)}" for name in PAGES]
        with Running(tmp_path, *targets, "--interval", "0.5", "-v") as run:
            run.hears(r"^down: libvirt is down since .* UTC: which VMs there are is not known")
            run.hears(r"^down: libvirt answers again after \d s")
            run.hears(r"^dead: the cpu times of all running VMs stand still since .* UTC")
            run.hears(r"^dead: the cpu times of VMs move again after ")
            run.hears(r"^old: no samples: .*gives values that are 3600 s old, by its own time st")
            run.hears(r"^old: answers again after ")
            run.hears(r"^frozen: the cpu times of all running VMs stand still since .* UTC")
            times = len(run.kept("frozen"))
            wait(lambda: len(run.kept("frozen")) > times + LOST, "samples")
            assert run.stop() == 0
            said = run.said
    changes = [line for line in said if "since" in line or "again" in line or " s old" in line]
    assert len(changes) == 7
    with open_store(str(tmp_path / "scroogevm-store")) as store:
        names = [name[1:] for name in PAGES]
        nodes, vms = store.read(names, 0, 2e9, ["cpu_usage", "vms"])
    assert not (vms.values["cpu_usage"] == 0).any()
    for number, (name,) in enumerate(nodes.owners):
        listed = nodes.values["vms"][nodes.owner == number]
        assert set(listed[np.isfinite(listed)]) == {2.0}, name
        unknown = np.count_nonzero(np.isnan(listed))
        assert (unknown >= LOST - 1) == (name in {"down", "dead", "frozen"}), name
    for number, (name, vm) in enumerate(vms.owners):
        usage = vms.values["cpu_usage"][vms.owner == number]
        rates = usage[np.isfinite(usage)]
        assert 0.6 < np.median(rates) / CORES[vm] < 1.6, (name, vm)


def test_memory_statistics_that_vanish_are_told_when_they_go_and_when_they_come_back() -> None:
    said: list[str] = []
    log, meter = CollectLog(said.append), Meter("n")
    full = [8.0, 8.0, 8.0]
    for number, total in enumerate([full, full, [8.0, np.nan, 8.0], [8.0, np.nan, 8.0], full]):
        one = reading(
            5.0 * number,
            cores=8.0,
            mem_total=64.0,
            mem_available=32.0,
            cpu_time=float(number),
            vms=dict.fromkeys("abc", 1.0 * number),
            vm_terms={
                "guest_total": total, "guest_usable": [4.0] * 3, "vcpus": [2.0] * 3,
                "mem_current": full,
            },
        )  # fmt: skip
        result = ScrapeResult(Target("http://n/metrics"), 0.1, readings=[one])
        log.hear(Round("n", [result], meter.sample([one]), meter.troubles), 1)
    lines = [line for line in said if "memory statistics" in line and "look like new" not in line]
    who = "n: 1 of 3 VMs, such as b"
    assert lines == [
        f"{who}: guest memory statistics are missing now; memory counts as fully used",
        f"{who}: guest memory statistics are back",
    ]
