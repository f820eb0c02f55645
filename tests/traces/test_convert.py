"""``scroogevm trace`` from outside: info, convert, generate, place."""

import json
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from click.testing import CliRunner

import predecessors
from commands import SCROOGEVM
from scroogevm.cli import cli
from scroogevm.errors import MisuseError, ScroogeError, TraceError
from scroogevm.traces.convert import convert_nodes
from scroogevm.traces.generate import Workload, generate
from scroogevm.traces.manifest import Manifest

GOLDEN = Path(__file__).parents[1] / "golden"


def run(*arguments: object) -> str:
    result = CliRunner().invoke(cli, ["trace", *map(str, arguments)], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


def facts(*arguments: object) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(run(*arguments, "--json"))
    return found


def tables(trace: Path) -> dict[str, pl.DataFrame]:
    return {
        name: pl.concat(
            pl.read_parquet(file).with_columns(pl.col(pl.Categorical).cast(pl.String))
            for file in sorted((trace / name).iterdir())
        )
        for name in ("nodes", "vms")
    }


@pytest.fixture
def trace(tmp_path: Path) -> Path:
    workload = Workload("churn", nodes=3, vms=5, cores=16, windows=4, scope=600, interval=60)
    generate(workload, tmp_path / "trace")
    return tmp_path / "trace"


def test_a_directory_is_cut_into_smaller_parts_and_joined_again(
    trace: Path, tmp_path: Path
) -> None:
    small = convert_nodes([trace], tmp_path / "small", rows=1)
    assert [part.nodes for part in small.parts] == [1, 1, 1]
    whole = convert_nodes([tmp_path / "small"], tmp_path / "whole")
    assert whole == Manifest.read(trace)
    for name, table in tables(trace).items():
        assert tables(tmp_path / "small")[name].equals(table)
        assert tables(tmp_path / "whole")[name].equals(table)


def test_a_part_that_is_no_parquet_is_named(trace: Path, tmp_path: Path) -> None:
    (trace / "vms" / "00000.parquet").write_bytes(b"nonsense")
    with pytest.raises(TraceError, match="cannot be read"):
        convert_nodes([trace], tmp_path / "other")
    assert not (tmp_path / "other").exists()


@pytest.mark.parametrize("table", ["nodes", "vms"])
def test_a_part_without_a_column_is_refused(trace: Path, tmp_path: Path, table: str) -> None:
    file = trace / table / "00000.parquet"
    pl.read_parquet(file).drop("mem_usage").write_parquet(file)
    with pytest.raises(TraceError, match="mem_usage: is missing"):
        convert_nodes([trace], tmp_path / "other")
    assert not (tmp_path / "other").exists()


def test_info_of_a_trace_of_nodes(trace: Path) -> None:
    found = facts("info", trace)
    table = tables(trace)
    assert found["nodes"] == 3
    assert found["vms"] == table["vms"].select("node", "vm").unique().height
    assert (found["windows"], found["span"], found["capacity"]) == (4, 2400, 16)
    assert found["usage"] == pytest.approx(table["nodes"]["cpu_usage"].mean() / 16)  # type: ignore[operator]  # a number
    assert found["allocated"] == pytest.approx(table["vms"]["cpu"].sum() / (16 * 3 * 40))
    assert found["missing"] == 0
    assert "churn" in str(found["source"])
    assert "16 cores" in run("info", trace)


@pytest.mark.parametrize("odd", [float("nan"), float("inf")])
def test_info_of_a_trace_takes_what_is_no_number_as_missing(trace: Path, odd: float) -> None:
    file = trace / "nodes" / "00000.parquet"
    nodes = pl.read_parquet(file)
    first = pl.int_range(pl.len()) < nodes.height // 2
    half = pl.when(first).then(odd).otherwise("cpu_usage").alias("cpu_usage")
    nodes.with_columns(half).write_parquet(file)
    found = facts("info", trace)
    assert found["missing"] == 0.5
    usage = nodes.filter(~first)["cpu_usage"].mean()
    assert found["usage"] == pytest.approx(usage / 16)  # type: ignore[operator]  # a number


def test_info_of_a_trace_without_rows_knows_no_shares(trace: Path) -> None:
    for table in ("nodes", "vms"):
        file = trace / table / "00000.parquet"
        pl.read_parquet(file).clear().write_parquet(file)
    found = facts("info", trace)
    assert (found["nodes"], found["vms"]) == (0, 0)
    assert [found[name] for name in ("capacity", "allocated", "usage", "missing")] == [None] * 4


def test_info_counts_the_files_that_the_trace_names_and_no_others(trace: Path) -> None:
    before = facts("info", trace)
    nodes = pl.read_parquet(trace / "nodes" / "00000.parquet")
    stray = nodes.with_columns(node=pl.lit("stray"), cpu_usage=0.0)
    stray.write_parquet(trace / "nodes" / "stray.parquet")
    (trace / "nodes" / "notes.txt").write_text("mine")
    assert facts("info", trace) == before


def test_info_of_a_data_set_counts_what_is_missing(tmp_path: Path) -> None:
    (tmp_path / "vms.csv").write_text(
        "vm,time,cpu_usage,cpu\na,0,1,2\na,60,,2\na,180,1,2\nb,0,0,4\n"
    )
    found = facts("info", tmp_path / "vms.csv")
    assert (found["kind"], found["vms"], found["nodes"], found["span"]) == (
        "VMs, vms",
        2,
        None,
        240,
    )
    assert found["missing"] == pytest.approx(2 / 5)
    assert found["usage"] == pytest.approx(2 / 8)


def test_generate_then_info_agree(tmp_path: Path) -> None:
    small = ("--vms", 3, "--windows", 2, "--scope", 300, "--interval", 30)
    made = facts("generate", "--scenario", "steady", *small, "-o", tmp_path / "t")
    assert made == {"trace": str(tmp_path / "t"), "nodes": 1, "vm_rows": 60, "windows": 2}
    assert facts("info", tmp_path / "t")["vms"] == 3
    with pytest.raises(MisuseError, match="--force"):
        run("generate", *small, "-o", tmp_path / "t")
    assert "2 windows" in run("generate", *small, "-o", tmp_path / "t", "--force")


def test_place_then_info_agree(tmp_path: Path) -> None:
    rows = "".join(f"{vm},{time},0.5,2\n" for vm in "abc" for time in range(0, 3600, 300))
    (tmp_path / "vms.csv").write_text("vm,time,cpu_usage,cpu\n" + rows)
    made = facts("place", tmp_path / "vms.csv", "--cores", 4, "-o", tmp_path / "t", "--scope", 1800)
    assert (made["nodes"], made["vms"], made["windows"], made["missing"]) == (2, 3, 2, 0)
    found = facts("info", tmp_path / "t")
    assert found["allocated"] == pytest.approx(6 / 8)
    assert found["usage"] == pytest.approx(1.5 / 8)


def test_vms_are_converted_by_the_command(tmp_path: Path) -> None:
    (tmp_path / "vms.csv").write_text("vm,time,cpu_usage,cpu\nb,0,1,2\nb,60,1,2\na,0,1,2\n")
    assert "3 rows" in run("convert", tmp_path / "vms.csv", "-o", tmp_path / "new.parquet")
    assert pl.read_parquet(tmp_path / "new.parquet")["vm"].to_list() == ["a", "b", "b"]
    with pytest.raises(ScroogeError, match="one by one"):
        run("convert", tmp_path / "vms.csv", tmp_path / "vms.csv", "-o", tmp_path / "x")


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_vms_that_find_no_room_fail_in_one_line_and_leave_nothing(
    tmp_path: Path, kind: str
) -> None:
    readings = np.random.default_rng(0).random(40_000)
    rows = pl.DataFrame({"cpu_usage": readings, "time": np.arange(40_000) * 60})
    vms = rows.with_columns(vm=pl.lit("a"), cpu=pl.lit(2.0))
    source = tmp_path / f"vms.{kind}"
    vms.write_csv(source) if kind == "csv" else vms.write_parquet(source)
    (tmp_path / "out").mkdir()
    words: list[str | Path] = [
        SCROOGEVM,
        "trace",
        "convert",
        source,
        "-o",
        tmp_path / "out" / "new.parquet",
    ]
    done = subprocess.run(
        ["bash", "-c", 'ulimit -f 64; exec "$@"', "bash", *words],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr.startswith(f"scroogevm: {tmp_path / 'out'}"), done.stderr
    assert done.stderr.count("\n") == 1
    assert ("File too large" if kind == "parquet" else "no space left") in done.stderr
    assert list((tmp_path / "out").iterdir()) == []


def test_files_of_the_predecessor_become_one_fleet(tmp_path: Path) -> None:
    files = [GOLDEN / f"{name}.json.xz" for name in ("decreasing", "increasing")]
    assert "2 nodes" in run("convert", *files, "-o", tmp_path / "t")
    alone = [facts("info", file) for file in files]
    both = facts("info", tmp_path / "t")
    assert both["vms"] == sum(one["vms"] for one in alone)
    assert both["usage"] == pytest.approx(sum(one["usage"] for one in alone) / 2)
    assert Manifest.read(tmp_path / "t").vm_cpu_usage == "fraction"
    assert tables(tmp_path / "t")["nodes"]["node"].unique().sort().to_list() == [
        "decreasing",
        "increasing",
    ]


def test_files_that_are_cut_differently_are_not_joined(tmp_path: Path) -> None:
    files = [GOLDEN / f"{name}.json.xz" for name in ("decreasing", "churn-slices")]
    with pytest.raises(TraceError, match=r"scope is .* convert them separately"):
        convert_nodes(files, tmp_path / "t")


def test_numbers_that_a_replay_refuses_are_not_converted(trace: Path, tmp_path: Path) -> None:
    content = predecessors.trace()
    content["vm"]["vm-b"]["raw_data"][2]["cpu_usage"][4] = 350.0
    (tmp_path / "n.json").write_text(json.dumps(content))
    with pytest.raises(TraceError, match=r"raw_data\[2\].cpu_usage\[4\]: .*350 of 1 is absurd"):
        convert_nodes([tmp_path / "n.json"], tmp_path / "other")
    file = trace / "nodes" / "00000.parquet"
    rows = pl.read_parquet(file)
    spoilt = pl.when(pl.int_range(pl.len()) == 7).then(1e6).otherwise("cpu_usage")
    rows.with_columns(cpu_usage=spoilt).write_parquet(file)
    with pytest.raises(TraceError, match=r"1e\+06 of 16 is absurd"):
        convert_nodes([trace], tmp_path / "other")
    assert not (tmp_path / "other").exists()
