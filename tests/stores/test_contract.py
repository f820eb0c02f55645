"""What every store must do, whatever is behind it."""

import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scroogevm.core.samples import ESSENTIAL, NODE, VM, Recorded, Rows, Sample
from scroogevm.ports import STORES, Store
from stores.openers import EXEMPT, OPENERS

BASE = 1_700_000_100
NUMBERS = st.one_of(
    # VictoriaMetrics reads the very smallest numbers back as 0, which is no matter for MiB.
    st.floats(2**-100, 2**24, width=32),
    st.just(0.0),
    st.integers(0, 2**24).map(float),
    st.just(math.nan),
)
NAMES = st.sampled_from(["a", "n-1", "ü,=\"' \\", "漢字", "N-1", "z z"])


@st.composite
def samples(draw: st.DrawFn) -> Sample:
    vms = draw(st.lists(NAMES, max_size=3, unique=True))
    quantities = draw(st.sets(st.sampled_from(sorted(VM)), max_size=3)) | {"cpu"}
    column = st.lists(NUMBERS, min_size=len(vms), max_size=len(vms)).map(np.array)
    values = draw(st.dictionaries(st.sampled_from(sorted(NODE)), NUMBERS, max_size=3))
    return Sample(
        draw(NAMES),
        BASE + draw(st.integers(0, 1500)) + draw(st.sampled_from([0, 0.125, 0.999])),
        {"cpu": 64.0, **values},
        vms,
        {name: draw(column).astype(float) for name in sorted(quantities)},
    )


@pytest.fixture(params=sorted(OPENERS))
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    with OPENERS[request.param](tmp_path) as opened:
        yield opened


def test_every_store_is_opened_here_or_is_exempt_with_a_reason() -> None:
    assert sorted(STORES.names) == sorted({*OPENERS, *EXEMPT})
    assert all(EXEMPT.values())


@pytest.mark.parametrize("name", sorted(OPENERS))
def test_whatever_is_written_is_read_back_sorted_and_once(name: str) -> None:
    examples = 40 if name == "embedded" else 5  # a server takes its time for each
    limits = settings(max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck))
    batches = st.lists(st.lists(samples(), max_size=6), max_size=6)
    limits(given(batches=batches, data=st.data())(reads_back))(name)


def reads_back(name: str, batches: Sequence[Sequence[Sample]], data: st.DataObject) -> None:
    first: dict[tuple[str, float], Sample] = {}
    with TemporaryDirectory() as folder, OPENERS[name](Path(folder)) as store:
        for batch in batches:
            once = {(sample.node, sample.time): sample for sample in reversed(batch)}
            new = [sample for key, sample in once.items() if key not in first]
            again = [first[key] for key in once if key in first]
            store.write([*new, *again])
            first |= {(sample.node, sample.time): sample for sample in new}
        times = st.sampled_from([BASE - 1, BASE, BASE + 750, BASE + 3000, *(t for _, t in first)])
        since, until = data.draw(times), data.draw(times)
        nodes = data.draw(st.lists(NAMES, max_size=4))
        quantities = [*ESSENTIAL, "mem_rss", "cpu_wait", "vms"]
        wanted = [sample for (_, time), sample in sorted(first.items()) if since <= time < until]
        if first:
            assert list(store.nodes(since, until)) == sorted({sample.node for sample in wanted})
            found = store.read(nodes, since, until, quantities)
            same(found, [sample for sample in wanted if sample.node in nodes], quantities)


def same(found: Recorded, wanted: Sequence[Sample], quantities: Sequence[str]) -> None:
    nodes = {((s.node,), s.time): s.values for s in wanted}
    vms = {
        ((s.node, vm), s.time): {name: column[n] for name, column in s.vm_values.items()}
        for s in wanted
        for n, vm in enumerate(s.vms)
    }
    for rows, expected, known in ((found.nodes, nodes, NODE), (found.vms, vms, VM)):
        assert sorted(rows.values) == sorted(name for name in quantities if name in known)
        keys = [(rows.owners[o], t) for o, t in zip(rows.owner, rows.time.tolist(), strict=True)]
        assert keys == sorted(expected)
        assert sorted(set(rows.owners)) == list(rows.owners)
        for name, column in rows.values.items():
            assert column.shape == rows.time.shape
            numbers = [expected[key].get(name, math.nan) for key in keys]
            np.testing.assert_array_equal(column.astype(np.float32), np.array(numbers, "f4"))


def test_nodes_that_are_unknown_have_no_rows(store: Store) -> None:
    store.write([Sample("a", BASE, {"cpu": 1.0})])
    nodes, vms = store.read(["b"], 0, 2e9)
    assert len(nodes) == len(vms) == 0
    assert set(nodes.values) == set(vms.values) == set(ESSENTIAL)


def test_a_vm_that_left_and_came_back_has_no_rows_in_between(store: Store) -> None:
    there: Mapping[int, Sequence[str]] = {0: ["v", "w"], 5: ["w"], 10: ["w", "v"], 700: ["v"]}
    for late, vms in there.items():
        column = np.arange(float(len(vms)))
        store.write([Sample("n", BASE + late, {"cpu": 4.0}, vms, {"cpu": column})])
    rows = store.read(["n"], BASE, BASE + 1000).vms
    assert list(rows.owners) == [("n", "v"), ("n", "w")]
    assert (rows.time - BASE).tolist() == [0, 10, 700, 0, 5, 10]
    assert rows.values["cpu"].tolist() == [0, 1, 0, 1, 0, 0]


def test_late_samples_find_their_place(store: Store) -> None:
    for late in [*range(0, 1200, 10), *range(5, 1200, 10), *range(2, 1200, 100)]:
        store.write([Sample("n", BASE + late, {"cpu": float(late)})])
    rows = store.read(["n"], 0, 2e9).nodes
    assert (rows.time - BASE).tolist() == rows.values["cpu"].tolist()
    assert np.all(np.diff(rows.time) > 0)
    assert len(rows) == 252


def test_the_end_of_the_interval_is_left_out(store: Store) -> None:
    store.write([Sample("n", BASE + late, {"cpu": 1.0}) for late in (0, 5, 10)])
    rows: Rows = store.read(["n"], BASE, BASE + 10).nodes
    assert (rows.time - BASE).tolist() == [0, 5]
    assert list(store.nodes(BASE + 10, BASE + 11)) == ["n"]
    assert list(store.nodes(BASE + 10.001, BASE + 11)) == []
