"""Files of defaults that say something wrong, and what a group's command may be told."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

from commands import scroogevm
from scroogevm.cli import cli
from scroogevm.cli._keys import key_lines
from scroogevm.errors import MisuseError


def config(folder: Path, text: str) -> str:
    path = folder / "scroogevm.toml"
    path.write_text(text, encoding="utf-8")
    return str(path)


def invoke(*words: str, **variables: str) -> Result:
    return CliRunner(env=variables).invoke(cli, words)


def test_a_command_of_a_group_has_a_table_and_variables_of_its_own(tmp_path: Path) -> None:
    path = config(tmp_path, "[trace.generate]\nwindows = 3\nvms = 2\ninterval = 300\n")
    words = ("--config", path, "trace", "generate", "--json", "-o", str(tmp_path / "out"))
    done = invoke(*words, SCROOGEVM_TRACE_GENERATE_NODES="2", SCROOGEVM_TRACE_GENERATE_VMS="1")
    assert done.exit_code == 0, done.exception
    facts = json.loads(done.stdout)
    assert (facts["windows"], facts["nodes"]) == (3, 2)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[repaly]\n", "line 1: repaly is unknown; did you mean 'replay'?"),
        ("replay = 3\n", "line 1: replay is a command: write a table, [replay]"),
        ("\n[trace.place]\n\nsort = 1\n", "line 4: trace.place.sort is unknown"),
        ("trace.place.sort = 1\n", "line 1: trace.place.sort is unknown"),
        ("[replay]\nstrategy = 'borg'\n", "line 2: replay.strategy is not a list of values"),
        ("[replay]\nhistory = [3]\n", "line 2: replay.history is not a single value"),
        ("[replay]\nstrategy = [[1]]\n", "line 2: replay.strategy is not a list of values"),
        (
            "[replay]\nhistory = 2020-01-01\nstrategy = [\n  'borg',\n]\nscope = []\n",
            (
                "line 2: replay.history is not a single value; "
                "line 6: replay.scope is not a single value"
            ),
        ),
        ("[replay]\nhistory = 2.5\n", "line 2: replay.history is 2.5, not a whole number"),
        ("[replay]\nhistory = true\n", "line 2: replay.history is true, not a value"),
        ("[replay]\nforce = 'yes'\n", "line 2: replay.force is 'yes', not true or false"),
        ("[[collect.targets]]\nurl = 'n'\n[[collect.target]]\n", "line 3: collect.target is"),
        ("[replay\n", "is not TOML"),
    ],
)
def test_what_a_file_says_wrong_is_named_in_one_line(
    tmp_path: Path, text: str, message: str
) -> None:
    done = invoke("--config", config(tmp_path, text), "strategies")
    assert isinstance(done.exception, MisuseError)
    assert f"scroogevm.toml: {message}" in str(done.exception)
    assert len(str(done.exception).splitlines()) == 1


def test_a_file_of_settings_may_be_named_behind_the_command(tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    file.write_text('[replay]\nhistory = "x"\n')
    for words in (
        ("--config", file, "replay", "trace", "-o", "r"),
        ("replay", "trace", "-o", "r", "--config", file),
        ("replay", f"--config={file}", "trace", "-o", "r"),
    ):
        assert "history" in scroogevm(*words).stderr, words
    assert "No such option" in scroogevm("replay", "--confi", file).stderr
    missing = scroogevm("replay", "trace", "-o", "r", "--config")
    assert missing.returncode == 2
    assert "Option '--config' requires a file." in missing.stderr


FAULTS = """
[replay]
history = "x"
histroy = 3
coverage = 2
workers = 0

[quiescence]
scope = 'soon'
format = [
    'parquet',
    'png',
]
[collect]
targets = 3
"""


def test_every_fault_of_a_file_is_told_with_its_line(tmp_path: Path) -> None:
    done = invoke("--config", config(tmp_path, FAULTS), "strategies")
    assert str(done.exception).partition("scroogevm.toml: ")[2].split("; line ") == [
        "line 3: replay.history is wrong: 'x' is not a valid integer",
        "4: replay.histroy is unknown; did you mean 'history'?",
        "5: replay.coverage is 2, not from 0 to 1",
        "6: replay.workers is 0, not from 1 to 1024",
        (
            "9: quiescence.scope is wrong: 'soon' is not a duration; "
            "write 30d, 12h, 90m, 45s or 1h30m"
        ),
        "10: quiescence.format is wrong: 'png' is not one of 'parquet', 'csv', 'json'",
        "15: collect.targets is not a list of tables",
    ]


KEYS = st.sampled_from(["a", "b", "c", '"d e"'])
VALUES = st.sampled_from(["1", "'x'", "[1,\n2,\n]", "'''\n[a]\nb = 1\n'''", "{x = {y = 2}}"])
TABLES = st.dictionaries(KEYS, st.dictionaries(KEYS, VALUES, max_size=3), max_size=3)


@given(TABLES, st.lists(st.sampled_from(["", "# a = 1", "  "]), max_size=2))
def test_the_line_of_a_key_is_where_it_stands(
    tables: dict[str, dict[str, str]], between: list[str]
) -> None:
    lines: list[str] = []
    wanted: dict[tuple[str, ...], int] = {}
    for table, keys in tables.items():
        lines += [*between, f"[{table}]"]
        wanted[(table.strip('"'),)] = len(lines)
        for key, value in keys.items():
            lines += between
            wanted[table.strip('"'), key.strip('"')] = len(lines) + 1
            lines += f"{key} = {value}".split("\n")
    found = key_lines("\n".join(lines))
    assert {path: line for path, line in found.items() if len(path) < 3} == wanted
