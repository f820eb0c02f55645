"""The generator: same seed, same bytes; nodes that could exist."""

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scroogevm.errors import MisuseError
from scroogevm.traces.generate import MIXES, SCENARIOS, Mix, Workload, generate
from scroogevm.traces.generate.node import draw
from scroogevm.traces.generate.signals import autocorrelated

SMALL: dict[str, Any] = {"vms": 8, "cores": 32, "windows": 4, "scope": 600, "interval": 30}


def content(directory: Path) -> dict[str, bytes]:
    return {
        str(file.relative_to(directory)): file.read_bytes()
        for file in sorted(directory.rglob("*"))
        if file.is_file()
    }


def test_same_seed_same_bytes(tmp_path: Path) -> None:
    for name, seed in (("a", 7), ("b", 7), ("c", 8)):
        generate(Workload(scenario="churn", nodes=3, seed=seed, **SMALL), tmp_path / name)
    assert content(tmp_path / "a") == content(tmp_path / "b")
    assert (
        content(tmp_path / "a")["vms/00000.parquet"] != content(tmp_path / "c")["vms/00000.parquet"]
    )


def test_a_node_does_not_depend_on_how_many_are_drawn_or_on_parts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    generate(Workload(nodes=4, **SMALL), tmp_path / "whole")
    monkeypatch.setattr("scroogevm.traces.generate.write.PART_ROWS", 1000)
    parts = generate(Workload(nodes=4, **SMALL), tmp_path / "parts").parts
    assert len(parts) > 1
    for table in ("nodes", "vms"):
        whole, split = (
            pl.concat(
                pl.read_parquet(file).with_columns(pl.col(pl.Categorical).cast(pl.String))
                for file in sorted((tmp_path / name / table).iterdir())
            )
            for name in ("whole", "parts")
        )
        assert whole.equals(split)


@settings(max_examples=25, deadline=None)
@given(
    scenario=st.sampled_from(sorted(SCENARIOS)),
    mix=st.sampled_from(MIXES),
    vms=st.integers(1, 20),
    cores=st.sampled_from([4.0, 64.0]),
    windows=st.integers(1, 5),
    seed=st.integers(0, 2**32),
)
def test_no_node_or_vm_uses_more_than_it_has(  # noqa: PLR0917  # hypothesis names them
    scenario: str, mix: str, vms: int, cores: float, windows: int, seed: int
) -> None:
    workload = Workload(
        scenario=scenario, mix=mix, vms=vms, cores=cores, windows=windows, seed=seed,
        scope=300, interval=20,
    )  # fmt: skip
    node, table = draw(workload, 0)
    assert node.height == windows * 15
    for usage, size in (("cpu_usage", "cpu"), ("mem_usage", "mem")):
        for frame in (node, table):
            assert (frame[usage] >= 0).all()
            assert (frame[usage] <= frame[size] + 1e-3).all()
        total = table.group_by("time").agg(pl.col(usage).cast(pl.Float64).sum())
        beside = node.join(total, on="time", suffix="_vms")
        # Rounding of each VM is all that may be lost.
        assert (beside[usage] >= beside[f"{usage}_vms"] - 0.05 * vms - 0.5).all()
    if table.height:
        lives = table.group_by("vm").agg(
            pl.len(), span=(pl.col("time").max() - pl.col("time").min()) / 20 + 1
        )
        assert (lives["len"] == lives["span"]).all()


@pytest.mark.parametrize(
    ("scenario", "grows"), [("increasing", True), ("decreasing", False)], ids=str
)
def test_vms_and_usage_follow_the_scenario(scenario: str, grows: bool) -> None:  # noqa: FBT001  # a case
    workload = Workload(scenario=scenario, interval=60)
    node, table = draw(workload, 0)
    ends = {
        name: node.filter(pl.col("time").is_between(*span))["cpu_usage"].mean()
        for name, span in {"first": (0, 3599), "last": (50_400, 54_000)}.items()
    }
    counts = table.group_by("time").len().sort("time")["len"]
    assert (ends["last"] > 2 * ends["first"]) is grows  # type: ignore[operator]  # numbers
    assert sorted([counts[0], counts[-1]]) == [35, 100]
    assert (counts[-1] == 100) is grows
    assert set(np.sign(np.diff(counts.cast(pl.Int64)))) == {0, 1 if grows else -1}


def test_steady_node_of_256_cores_looks_like_a_real_one() -> None:
    node, table = draw(Workload(interval=30, seed=3), 0)
    allocated = float(table.filter(time=0)["cpu"].sum())
    usage = float(node["cpu_usage"].mean())  # type: ignore[arg-type]  # a number
    assert 0.7 * 256 < allocated < 1.05 * 256
    assert 0.15 * allocated < usage < 0.4 * allocated


def test_churn_replaces_vms_and_keeps_their_number() -> None:
    _, table = draw(Workload(scenario="churn", interval=60), 0)
    alive = table.group_by("time").len()["len"]
    assert table["vm"].n_unique() > 200
    assert 75 < float(alive.mean()) < 100  # type: ignore[arg-type]  # a number


def test_a_day_lies_between_the_lows_of_a_daily_node() -> None:
    workload = Workload(scenario="daily", windows=48, interval=300)
    usage = draw(workload, 0)[0]["cpu_usage"].to_numpy()
    assert usage[132:156].mean() > 1.5 * usage[:12].mean()


def test_sizes_have_the_shares_of_the_mix() -> None:
    vms = Mix.load("azure2017").draw(40_000, np.random.default_rng(0))
    sizes, counts = np.unique(vms.cores, return_counts=True)
    assert sizes.tolist() == [1, 2, 4, 8]
    assert counts / 40_000 == pytest.approx([0.51, 0.25, 0.17, 0.07], abs=0.01)
    assert np.corrcoef(vms.cores, vms.memory)[0, 1] > 0.5


@pytest.mark.parametrize("name", MIXES)
def test_every_mix_names_source_and_licence(name: str) -> None:
    mix = Mix.load(name)
    assert "BSD-3-Clause" in mix.source
    assert sum(item["share"] for item in mix.classes.values()) == pytest.approx(1, abs=0.02)


def test_noise_has_the_correlation_asked_for() -> None:
    shocks = np.random.default_rng(0).standard_normal((4, 20_000), np.float32)
    noise = autocorrelated(shocks, 0.9)
    naive = shocks.astype(np.float64)
    for t in range(1, 300):
        naive[:, t] = 0.9 * naive[:, t - 1] + np.sqrt(1 - 0.81) * naive[:, t]
    assert noise[:, :300] == pytest.approx(naive[:, :300], abs=1e-4)
    assert noise.std() == pytest.approx(1, abs=0.05)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"scenario": "sideways"}, "increasing"),
        ({"mix": "none"}, "azure2017"),
        ({"usage": "chameleon2020"}, "no usage classes"),
        ({"vms": 0}, "at least 1"),
        ({"cores": float("nan")}, "above 0"),
        ({"interval": 7}, "multiple"),
        ({"scope": 1800, "slice": 700}, "multiple"),
        ({"seed": -1}, "at least 0"),
    ],
)
def test_what_makes_no_sense_is_refused_before_anything_is_written(
    wrong: dict[str, object], said: str
) -> None:
    with pytest.raises(MisuseError, match=said):
        Workload(**wrong)  # type: ignore[arg-type]  # wrong on purpose
