"""Reads VM size mixes and usage classes from ``traces/mixes/*.toml``."""

import tomllib
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

import numpy as np

from scroogevm.core.arrays import Bools, Floats
from scroogevm.errors import MisuseError
from scroogevm.traces.sizes import MIB_IN_GIB

_FOLDER = files("scroogevm.traces") / "mixes"

MIXES = sorted(
    item.name.removesuffix(".toml") for item in _FOLDER.iterdir() if item.name.endswith(".toml")
)
"""Names of the mixes that come with the product."""


@dataclass(frozen=True, eq=False)
class DrawnVMs:
    """What is drawn of each VM before its life begins.

    Attributes:
        cores: (vms,), allocation.
        memory: (vms,), allocation in MiB.
        mean: (vms,), mean cpu usage as a fraction of the allocation.
        peak: (vms,), high percentile of it, never under the mean.
        arrival: (vms,), how often VMs of its class arrive, relative to the others.
        departure: (vms,), how often they leave.
        periodic: (vms,), whether it follows the day.
    """

    cores: Floats
    memory: Floats
    mean: Floats
    peak: Floats
    arrival: Floats
    departure: Floats
    periodic: Bools


@dataclass(frozen=True)
class Mix:
    """Sizes of one mix and usage classes of the same or another.

    Attributes:
        sizes: the ``sizes`` table of its file.
        classes: the ``usage`` tables, by class.
        source: where the figures come from, and their licence.
    """

    sizes: dict[str, Any]
    classes: dict[str, Any]
    source: str

    @classmethod
    def load(cls, name: str, usage: str | None = None) -> "Mix":
        """Load the sizes of one mix, and the usage classes of ``usage`` (default: the same).

        A mix without usage classes takes those of azure2017.

        Raises:
            MisuseError: there is no such mix, or it has no usage classes.
        """
        mix = _read(name)
        other = mix if usage is None else _read(usage)
        if "usage" not in other:
            if usage is not None:
                having = ", ".join(each for each in MIXES if "usage" in _read(each))
                raise MisuseError("has no usage classes", where=usage, remedy=having)
            other = _read("azure2017")
        sources = dict.fromkeys(f"{each['source']} ({each['licence']})" for each in (mix, other))
        return cls(mix["sizes"], other["usage"], "; ".join(sources))

    def draw(self, count: int, rng: np.random.Generator) -> DrawnVMs:
        """Draw VMs. The larger in cores are the larger in memory: one rank decides both."""
        rank = rng.random(count)
        classes = list(self.classes.values())
        share = _normal([item["share"] for item in classes])
        which = np.searchsorted(np.cumsum(share)[:-1], rng.random(count), side="right")

        def within(name: str) -> Floats:
            low, high = np.array([item[name] for item in classes], np.float64).T / 100
            return np.asarray(rng.uniform(low[which], high[which]))

        def of(name: str) -> Floats:
            return np.array([item[name] for item in classes], np.float64)[which]

        mean = within("mean")
        return DrawnVMs(
            cores=_quantile(self.sizes["cores"], rank),
            memory=_quantile(self.sizes["memory_gib"], rank) * MIB_IN_GIB,
            mean=mean,
            peak=np.maximum(within("peak"), mean),
            arrival=of("arrival"),
            departure=of("departure"),
            periodic=rng.random(count) < of("periodic"),
        )


def _read(name: str) -> dict[str, Any]:
    if name not in MIXES:
        raise MisuseError(f"unknown mix {name!r}", remedy=f"known: {', '.join(MIXES)}")
    return tomllib.loads((_FOLDER / f"{name}.toml").read_text(encoding="utf-8"))


def _normal(shares: list[float]) -> Floats:
    """The shares, made to sum to 1: published ones are rounded."""
    return np.array(shares) / sum(shares)


def _quantile(table: list[list[float]], rank: Floats) -> Floats:
    """The size that the share ``rank`` of all VMs does not exceed."""
    sizes, shares = zip(*sorted(map(tuple, table)), strict=True)
    edges = np.cumsum(_normal(list(shares)))[:-1]
    return np.array(sizes, np.float64)[np.searchsorted(edges, rank, side="right")]
