"""Placement: limits hold at any time, the order of rows does not matter, missing is not zero."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scroogevm.errors import MisuseError, TraceError
from scroogevm.ports import Shape
from scroogevm.traces.manifest import Manifest
from scroogevm.traces.placement.fit import STRATEGIES, pack
from scroogevm.traces.placement.place import Placed, Placing, place

MINUTE = Shape(60.0, 60.0)


def vm(name: str, times: range, cpu: float, usage: float | None, **more: object) -> pl.DataFrame:
    columns: dict[str, object] = {"mem_usage": None, "mem": 1024.0, **more}
    return pl.DataFrame({"time": list(times)}).with_columns(
        pl.lit(name).alias("vm"),
        pl.lit(cpu).alias("cpu"),
        pl.lit(usage, pl.Float64).alias("cpu_usage"),
        *(pl.lit(value, pl.Float64).alias(column) for column, value in columns.items()),
    )


def placed(
    tmp_path: Path, *vms: pl.DataFrame, **how: object
) -> tuple[Placed, pl.DataFrame, pl.DataFrame]:
    pl.concat(vms).write_parquet(tmp_path / "vms.parquet")
    placing = Placing(**({"cores": 4, "shape": MINUTE} | how))  # type: ignore[arg-type]  # tests
    outcome = place(tmp_path / "vms.parquet", tmp_path / "out", placing, overwrite=True)
    nodes, table = (
        pl.read_parquet(tmp_path / "out" / name / "*.parquet").with_columns(
            pl.col(pl.Categorical).cast(pl.String)
        )
        for name in ("nodes", "vms")
    )
    return outcome, nodes, table


stays = st.lists(
    st.tuples(st.integers(0, 20), st.integers(1, 15), st.integers(1, 8), st.integers(0, 8)),
    min_size=1,
    max_size=40,
)


@given(stays=stays, strategy=st.sampled_from(sorted(STRATEGIES)))
def test_limits_hold_at_any_time_and_every_vm_has_one_node(
    stays: list[tuple[int, int, int, int]], strategy: str
) -> None:
    begin, length, cpu, memory = np.array(sorted(stays)).T
    node = pack((begin, begin + length), (cpu, memory), (8, 8), STRATEGIES[strategy])
    assert node.size == begin.size
    assert set(node) == set(range(node.max() + 1))
    for moment in range(36):
        here = (begin <= moment) & (moment < begin + length)
        for need in (cpu, memory):
            assert np.bincount(node[here], weights=need[here]).max(initial=0) <= 8


@given(stays=stays)
def test_a_node_is_opened_only_when_no_other_has_room(
    stays: list[tuple[int, int, int, int]],
) -> None:
    begin, length, cpu, memory = np.array(sorted(stays)).T
    node = pack((begin, begin + length), (cpu, memory), (8, 8), STRATEGIES["first-fit"])
    for one in range(begin.size):
        there = (np.arange(begin.size) < one) & (begin + length > begin[one])
        for other in range(node[one]):
            held = there & (node == other)
            assert cpu[held].sum() + cpu[one] > 8 or memory[held].sum() + memory[one] > 8


def test_best_fit_fills_the_fullest_node() -> None:
    stay = np.zeros(4, np.int64), np.ones(4, np.int64)
    need = np.array([5, 6, 3, 2]), np.zeros(4, np.int64)
    assert pack(stay, need, (8, 0), STRATEGIES["best-fit"]).tolist() == [0, 1, 0, 1]
    need = np.array([5, 6, 2, 3]), np.zeros(4, np.int64)
    assert pack(stay, need, (8, 0), STRATEGIES["first-fit"]).tolist() == [0, 1, 0, 2]
    assert pack(stay, need, (8, 0), STRATEGIES["best-fit"]).tolist() == [0, 1, 1, 0]


@settings(max_examples=10, deadline=None)
@given(order=st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(
    tmp_path_factory: pytest.TempPathFactory, order: object
) -> None:
    folder = tmp_path_factory.mktemp("order")
    rows = pl.concat(
        [vm("b", range(0, 60, 10), 2.0, 1.0), vm("a", range(0, 60, 10), 3.0, 2.0),
         vm("c", range(20, 60, 10), 1.0, 0.5)]
    )  # fmt: skip
    shuffled = list(range(rows.height))
    order.shuffle(shuffled)  # type: ignore[attr-defined]  # a random.Random
    _, nodes, table = placed(folder, rows)
    _, again, table_again = placed(folder, rows[shuffled])
    assert nodes.equals(again)
    assert table.equals(table_again)
    assert dict(table.select("vm", "node").unique().iter_rows()) == {
        "a": "node-0", "b": "node-1", "c": "node-0",
    }  # fmt: skip


def test_node_usage_is_the_sum_of_its_vms_and_zero_when_empty(tmp_path: Path) -> None:
    outcome, nodes, _ = placed(
        tmp_path,
        vm("a", range(0, 60, 10), 1.0, 0.5, mem_usage=100.0),
        vm("b", range(20, 120, 10), 2.0, 1.25, mem_usage=50.0),
        vm("z", range(0, 120, 10), 4.0, 1.0, mem_usage=1.0),
    )
    first = nodes.filter(node="node-0")
    assert outcome.nodes == 2
    assert first["time"].to_list() == list(range(0, 120, 10))
    assert first["cpu_usage"].to_list() == [0.5] * 2 + [1.75] * 4 + [1.25] * 6
    assert first["mem_usage"].to_list() == [100.0] * 2 + [150.0] * 4 + [50.0] * 6
    assert first["cpu"].unique().to_list() == [4.0]
    assert first["mem"].unique().to_list() == [16384.0]
    assert Manifest.read(tmp_path / "out").windows == 2


def test_a_place_is_free_once_a_vm_has_left(tmp_path: Path) -> None:
    outcome, nodes, _ = placed(
        tmp_path, vm("a", range(0, 60, 10), 4.0, 1.0), vm("b", range(60, 120, 10), 4.0, 2.0)
    )
    assert outcome.nodes == 1
    assert nodes["cpu_usage"].to_list() == [1.0] * 6 + [2.0] * 6


def test_missing_readings_are_estimated_or_null_never_zero(tmp_path: Path) -> None:
    gap = [20, 30]
    large = vm("large", range(0, 60, 10), 3.0, 1.5)
    small = vm("small", range(0, 60, 10), 1.0, 0.5)
    _, nodes, _ = placed(tmp_path, large, small.filter(~pl.col("time").is_in(gap)))
    assert nodes["cpu_usage"].to_list() == [2.0] * 6  # three quarters are known, and scaled
    _, nodes, _ = placed(tmp_path, large.filter(~pl.col("time").is_in(gap)), small)
    assert nodes["cpu_usage"].to_list() == [2.0, 2.0, None, None, 2.0, 2.0]
    outcome, nodes, _ = placed(
        tmp_path, *(one.filter(~pl.col("time").is_in(gap)) for one in (large, small))
    )
    assert nodes["cpu_usage"].to_list() == [2.0, 2.0, None, None, 2.0, 2.0]
    assert nodes["mem_usage"].null_count() == 6
    assert outcome.missing == pytest.approx(1 / 3)


@pytest.mark.parametrize("mem", [None, 1024.0])
def test_unknown_memory_usage_is_missing_even_on_an_empty_node(
    tmp_path: Path, mem: float | None
) -> None:
    stay = [vm(name, times, 4.0, 1.0, mem=mem) for name, times in
            (("a", range(0, 30, 10)), ("b", range(60, 120, 10)))]  # fmt: skip
    _, nodes, _ = placed(tmp_path, *stay)
    assert nodes["mem_usage"].is_null().all()
    assert nodes["cpu_usage"].to_list() == [1.0] * 3 + [0.0] * 3 + [1.0] * 6


def test_overcommitted_nodes_never_use_more_than_they_have(tmp_path: Path) -> None:
    many = [vm(f"vm{number}", range(0, 60, 10), 2.0, 2.0) for number in range(4)]
    outcome, nodes, table = placed(tmp_path, *many, overcommit=2.0)
    assert (outcome.nodes, outcome.cut) == (1, 6)
    assert nodes["cpu_usage"].unique().to_list() == [4.0]
    assert table["cpu_usage"].unique().to_list() == [2.0]
    assert placed(tmp_path, *many)[0].nodes == 2


def test_memory_limits_where_it_is_known(tmp_path: Path) -> None:
    pair = [vm(name, range(0, 60, 10), 1.0, 0.5, mem=3000.0) for name in "ab"]
    assert placed(tmp_path, *pair, memory=4096)[0].nodes == 2
    unknown = [vm(name, range(0, 60, 10), 1.0, 0.5, mem=None) for name in "ab"]
    assert placed(tmp_path, *unknown, memory=4096)[0].nodes == 1


def test_default_memory_grows_for_the_largest_vm_and_says_so(tmp_path: Path) -> None:
    outcome = placed(tmp_path, vm("a", range(0, 60, 10), 1.0, 0.5, mem=20_000.0))[0]
    assert outcome.memory == 20 * 1024
    assert any("20480 MiB" in line for line in outcome.remarks)


def test_a_vm_larger_than_a_node_is_named_or_left_out(tmp_path: Path) -> None:
    both = vm("small", range(0, 60, 10), 1.0, 0.5), vm("huge", range(0, 60, 10), 5.0, 0.5)
    with pytest.raises(TraceError, match=r"VM huge: needs 5 cores .* --skip-larger"):
        placed(tmp_path, *both)
    outcome, _, table = placed(tmp_path, *both, skip_larger=True)
    assert outcome.skipped == 1
    assert table["vm"].unique().to_list() == ["small"]


def test_a_vm_holds_its_largest_allocation_all_its_life(tmp_path: Path) -> None:
    grown = pl.concat([vm("a", range(0, 30, 10), 1.0, 0.5), vm("a", range(30, 60, 10), 3.0, 0.5)])
    outcome, _, table = placed(tmp_path, grown, vm("b", range(0, 60, 10), 2.0, 0.5))
    assert outcome.nodes == 2
    assert table.filter(vm="a")["cpu"].unique().to_list() == [3.0]


def test_many_parts_hold_the_same_as_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    many = [vm(f"vm{number}", range(0, 60, 10), 3.0, number / 10) for number in range(5)]
    _, nodes, table = placed(tmp_path, *many)
    monkeypatch.setattr("scroogevm.traces.placement.place.PART_ROWS", 12)
    outcome, again, table_again = placed(tmp_path, *many)
    assert [part.nodes for part in outcome.manifest.parts] == [2, 2, 1]
    assert again.equals(nodes)
    assert table_again.equals(table)


def test_nothing_is_left_behind_when_it_fails(tmp_path: Path) -> None:
    twice = vm("a", range(0, 60, 10), 1.0, 0.5)
    with pytest.raises(TraceError, match="VM a at time 0: has two rows"):
        placed(tmp_path, twice, twice)
    assert [item.name for item in tmp_path.iterdir()] == ["vms.parquet"]


@pytest.mark.parametrize(
    "wrong", [{"cores": 0}, {"memory": -1}, {"overcommit": float("inf")}, {"strategy": "worst"}]
)
def test_what_makes_no_sense_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(MisuseError):
        Placing(**({"cores": 4} | wrong))  # type: ignore[arg-type]  # wrong on purpose


def test_a_scope_that_does_not_fit_the_interval_is_misuse(tmp_path: Path) -> None:
    with pytest.raises(MisuseError, match="multiple"):
        placed(tmp_path, vm("a", range(0, 60, 10), 1.0, 0.5), shape=Shape(25.0, 25.0))


SHARED = Path(__file__).parents[3] / "shared" / "data"


@pytest.mark.skipif(not SHARED.is_dir(), reason="real traces lie beside the checkout only")
def test_fleet_wide_gaps_of_a_real_data_set_are_missing_not_zero(tmp_path: Path) -> None:
    rows = pl.scan_parquet(SHARED / "bitbrains-rnd-60d.parquet")
    some = rows.filter(pl.col("vm").str.contains("^rnd-1[0-3]")).collect()
    outcome, nodes, table = placed(tmp_path, some, cores=64, shape=Shape(3600.0, 3600.0))
    lives = table.group_by("node").agg(pl.col("time").min(), end=pl.col("time").max())
    alive = nodes.join(lives, on="node", suffix="_first").filter(
        pl.col("time").is_between("time_first", "end")
    )
    assert table.height > some.height  # a VM without a reading is there all the same
    table = table.filter(pl.col("cpu_usage").is_not_null())
    gaps = alive.join(table.select("node", "time").unique(), on=["node", "time"], how="anti")
    assert gaps.height > 200
    assert gaps["cpu_usage"].is_null().all()
    assert (alive.drop_nulls("cpu_usage")["cpu_usage"] > 0).all()
    assert table.height == some.height
    assert outcome.vms == some["vm"].n_unique()
