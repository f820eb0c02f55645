"""What is built has all that it needs, and units are as closed as the docs say."""

import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Collection
from pathlib import Path

import pytest

import scroogevm
from documents import ROOT

SOURCES = Path(scroogevm.__file__).parent


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel and a source distribution of this checkout."""
    place = tmp_path_factory.mktemp("built")
    words = [sys.executable, "-m", "hatchling", "build", "-t", "sdist", "-t", "wheel"]
    subprocess.run([*words, "-d", place], cwd=ROOT, check=True, capture_output=True)
    return place


def of_the_package() -> set[str]:
    """Every file that the package has: modules, pages, schemas."""
    files = (path for path in SOURCES.rglob("*") if path.is_file())
    return {
        path.relative_to(SOURCES).as_posix() for path in files if "__pycache__" not in path.parts
    }


def below(names: Collection[str], folder: str) -> set[str]:
    return {name.removeprefix(folder) for name in names if name.startswith(folder)}


def test_a_wheel_has_every_file_of_the_package_and_no_other(built: Path) -> None:
    (wheel,) = built.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    assert below(names, "scroogevm/") == of_the_package()
    assert {name.split("/")[0] for name in names} == {
        "scroogevm",
        f"scroogevm-{scroogevm.__version__}.dist-info",
    }


def test_a_source_distribution_has_them_too(built: Path) -> None:
    (archive,) = built.glob("*.tar.gz")
    with tarfile.open(archive) as opened:
        names = opened.getnames()
    top = f"scroogevm-{scroogevm.__version__}/"
    assert below(names, f"{top}src/scroogevm/") == of_the_package()
    assert {f"{top}LICENSE", f"{top}README.md", f"{top}pyproject.toml"} <= set(names)


@pytest.mark.parametrize("unit", sorted((ROOT / "packaging" / "systemd").glob("*.service")))
def test_units_are_closed(unit: Path) -> None:
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        pytest.skip("systemd-analyze is not installed")
    words = [analyze, "security", "--offline=true"]
    done = subprocess.run([*words, unit], capture_output=True, text=True, check=False)
    found = re.search(r"exposure level for \S+ ([\d.]+)", done.stdout)
    assert found is not None, done.stdout + done.stderr
    assert float(found[1]) <= 2.0
