"""Exporters from the field that misbehave, as users met them: collected, recorded and replayed."""

import math
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from pathlib import Path

import numpy as np
import pytest

from collect.running import Running
from scroogevm.ports import Shape
from scroogevm.stores import open_store
from scroogevm.traces.recording import StoreQuery, record
from servers import wait
from traces.test_causal import chunk_of

EXPORTER = Path(__file__).parents[3] / "shared" / "cases" / "fake_exporter.py"
PROMISED = 4
"""vCPUs of the two VMs of its node."""


@contextmanager
def serving(case: str) -> Iterator[str]:
    """The URL of an exporter with a case."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = ["setpriv", "--pdeathsig", "KILL", "--", sys.executable, str(EXPORTER), str(port), case]
    with subprocess.Popen(words, stderr=subprocess.DEVNULL) as process:
        try:
            wait(lambda: answers(port), "the exporter")
            yield f"http://127.0.0.1:{port}/metrics"
        finally:
            process.kill()


def answers(port: int) -> bool:
    with socket.socket() as tried:
        return tried.connect_ex(("127.0.0.1", port)) == 0


@pytest.mark.skipif(not EXPORTER.exists(), reason="needs ../shared/cases/fake_exporter.py")
def test_a_lost_libvirt_and_a_cache_are_told_and_no_vm_is_idle_or_gone(tmp_path: Path) -> None:
    cases = {"down": "libvirt-down", "frozen": "frozen-vms"}
    with ExitStack() as stack:
        urls = {node: stack.enter_context(serving(case)) for node, case in cases.items()}
        targets = [f"--target={node}={url}" for node, url in urls.items()]
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
    assert np.nanmin(usage) > 0.2, "no VM was idle"
    for number, (node,) in enumerate(nodes.owners):
        listed = nodes.values["vms"][nodes.owner == number]
        assert np.isnan(listed[-4:]).all(), node
        assert set(listed[np.isfinite(listed)]) == {2.0}, node
    occurrences = list(chunk_of(tmp_path / "trace").occurrences)
    assert len(occurrences) == (last - first) / 2 >= 4
    for occurrence in occurrences:
        assert occurrence.windows["cpu"].allocated.tolist() == [PROMISED, PROMISED]
