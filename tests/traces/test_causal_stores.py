"""The prefix law for stores: a recording of the first hours says what one of all hours says."""

from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings

import servers
from scroogevm.core.samples import ESSENTIAL, Sample
from scroogevm.ports import Shape, Store
from scroogevm.stores import open_store
from scroogevm.traces.recording import StoreQuery, record
from stores.cloud import imported
from stores.exporters import History, always, guest, machine, steady
from stores.openers import OPENERS
from traces.test_causal import (
    CUTS,
    INTERVAL,
    SEEDS,
    SLICE,
    WINDOWS,
    Said,
    chunk_of,
    fleet,
    in_lockstep,
    interrupted,
    replayed,
)

START = 1_699_920_000.0


def samples(seed: int) -> Iterator[Sample]:
    """The fleet as a collector measures it, each sample at the end of its interval."""
    nodes, vms = fleet(seed)
    residents = vms.partition_by("node", "time", as_dict=True)
    for row in nodes.sort("time", maintain_order=True).to_dicts():
        mine = residents.get((row["node"], row["time"]), vms.clear())
        values = {name: np.nan if row[name] is None else row[name] for name in (*ESSENTIAL, "vms")}
        columns = {name: mine[name].fill_null(np.nan).to_numpy() for name in ESSENTIAL}
        yield Sample(
            row["node"], START + row["time"] + INTERVAL, values, mine["vm"].to_list(), columns
        )


def recorded(store: Store, place: Path, windows: int) -> Path:
    """A trace of the first windows."""
    until = START + windows * SLICE
    question = StoreQuery(
        "store", START, until, shape=Shape(SLICE, SLICE), interval=float(INTERVAL), words=("x",)
    )
    record(store, question, place, lambda _: nullcontext(lambda _: None))
    return place


def holds(prefix: Said, whole: Said) -> None:
    """What the prefix says of its windows, the whole says of them, number for number."""
    assert prefix
    assert prefix == {key: whole[key] for key in prefix}
    last = max(key[3] for key in prefix)
    # A node that comes later is not yet in the prefix.
    nodes = {key[2] for key in prefix}
    assert {key for key in whole if key[3] <= last and key[2] in nodes} == prefix.keys()


@pytest.mark.parametrize("name", sorted(OPENERS))
def test_a_recording_of_a_prefix_says_what_that_of_the_whole_says(name: str) -> None:
    examples = 15 if name == "embedded" else 3  # a server takes its time for each
    limits = settings(max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck))
    limits(given(seed=SEEDS, cut=CUTS)(law))(name)


def law(name: str, seed: int, cut: int) -> None:
    with TemporaryDirectory() as folder:
        place, found = Path(folder), list(samples(seed))
        end = START + cut * SLICE
        (place / "all").mkdir()
        (place / "some").mkdir()
        with OPENERS[name](place / "all") as whole, OPENERS[name](place / "some") as some:
            whole.write(found)
            some.write([sample for sample in found if sample.time <= end])
            told = replayed(recorded(whole, place / "whole", WINDOWS))
            asked_for_less = recorded(whole, place / "less", cut)
            holds(replayed(asked_for_less), told)
            had_less = recorded(some, place / "prefix", cut)
            for driven in (replayed, in_lockstep, interrupted):
                holds(driven(had_less), told)


STORY: Sequence[tuple[Sequence[str], bool, Sequence[str]]] = (
    # window, VMs of node a, whether their exporter answers, VMs of node b
    (["x", "y"], True, ["z"]),
    (["x", "y"], True, ["z"]),
    (["y"], True, ["z", "x"]),  # x migrates
    (["y"], False, ["z", "x"]),  # libvirt is down: nobody can tell that y is there
    ([], True, ["x"]),  # y leaves, z leaves
    (["y"], True, ["x"]),  # y returns
    (["y"], False, ["x"]),
    (["y"], True, ["x", "z"]),
)
"""Windows of two nodes, as their exporters tell them."""
VCPUS = {"x": 1, "y": 2, "z": 4}


def exported(windows: int) -> str:
    """OpenMetrics text of the first windows."""
    past = History()
    step = INTERVAL / 4
    for number, (of_a, up, of_b) in enumerate(STORY[:windows]):
        first = number * SLICE
        times = np.arange(first + step, first + SLICE + step / 2, step).tolist()
        for node, residents, answers in (("a", of_a, up), ("b", of_b, True)):
            past.scrape(times, {"instance": f"{node}:9100"}, machine(8, 1.5, 64e3, 32e3), START)
            said = {"libvirt_up": always(float(answers))}
            for name in residents if answers else ():
                said |= guest(name, VCPUS[name], steady(0.5 * VCPUS[name]), 4096)
            past.scrape(times, {"instance": f"{node}:9177"}, said, START)
    return past.text


def prometheus(text: str) -> Iterator[Store]:
    with (
        servers.Prometheus(history=text) as server,
        open_store(f"prometheus:{server.url}") as store,
    ):
        yield store


def victoriametrics(text: str) -> Iterator[Store]:
    with servers.VictoriaMetrics() as server:
        imported(text, server)
        with open_store(f"victoriametrics:{server.url}") as store:
            yield store


SCRAPED = {"prometheus": prometheus, "victoriametrics": victoriametrics}


@pytest.mark.parametrize("name", sorted(SCRAPED))
def test_the_same_holds_for_what_a_server_scraped(name: str, tmp_path: Path) -> None:
    counts = range(2, len(STORY))
    for store in SCRAPED[name](exported(len(STORY))):
        whole = recorded(store, tmp_path / "whole", len(STORY))
        prefixes = [recorded(store, tmp_path / f"asked-{cut}", cut) for cut in counts]
    (five,) = (recorded(store, tmp_path / "had-5", 5) for store in SCRAPED[name](exported(5)))
    told = replayed(whole)
    for prefix in (*prefixes, five):
        holds(replayed(prefix), told)
        holds(in_lockstep(prefix), told)
    assert allocated(whole, "a") == [3, 3, 2, 2, 0, 2, 2, 2]
    assert allocated(whole, "b") == [4, 4, 5, 5, 1, 1, 1, 5]


def allocated(trace: Path, node: str) -> Sequence[int]:
    """Cores that the VMs of a node are promised in each window."""
    return [
        int(one.windows["cpu"].allocated[list(one.nodes).index(node)])
        for one in chunk_of(trace).occurrences
    ]


def test_signals_of_a_node_and_of_its_vms_are_recorded(tmp_path: Path) -> None:
    vms = {"cpu": np.array([1.0, 2.0]), "cpu_delay": np.array([0.25, np.nan])}
    vms |= {"swap_in": np.array([1.0, 2.0]), "major_faults": np.full(2, np.nan)}
    node = {"cpu": 8.0, "mem": 64.0, "cpu_usage": 1.0, "cpu_pressure": 0.5, "vms": 2.0}
    first = Sample("n", START + INTERVAL, node, ["a", "b"], vms)
    with OPENERS["embedded"](tmp_path) as store:
        store.write([replace(first, time=first.time + at * INTERVAL) for at in range(4)])
        trace = recorded(store, tmp_path / "trace", 1)
    (row, *_) = pl.read_parquet(trace / "nodes" / "*.parquet").to_dicts()
    assert (row["vms"], row["cpu_pressure"], row["cpu_wait"]) == (2, 0.5, None)
    assert (row["cpu_delay"], row["swap_in"], row["major_faults"]) == (0.25, 3.0, None)
