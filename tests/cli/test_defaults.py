"""Files of defaults that say something wrong, and what a group's command may be told."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from commands import scroogevm
from scroogevm.cli import cli
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
        ("[repaly]\n", "unknown: repaly"),
        ("replay = 3\n", "unknown: replay"),
        ("[trace.place]\nsort = 1\n", "unknown: trace.place.sort"),
        ("[replay]\nstrategy = 'borg'\n", "replay.strategy is no list of values"),
        ("[replay]\nhistory = [3]\n", "replay.history is no plain value"),
        ("[replay]\nstrategy = [[1]]\n", "replay.strategy is no list of values"),
        (
            "[replay]\nhistory = 2020-01-01\nscope = []\n",
            "replay.history is no plain value; replay.scope is no plain value",
        ),
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


def test_a_value_of_a_wrong_kind_is_the_options_own_complaint(tmp_path: Path) -> None:
    path = config(tmp_path, "[trace.generate]\nnodes = 'many'\n")
    done = invoke("--config", path, "trace", "generate", "-o", str(tmp_path / "out"))
    assert done.exit_code == 2
    assert "'many' is not a valid integer" in done.output


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
