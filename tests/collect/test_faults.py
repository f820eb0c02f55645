"""Exporters that fail in every way leave the others' samples, and memory, alone."""

from pathlib import Path

import numpy as np

from collect.exporters import PAGES, VMS, Exporters
from collect.running import Running
from scroogevm.core.samples import Recorded
from scroogevm.stores import open_store
from servers import wait

STEADY = ["good", "packed", "cookies", "too-long", "moved", "ahead", "jumping", "forgetful"]
FAULTY = sorted(PAGES.keys() - {"/crowded", *(f"/{node}" for node in STEADY)})


def words(exporters: Exporters, *pages: str) -> list[str]:
    return [word for page in pages for word in ("--target", f"{page[1:]}={exporters.url(page)}")]


def read(folder: Path, *nodes: str) -> Recorded:
    with open_store(str(folder / "scroogevm-store")) as store:
        return store.read(nodes, 0, 2e9, ["cpu", "mem", "cpu_usage", "mem_usage"])


def test_faulty_exporters_leave_the_others_intact(tmp_path: Path) -> None:
    options = ["--interval", "1", "--time-limit", "0.7", "-v", "--listen", "127.0.0.1:0"]
    pages = [*FAULTY, *(f"/{node}" for node in STEADY)]
    with Exporters() as exporters, Running(tmp_path, *words(exporters, *pages), *options) as run:
        wait(lambda: all(len(run.kept(node)) >= 8 for node in STEADY), "samples")
        for page in FAULTY:
            run.hears(f"^{page[1:]}: no samples: ")
        figures, peak = run.figures(), run.peak
        assert run.stop() == 0
        said = run.said
    nodes, vms = read(tmp_path, *STEADY, *(page[1:] for page in FAULTY))
    assert {owner for (owner,) in nodes.owners} == set(STEADY)
    assert set(vms.owners) == {(node, vm) for node in STEADY for vm in VMS}
    for number, node in enumerate(sorted(STEADY)):
        usage = nodes.values["cpu_usage"][nodes.owner == number]
        assert 0.8 < np.nanmedian(usage) < 1.25, node
        assert set(nodes.values["mem_usage"][nodes.owner == number]) == {2048}
        assert np.nanmax(usage) < 4
    assert peak < 250
    failed = {key: value for key, value in figures.items() if "failures_total{" in key}
    for reason in ("timeout", "status", "redirect", "size", "protocol", "garbage", "credentials"):
        assert failed[f'scrooge_collect_scrape_failures_total{{reason="{reason}"}}'] >= 1
    complaints = [line for line in said if ": no samples: " in line]
    assert len(complaints) == len(set(complaints))  # each once, not at each failure


def test_a_node_with_ten_thousand_vms_neither_stops_others_nor_takes_the_memory(
    tmp_path: Path,
) -> None:
    options = ["--interval", "1", "--time-limit", "30", "-v"]
    with Exporters() as exporters:
        targets = words(exporters, "/good", "/crowded")
        with Running(tmp_path, *targets, *options) as run:
            wait(lambda: run.kept("crowded") and len(run.kept("good")) >= 3, "samples")
            peak = run.peak
            assert run.stop() == 0
    assert peak < 300
    assert len(read(tmp_path, "crowded").vms.owners) == 10_000
