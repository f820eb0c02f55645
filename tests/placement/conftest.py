"""Clouds for tests: each has a Placement of its own."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from openstacks import Cloud, Placement, clouds_yaml, noauth


@pytest.fixture
def cloud(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cloud]:
    """A Placement without Keystone, which commands find as cloud ``test``."""
    with Placement() as placement:
        path = clouds_yaml(tmp_path, {"test": noauth(placement)})
        monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(path))
        monkeypatch.setenv("OS_CLOUD", "test")
        with closing(Cloud(placement)) as cloud:
            yield cloud
