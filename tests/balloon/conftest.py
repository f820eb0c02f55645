"""Companions of recorded nodes, where libvirt's library is installed."""

from collections.abc import Iterator
from contextlib import ExitStack
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from servers import INSTALLS, missing

if TYPE_CHECKING:
    from balloon.running import Make


@pytest.fixture
def make(tmp_path: Path) -> Iterator["Make"]:
    """Makes a companion of so many nodes."""
    if find_spec("libvirt") is None:
        missing(f"no libvirt module here: {INSTALLS}")
    from balloon.running import Fleet  # noqa: PLC0415  # needs libvirt

    with ExitStack() as stack:
        yield lambda count=1, **more: Fleet(stack, tmp_path, count, **more)
