"""The docs, built once."""

import subprocess
import sys
from pathlib import Path

import pytest

from documents import DOCS


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built pages; warnings, broken links among them, are errors."""
    place = tmp_path_factory.mktemp("docs")
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-b", "html"]
    done = subprocess.run(
        [*command, "-d", str(place / "doctrees"), str(DOCS), str(place / "html")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return place / "html"
