"""What was built installs where nothing else is, and works there; the image starts it."""

import json
import re
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Sequence
from pathlib import Path

import pytest

import scroogevm
from documents import ROOT


def done(words: Sequence[str | Path], cwd: Path) -> str:
    """What a command prints; it has to end well."""
    ended = subprocess.run(words, cwd=cwd, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an environment with the wheel that the source distribution makes.

    It has what the wheel asks for without extras, and nothing besides.
    """
    place = tmp_path_factory.mktemp("installed")
    build: list[str | Path] = [sys.executable, "-m", "hatchling", "build", "-d", place]
    done([*build, "-t", "sdist"], ROOT)
    (archive,) = place.glob("*.tar.gz")
    with tarfile.open(archive) as opened:
        opened.extractall(place, filter="data")
    done([*build, "-t", "wheel"], place / archive.name.removesuffix(".tar.gz"))
    (wheel,) = place.glob("*.whl")
    done([sys.executable, "-m", "venv", place / "venv"], place)
    pip: list[str | Path] = [
        place / "venv/bin/pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
    ]
    done([*pip, "--only-binary", ":all:", wheel], place)
    return place / "venv" / "bin"


def test_a_wheel_of_the_source_distribution_works_alone(installed: Path, tmp_path: Path) -> None:
    command = installed / "scroogevm"
    assert scroogevm.__version__ in done([command, "--version"], tmp_path)
    assert "replay" in done([command, "--help"], tmp_path)
    small = ["--scenario", "increasing", "--windows", "6", "-o", "trace"]
    done([command, "trace", "generate", *small], tmp_path)
    done([command, "replay", "trace", "-o", "report"], tmp_path)
    assert (tmp_path / "report/report.html").exists()
    assert json.loads((tmp_path / "report/replay.json").read_text())


def test_a_missing_extra_is_named(installed: Path, tmp_path: Path) -> None:
    ended = subprocess.run(
        [installed / "scroogevm", "serve", "--demo", "2"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 1
    assert "scroogevm[serve]" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_the_image_starts_a_command_that_there_is() -> None:
    text = (ROOT / "Containerfile").read_text("utf-8")
    assert "COPY . /source" in text
    used = re.findall(r"/source/(\S+)", text)
    assert used
    assert all((ROOT / path).exists() for path in used)
    (entry,) = re.findall(r'^ENTRYPOINT \["(.*)"\]$', text, re.MULTILINE)
    assert Path(entry).name == "scroogevm"
    (words,) = re.findall(r"^CMD (\[.*\])$", text, re.MULTILINE)
    command = shutil.which("scroogevm", path=str(Path(sys.executable).parent))
    assert command is not None
    done([command, *json.loads(words), "--help"], ROOT)
    shown = " ".join(re.findall(r"^# ?(.*)$", text, re.MULTILINE)).replace("\\", "")
    options = re.findall(r"(--[a-z-]+) ", shown.partition(" scroogevm serve ")[2] + " ")
    helped = done([command, "serve", "--help"], ROOT)
    assert {"--listen", "--behind-proxy"} <= set(options)
    assert all(option in helped for option in options)
