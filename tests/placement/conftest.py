"""Clouds for tests."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from openstacks import Cloud, Placement, clouds_yaml, noauth


@pytest.fixture(scope="session")
def placement() -> Iterator[Placement]:
    """A Placement without Keystone; whoever stops it starts it again."""
    with Placement() as server:
        yield server


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """A rollback looks again soon: Nova's periods are short here."""
    monkeypatch.setattr("scroogevm.openstack.rollback.SETTLE", 0.1)


@pytest.fixture
def cloud(placement: Placement, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cloud]:
    """An empty cloud, which commands find as ``test``."""
    path = clouds_yaml(tmp_path, {"test": noauth(placement)})
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(path))
    monkeypatch.setenv("OS_CLOUD", "test")
    with closing(Cloud(placement)) as cloud:
        yield cloud
        cloud.clear()
