"""Exporters from the field that misbehave, as users met them: collected, recorded and replayed."""

import math
from contextlib import nullcontext
from pathlib import Path

import numpy as np

from collect.exporters import Exporters
from collect.running import Running
from collect.test_stale import LOST, answer, frozen, page
from scroogevm.ports import Shape
from scroogevm.stores import open_store
from scroogevm.traces.recording import StoreQuery, record
from servers import wait
from traces.test_causal import chunk_of

PROMISED = 4
"""vCPUs of the two VMs of its node."""


def down(at: float, asked: int) -> bytes:
    """From then on the exporter has lost libvirt."""
    lost = asked > LOST
    return answer(at, 0.0 if lost else 1.0, -1.0 if lost else at)


def test_a_lost_libvirt_and_a_cache_are_told_and_no_vm_is_idle_or_gone(tmp_path: Path) -> None:
    cases = {"down": down, "frozen": frozen}
    with Exporters({f"/{node}": page(say) for node, say in cases.items()}) as exporters:
        targets = [f"--target={node}={exporters.url(f'/{node}')}" for node in cases]
        with Running(tmp_path, *targets, "--interval", "0.5", "-v") as run:
            run.hears(r"^down: libvirt is down since \d{4}-\d\d-\d\d .* UTC: which VMs there are")
            run.hears(r"^frozen: the cpu times of all running VMs stand still since .* UTC")
            times = len(run.kept("frozen"))
            wait(lambda: len(run.kept("frozen")) > times + 8, "windows in which it is so")
            assert run.stop() == 0
            assert sum(" since " in line for line in run.said) == 2
    with open_store(str(tmp_path / "scroogevm-store")) as store:
        nodes, vms = store.read([*cases], 0, 2e9, ["cpu_usage", "vms"])
        first, last = (2 * math.floor(time / 2) for time in (nodes.time.min(), nodes.time.max()))
        query = StoreQuery("store", first, last, shape=Shape(2, 2), interval=0.5, words=("x",))
        record(store, query, tmp_path / "trace", lambda _: nullcontext(lambda _: None))
    usage = vms.values["cpu_usage"]
    assert np.nanmin(usage) > 0, "no VM was idle"
    for number, (node,) in enumerate(nodes.owners):
        listed = nodes.values["vms"][nodes.owner == number]
        assert np.isnan(listed[-4:]).all(), node
        assert set(listed[np.isfinite(listed)]) == {2.0}, node
    occurrences = list(chunk_of(tmp_path / "trace").occurrences)
    assert len(occurrences) == (last - first) / 2 >= 4
    for occurrence in occurrences[1:]:  # a node may speak first in the second one
        assert occurrence.windows["cpu"].allocated.tolist() == [PROMISED, PROMISED]
