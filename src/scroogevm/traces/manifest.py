"""``trace.json``: what a directory of Parquet files is, and in which units."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, Literal

from scroogevm.errors import TraceError

MANIFEST = "trace.json"
FORMAT = "scroogevm-trace"
VERSION = 1

VmCpuUnit = Literal["cores", "fraction"]
VM_CPU_UNITS: Sequence[VmCpuUnit] = ("cores", "fraction")


@dataclass(frozen=True)
class Part:
    """Some nodes, whole: ``nodes/NAME.parquet`` and ``vms/NAME.parquet``.

    Attributes:
        name: file name without its ending.
        nodes: how many nodes are in it.
        vm_rows: how many rows its VM table has: what it costs to hold it in memory.
    """

    name: str
    nodes: int
    vm_rows: int


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

    @property
    def windows(self) -> int:
        """Whole slices between origin and end."""
        return int((self.end - self.origin) / self.slice + 1e-9)

    def to_json(self) -> str:
        """The text of ``trace.json``, the same bytes for the same content."""
        return json.dumps({"format": FORMAT, "version": VERSION, **asdict(self)}, indent=1) + "\n"

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
                remedy="a trace directory holds trace.json, nodes/ and vms/",
            ) from None
        except ValueError as error:
            raise TraceError(f"is not JSON: {error}", where=str(path)) from None
        if not isinstance(content, dict) or content.pop("format", None) != FORMAT:
            raise TraceError("is not of this format", where=f"{path}: format", remedy=FORMAT)
        version = content.pop("version", None)
        if version != VERSION:
            raise TraceError(
                f"version {version} cannot be read",
                where=f"{path}: version",
                remedy=f"this program reads version {VERSION}",
            )
        return cls._checked(path, content)

    @classmethod
    def _checked(cls, path: Path, content: dict[str, Any]) -> "Manifest":
        known = {item.name for item in fields(cls)}
        for name in ("scope", "slice", "interval", "end", "parts"):
            if name not in content:
                raise TraceError("is missing", where=f"{path}: {name}")
        for name in content.keys() - known:
            raise TraceError("is unknown", where=f"{path}: {name}", remedy=", ".join(sorted(known)))
        for name in ("scope", "slice", "interval", "origin", "end", "history"):
            value = content.get(name, 0)
            if isinstance(value, bool) or not isinstance(value, int | float):
                raise TraceError(f"{value!r} is not a number", where=f"{path}: {name}")
        if not 0 < content["interval"] <= content["slice"] <= content["scope"] < float("inf"):
            raise TraceError(
                "times do not fit", where=str(path), remedy="0 < interval <= slice <= scope"
            )
        if content.get("vm_cpu_usage", "cores") not in VM_CPU_UNITS:
            raise TraceError(
                f"{content['vm_cpu_usage']!r} is unknown",
                where=f"{path}: vm_cpu_usage",
                remedy=" or ".join(VM_CPU_UNITS),
            )
        try:
            content["parts"] = tuple(Part(**part) for part in content["parts"])
        except TypeError:
            raise TraceError(
                "is malformed", where=f"{path}: parts", remedy="name, nodes, vm_rows in each"
            ) from None
        return cls(**content)
