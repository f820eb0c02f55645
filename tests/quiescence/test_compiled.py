"""Compiled code is kept between runs wherever there is a place that nobody else can write."""

import subprocess
import sys
from os import environ
from pathlib import Path

import pytest

SOURCE = """
from scroogevm.quiescence._compiled import compiled

@compiled()
def twice(x: int) -> int:
    return 2 * x
"""
ASK = """
from doubling import twice
value = twice(21)
print(value, twice.stats.cache_path, *twice.stats.cache_hits.values())
"""


@pytest.fixture
def read_only(tmp_path: Path) -> Path:
    """A module in a directory without a place for its cache, not even for root; no home either."""
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "doubling.py").write_text(SOURCE)
    (tmp_path / "code" / "__pycache__").write_text("a file where a directory should be")
    (tmp_path / "home").write_text("likewise")
    (tmp_path / "tmp").mkdir()
    return tmp_path


def ask(folder: Path, **env: str) -> list[str]:
    home = str(folder / "home")
    place = {"HOME": home, "XDG_CACHE_HOME": home, "TMPDIR": str(folder / "tmp")}
    unset = {"NUMBA_CACHE_DIR": "", "PYTHONPATH": str(folder / "code")}
    done = subprocess.run(
        [sys.executable, "-c", ASK],
        capture_output=True,
        text=True,
        check=False,
        env={**environ, **unset, **place, **env},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def test_with_a_read_only_home_and_package_it_is_kept_in_the_users_temporary_directory(
    read_only: Path,
) -> None:
    value, path, *hits = ask(read_only)
    assert (value, hits) == ("42", [])
    (own,) = (read_only / "tmp").iterdir()
    assert own in Path(path).parents
    assert own.stat().st_mode & 0o777 == 0o700
    assert ask(read_only)[2:] == ["1"]


def test_a_temporary_directory_that_others_can_write_is_not_believed(read_only: Path) -> None:
    ask(read_only)
    (own,) = (read_only / "tmp").iterdir()
    own.chmod(0o777)
    value, path, *hits = ask(read_only)
    assert (value, path, hits) == ("42", "None", [])


def test_it_is_kept_where_the_environment_says(read_only: Path) -> None:
    wanted = read_only / "wanted"
    wanted.mkdir()
    _, path, *_ = ask(read_only, NUMBA_CACHE_DIR=str(wanted))
    assert wanted in Path(path).parents


def test_beside_the_source_comes_first(read_only: Path) -> None:
    (read_only / "code" / "__pycache__").unlink()
    _, path, *_ = ask(read_only)
    assert Path(path) == read_only / "code" / "__pycache__"
