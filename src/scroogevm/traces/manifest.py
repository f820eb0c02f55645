"""Reads and writes ``trace.json``, the description of a trace directory."""

import json
import re
import reprlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Literal

from scroogevm.errors import TraceError

MANIFEST = "trace.json"
FORMAT = "scroogevm-trace"
VERSION = 2
OLDEST = 1
MOST_SLICES = 1_000_000
"""In a scope: a year of slices of half a minute."""

VmCpuUnit = Literal["cores", "fraction"]
VM_CPU_UNITS: Sequence[VmCpuUnit] = ("cores", "fraction")


@dataclass(frozen=True)
class Part:
    """Some nodes, whole: ``nodes/NAME.parquet`` and ``vms/NAME.parquet``.

    Attributes:
        name: file name without its ending.
        nodes: how many nodes are in it.
        vm_rows: how many rows its VM table has.
        block: seconds in a block: rows are sorted by block of time, then by node, VM and time, so
            that some time can be read alone; 0 where all of it is one block.
    """

    name: str
    nodes: int
    vm_rows: int
    block: float = 0.0


@dataclass(frozen=True)
class Manifest:
    """What a trace directory says of itself.

    Attributes:
        scope: seconds in a scope.
        slice: seconds in a slice; a scope is a whole number of slices.
        interval: seconds between samples.
        history: earlier windows a replay keeps beside the new one.
        origin: time of the first window's begin, on the clock of the ``time`` columns.
        end: time at which the last window is over.
        vm_cpu_usage: unit of a VM's ``cpu_usage``: cores, or fraction of its allocation.
        source: where the trace comes from, in words: data set, licence, seed, command.
        parts: the files, in order.
        version: of the format; version 1 does not say which VMs a sample lists.
    """

    scope: float
    slice: float
    interval: float
    history: int = 3
    origin: float = 0.0
    end: float = 0.0
    vm_cpu_usage: VmCpuUnit = "cores"
    source: Mapping[str, Any] = field(default_factory=dict)
    parts: Sequence[Part] = ()
    version: int = VERSION

    @property
    def windows(self) -> int:
        """Whole slices between origin and end."""
        return int((self.end - self.origin) / self.slice + 1e-9)

    def to_json(self) -> str:
        """The text of ``trace.json``, the same bytes for the same content."""
        content = {"format": FORMAT, "version": VERSION, **asdict(self)}
        return json.dumps({**content, "version": VERSION}, indent=1) + "\n"

    @classmethod
    def read(cls, directory: Path) -> "Manifest":
        """Read and check ``trace.json``.

        Raises:
            TraceError: it is missing, no JSON, of another format or version, or incomplete.
        """
        path = directory / MANIFEST
        try:
            content = json.loads(path.read_bytes())
        except OSError as error:
            raise TraceError(
                f"cannot be read: {error.strerror}",
                where=str(path),
                remedy="a trace directory contains trace.json, nodes/ and vms/",
            ) from None
        except (ValueError, RecursionError) as error:
            raise TraceError(
                f"is not JSON: {error}", where=str(path), remedy="convert the trace again"
            ) from None
        if not isinstance(content, dict) or content.pop("format", None) != FORMAT:
            raise TraceError("is not of this format", where=f"{path}: format", remedy=FORMAT)
        version = content.pop("version", None)
        if isinstance(version, bool) or version not in range(OLDEST, VERSION + 1):
            raise TraceError(
                f"version {reprlib.repr(version)} cannot be read",
                where=f"{path}: version",
                remedy=f"this program reads versions {OLDEST} to {VERSION}",
            )
        return replace(cls._checked(path, content), version=version)

    @classmethod
    def _checked(cls, path: Path, content: dict[str, Any]) -> "Manifest":
        known = [item.name for item in fields(cls) if item.name != "version"]
        for name in ("scope", "slice", "interval", "end", "parts"):
            if name not in content:
                raise TraceError("is missing", where=f"{path}: {name}", remedy=_WANTED[name])
        for name, value in content.items():
            if name not in known:
                where = f"{path}: {reprlib.repr(name)}"
                raise TraceError("is unknown", where=where, remedy=f"known: {', '.join(known)}")
            if not _FITS[name](value):
                raise TraceError(
                    f"{reprlib.repr(value)} is not allowed",
                    where=f"{path}: {name}",
                    remedy=f"it is {_WANTED[name]}",
                )
        content["parts"] = tuple(Part(**part) for part in content["parts"])
        manifest = cls(**content)
        problem = manifest._misfit()
        if problem:
            raise TraceError("the times do not match", where=str(path), remedy=problem)
        return manifest

    def _misfit(self) -> str:
        """What should hold of the times together, and does not; empty when all is well."""
        whole = self.scope / self.slice
        if not whole <= MOST_SLICES:
            return f"at most {MOST_SLICES:,} slices in a scope"
        rules = {
            "interval <= slice <= scope": self.interval <= self.slice <= self.scope,
            "a scope is a whole number of slices": abs(whole - round(whole)) <= 1e-9 * whole,
            "origin <= end": self.origin <= self.end,
            f"at most {_MOST_SAMPLES:,} samples between origin and end": (
                self.end - self.origin <= _MOST_SAMPLES * self.interval
            ),
        }
        return next((rule for rule, holds in rules.items() if not holds), "")


_MOST_SAMPLES = 100_000_000
"""Ten years of samples every three seconds: beyond it a number is a slip of the pen."""


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1e15


def _is_time(value: Any) -> bool:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return number and abs(value) < 1e15  # neither NaN nor infinity is


def _is_length(value: Any) -> bool:
    return _is_time(value) and value > 0


def _is_block(value: Any) -> bool:
    return _is_time(value) and value >= 0


def _are_parts(value: Any) -> bool:
    return (
        isinstance(value, list)
        and all(map(_is_part, value))
        and len({part["name"] for part in value}) == len(value)
    )


def _is_part(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and {"name", "nodes", "vm_rows"} <= value.keys() <= {item.name for item in fields(Part)}
        and isinstance(value["name"], str)
        and re.fullmatch(r"\w[\w.-]*", value["name"]) is not None  # it stays in its folder
        and _is_whole(value["nodes"])
        and _is_whole(value["vm_rows"])
        and _is_block(value.get("block", 0))
    )


_FITS: Mapping[str, Callable[[Any], bool]] = {
    "scope": _is_length,
    "slice": _is_length,
    "interval": _is_length,
    "history": lambda value: _is_whole(value) and value <= 1_000_000,
    "origin": _is_time,
    "end": _is_time,
    "vm_cpu_usage": lambda value: value in VM_CPU_UNITS,
    "source": lambda value: isinstance(value, dict),
    "parts": _are_parts,
}
_WANTED: Mapping[str, str] = {
    **dict.fromkeys(("scope", "slice", "interval"), "a number of seconds above 0"),
    **dict.fromkeys(("origin", "end"), "a number of seconds"),
    "history": "a whole number from 0 to 1,000,000",
    "vm_cpu_usage": " or ".join(VM_CPU_UNITS),
    "source": "an object that describes the source of the trace",
    "parts": "a list of objects, each a file's name, number of nodes, vm_rows and block",
}
