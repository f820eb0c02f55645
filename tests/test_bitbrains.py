"""Real VMs, placed on nodes of 64 cores and replayed with scopes of one hour."""

import json
from pathlib import Path

import polars as pl
import pytest

from commands import scroogevm
from scroogevm.config import default_strategies

DATA = Path(__file__).parents[2] / "shared" / "data" / "bitbrains-rnd-60d.parquet"
DAYS, VMS = 4, 120


@pytest.mark.skipif(not DATA.exists(), reason=f"the data set {DATA.name} is not beside the project")
def test_a_part_of_bitbrains_is_replayed_through_all_strategies(tmp_path: Path) -> None:
    rows = pl.scan_parquet(DATA).filter(pl.col("time") < DAYS * 86400)
    some = rows.select(pl.col("vm").unique().sort().head(VMS)).collect()
    rows.join(some.lazy(), on="vm", how="semi").sink_parquet(tmp_path / "vms.parquet")
    words = ("trace", "place", tmp_path / "vms.parquet", "--cores", "64", "--scope", "3600")
    placed = scroogevm(*words, "-o", tmp_path / "nodes", "--json")
    assert placed.returncode == 0, placed.stderr
    facts = json.loads(placed.stdout)
    assert facts["vms"] == VMS
    done = scroogevm("replay", tmp_path / "nodes", "-o", tmp_path / "out", "--no-figures", "--json")
    assert done.returncode == 0, done.stderr
    scores = {(row["resource"], row["strategy"]): row for row in json.loads(done.stdout)}
    assert {strategy for _, strategy in scores} == set(default_strategies())
    for (resource, strategy), row in scores.items():
        assert row["windows"] == pytest.approx(DAYS * 24 - 1, abs=1), (resource, strategy)
        assert 0 <= row["violation_rate"] <= 1
    # What must hold on any trace: the oracle never errs, and margins cost what they promise.
    assert scores["cpu", "oracle"]["violation_rate_max"] == 0
    assert scores["cpu", "oracle"]["regret"] < scores["cpu", "persistence"]["regret"]
    assert scores["cpu", "n-sigma"]["savings"] < scores["cpu", "percentile"]["savings"]
    assert scores["cpu", "max-peak"]["violation_rate"] <= min(
        scores["cpu", name]["violation_rate"] for name in ("n-sigma", "rc-like")
    )
