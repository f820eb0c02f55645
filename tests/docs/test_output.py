"""What a replay writes is what the reference says it writes."""

import json
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner

from documents import DOCS, code, first_cells, section
from scroogevm.cli import cli
from scroogevm.scoring import SCORES

PAGE = DOCS / "reference" / "output.md"
TABLES = ("scores", "node-scores", "estimates", "memos", "verdicts", "series", "reliability")


@pytest.fixture(scope="module")
def output(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("output")
    trace, place = str(folder / "trace"), folder / "out"
    small = ("--windows", "6", "--vms", "4", "--interval", "300", "--scope", "3600")
    specs = ("-s", "greedy", "-s", "doa", "-s", "oracle", "-s", "calibrated", "--figures")
    for words in (
        ("trace", "generate", "-o", trace, *small),
        ("replay", trace, "-o", str(place), "--dump", "--estimates", "--workers", "1", *specs),
    ):
        done = CliRunner().invoke(cli, words, catch_exceptions=False)
        assert done.exit_code == 0, done.output
    return place


def test_every_file_is_listed_and_every_listed_file_is_there(output: Path) -> None:
    listed = set(first_cells(PAGE.read_text("utf-8").partition("\n## ")[0]))
    found = set()
    for path in output.iterdir():
        name = f"{path.name}/" if path.is_dir() else path.name
        if path.stem in TABLES:
            name = path.stem
        elif path.name.startswith("dump-"):
            name = "dump-STRATEGY.json"
        found.add(name)
    assert found == listed


def test_every_table_is_written_in_the_formats_that_are_named(output: Path) -> None:
    for table in TABLES:
        endings = {path.suffix for path in output.glob(f"{table}.*")}
        assert {".parquet", ".csv"} <= endings
        assert endings - {".parquet", ".csv"} <= {".json", ".ndjson"}


@pytest.mark.parametrize("table", ["estimates", "verdicts", "series", "reliability"])
def test_columns_are_described_one_by_one(output: Path, table: str) -> None:
    columns = pl.read_parquet_schema(output / f"{table}.parquet")
    assert list(columns) == first_cells(section(PAGE, table))


def test_scores_have_the_described_columns_and_every_score(output: Path) -> None:
    columns = list(pl.read_parquet_schema(output / "scores.parquet"))
    assert columns == [*first_cells(section(PAGE, "scores")), *SCORES]


@pytest.mark.parametrize("table", ["node-scores", "memos"])
def test_columns_are_named_in_a_sentence(output: Path, table: str) -> None:
    columns = set(pl.read_parquet_schema(output / f"{table}.parquet")) - set(SCORES)
    assert columns <= set(code(section(PAGE, table)))


def test_what_strategies_remember_is_named(output: Path) -> None:
    kept = pl.read_parquet(output / "memos.parquet")["name"].unique().to_list()
    assert {*kept} <= set(code(section(PAGE, "memos")))
    assert {*kept} >= {"r", "d", "rising"}


def test_every_key_of_a_dump_is_described(output: Path) -> None:
    dump = json.loads((output / "dump-greedy.json").read_text("utf-8"))
    page = (DOCS / "reference" / "predecessor.md").read_text("utf-8")
    names = {word.rpartition(".")[2] for word in code(page)}
    for part in ("model", "node"):
        for key in dump[part].keys() - {"raw_data", "vm_list"}:
            same = key.replace("mem_", "cpu_")  # those of memory are named by those of cpu
            assert key in names or same in names, f"{part}.{key}"
