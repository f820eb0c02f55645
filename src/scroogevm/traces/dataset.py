"""The interface of a data set of VMs."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar

import polars as pl

from scroogevm.errors import SpecError, TraceError
from scroogevm.registry import Family, Plugin, parameter
from scroogevm.text import plain
from scroogevm.traces.checks import ABSURD_FRACTION

DATASETS = Family("scroogevm.traces.datasets", "data set")

VM_TABLE: Mapping[str, str] = {
    "vm": "name of the VM",
    "time": "whole seconds from the start of the data set",
    "cpu_usage": "cores in use; null where missing",
    "cpu": "allocation, cores",
    "mem_usage": "MiB in use; null where missing",
    "mem": "allocation, MiB; null where unknown",
}
"""Columns of the table that every data set is read as, one row a VM and reading."""

FILE = "file"
"""A further column: the file that a row comes from, for messages."""

NO_NUMBER = float("inf")
"""Stands for text that is not a number >= 0, until the checks find it."""


def absurd_option() -> str:
    """The parameter of layouts whose readings may be absurd: what is done with such readings."""
    option: str = parameter("refuse", "usage far above the allocation: refuse, or drop")
    return option


class Dataset(Plugin, ABC):
    """A layout of VM readings. One file in ``traces/datasets/``.

    Attributes:
        licence: under which terms the publisher gives the data.
        absurd: what is done with a usage far above the allocation: ``refuse``, or ``drop``, which
            reads it as missing.
    """

    licence: ClassVar[str] = ""
    absurd: str = "refuse"

    def __post_init__(self) -> None:
        """Check the choice that is not a number."""
        super().__post_init__()
        one_of("absurd", self.absurd, ("refuse", "drop"))

    @property
    def step(self) -> float | None:
        """Seconds between readings; None when the table itself has to tell."""
        return 300.0

    @property
    def burst_limit(self) -> float:
        """How many times its allocation no VM can use."""
        return ABSURD_FRACTION

    @abstractmethod
    def recognises(self, path: Path) -> bool:
        """Whether a path looks like this layout, judged without reading it whole."""

    @abstractmethod
    def scan(self, path: Path) -> pl.LazyFrame:
        """The columns of ``VM_TABLE`` and ``FILE``, in any order of rows, nothing checked yet.

        Text that is not a number >= 0 becomes ``NO_NUMBER``; empty fields become null.

        Raises:
            TraceError: files or columns are missing.
        """

    def strays(self, path: Path) -> Sequence[Path]:
        """Files that look like some of this layout by their name and are none: they are not read.

        Hidden files, and files whose names the layout does not use, are not among them.
        """
        del path
        return ()

    def blame(self, path: Path) -> Path:
        """The file to name when reading fails: the first that cannot be read alone."""
        return path


def one_of(name: str, value: str, choices: Sequence[str]) -> None:
    """Check a parameter that is a choice.

    Raises:
        SpecError: the value is not one of the choices.
    """
    if value not in choices:
        raise SpecError(f"{value!r} is unknown", where=name, remedy=" or ".join(choices))


def unreadable(path: Path, error: Exception) -> TraceError:
    """The error message if Polars cannot read a file."""
    if isinstance(error, pl.exceptions.SchemaError):
        return TraceError("has rows with more or fewer fields than it should", where=str(path))
    return TraceError(f"cannot be read: {plain(error)}", where=str(path))


def find_dataset(path: Path, spec: str | None = None) -> tuple[str, Dataset]:
    """The layout of a path by name, as asked for or as recognised.

    Args:
        path: file or directory.
        spec: name of a data set, with parameters: ``vms:unit=fraction``; None to look.

    Raises:
        TraceError: there is nothing, or no layout knows it.
        SpecError: the spec names none, or has parameters it does not take.
    """
    if not path.exists():
        raise TraceError("no such file or directory", where=str(path))
    if spec is not None:
        return spec.partition(":")[0].partition("(")[0], DATASETS.build(spec)
    for name in DATASETS.names:
        found: Dataset = DATASETS.build(name)
        if found.recognises(path):
            return name, found
    known = "; ".join(f"{name}: {DATASETS.load(name).formula}" for name in DATASETS.names)
    raise TraceError("is not a known VM data set", where=str(path), remedy=f"known: {known}")
