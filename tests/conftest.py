"""Servers that several tests share. Whoever breaks a server starts one of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from servers import Influx1, VictoriaMetrics, certificate

collect_ignore = ["nova_compute.py"]
"""Belongs to the interpreter of the system, which has Nova."""


def pytest_configure(config: pytest.Config) -> None:
    """Register what parts of the tests can be chosen by."""
    config.addinivalue_line("markers", "hypervisor: starts libvirtd and guests, a minute or two")


@pytest.fixture(scope="session")
def influx() -> Iterator[Influx1]:
    """An InfluxDB without passwords: use a database of your own."""
    with Influx1() as server:
        yield server


@pytest.fixture(scope="session")
def influx_with_users() -> Iterator[Influx1]:
    """An InfluxDB that asks who it is: use a database of your own."""
    with Influx1(auth=True) as server:
        yield server


@pytest.fixture(scope="session")
def victoria() -> Iterator[VictoriaMetrics]:
    """A VictoriaMetrics: write nodes whose names no other test writes."""
    with VictoriaMetrics() as server:
        yield server


@pytest.fixture(scope="session")
def pem(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for 127.0.0.1 with its key, which nobody signed."""
    return certificate(tmp_path_factory.mktemp("tls") / "server.pem")
