"""A place for an embedded store."""

from pathlib import Path

import pytest


@pytest.fixture
def location(tmp_path: Path) -> str:
    """A folder that is not there yet."""
    return str(tmp_path / "store")
