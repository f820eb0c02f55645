"""Verdicts of quiescence tests over many windows, as numbers and as words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import polars as pl

from scroogevm.core.arrays import Bools, Floats, Ints
from scroogevm.core.estimate import LIMIT, Verdict
from scroogevm.reports.record import Pair, Record, by_name
from scroogevm.reports.styles import SHOWN_UNITS

VERDICTS = ("not judged", "not quiescent", "quiescent")
"""What a window can be, by its ``code``."""


@dataclass(frozen=True, eq=False)
class Verdicts:
    """The verdicts of one test on one resource. Arrays are (windows, nodes).

    Attributes:
        quiescent: whether the window behaves like the kept ones.
        judged: whether there is a verdict.
        measured: whether the window has enough samples.
        kept: K, windows that have to be kept before one is judged.
        evidence: the numbers behind it, NaN if not judged.
    """

    quiescent: Bools
    judged: Bools
    measured: Bools
    kept: int
    evidence: Mapping[str, Floats]

    @property
    def code(self) -> Ints:
        """Place in ``VERDICTS``."""
        return self.judged.astype(np.int64) + self.quiescent

    @cached_property
    def gaps(self) -> Mapping[str, tuple[Floats, Floats]]:
        """Each gap with its limit."""
        found = self.evidence
        return {n: (found[n], found[n + LIMIT]) for n in found if n + LIMIT in found}

    @property
    def exceeded(self) -> Mapping[str, Bools]:
        """Whether a gap reached its limit or is unknown, so that the window is not quiescent."""
        return {n: self.judged & ~(abs(gap) < limit) for n, (gap, limit) in self.gaps.items()}

    def only(self, nodes: Sequence[int]) -> "Verdicts":
        """Those of some nodes, by position."""
        at = list(nodes)
        return Verdicts(
            self.quiescent[:, at],
            self.judged[:, at],
            self.measured[:, at],
            self.kept,
            {name: array[:, at] for name, array in self.evidence.items()},
        )

    def last(self, windows: int) -> "Verdicts":
        """Those of the last windows."""
        size = len(self.judged)
        rows = slice(max(0, size - windows), size)
        return Verdicts(
            self.quiescent[rows],
            self.judged[rows],
            self.measured[rows],
            self.kept,
            {name: array[rows] for name, array in self.evidence.items()},
        )

    @classmethod
    def joined(cls, parts: Sequence["Verdicts"]) -> "Verdicts":
        """Windows of some nodes one after the other; at least one part."""
        if len(parts) == 1:
            return parts[0]
        evidence: dict[str, Floats] = {}
        for name in dict.fromkeys(name for part in parts for name in part.evidence):
            missing = [np.full(part.judged.shape, np.nan) for part in parts]
            rows = [p.evidence.get(name, m) for p, m in zip(parts, missing, strict=True)]
            evidence[name] = np.concatenate(rows)
        return cls(
            np.concatenate([part.quiescent for part in parts]),
            np.concatenate([part.judged for part in parts]),
            np.concatenate([part.measured for part in parts]),
            parts[0].kept,
            evidence,
        )

    def words(self, resource: str) -> pl.Series:
        """What decided each window, windows in order, in each the nodes in order.

        The gaps that reached their limits; of a quiescent window the one that came closest. Of a
        window that was not judged, why not.
        """
        size = self.judged.size
        unit, factor = SHOWN_UNITS[resource]
        pieces = {
            name: _piece(name, gap.reshape(-1) * factor, limit.reshape(-1) * factor, unit)
            for name, (gap, limit) in self.gaps.items()
        }
        beyond = {f"{name}?": array.reshape(-1) for name, array in self.exceeded.items()}
        frame = pl.DataFrame(
            {
                "code": self.code.reshape(-1),
                "measured": self.measured.reshape(-1),
                "closest": self._closest().reshape(-1),
                **pieces,
                **beyond,
            },
            schema_overrides=dict.fromkeys(pieces, pl.String),
            height=size,
        )
        exceeded = [pl.when(pl.col(f"{name}?")).then(pl.col(name)) for name in pieces]
        closest = [
            pl.when(pl.col("closest") == at).then(pl.col(name)) for at, name in enumerate(pieces)
        ]
        decided = (
            pl.when(pl.col("code") == 2)
            .then(pl.coalesce(*closest, pl.lit("")))
            .otherwise(
                pl.concat_str(*exceeded, pl.lit(None, pl.String), separator="; ", ignore_nulls=True)
            )
        )
        why_not = (
            pl.when(pl.col("measured"))
            .then(pl.lit(f"fewer than {self.kept} windows with samples were kept before"))
            .otherwise(pl.lit("too few samples"))
        )
        return frame.select(
            pl.when(pl.col("code") == 0).then(why_not).otherwise(decided)
        ).to_series()

    def _closest(self) -> Ints:
        """Place of the gap that is the largest part of its limit, (windows, nodes)."""
        if not self.gaps:
            return np.zeros(self.judged.shape, np.int64)
        with np.errstate(divide="ignore", invalid="ignore"):  # what is unknown decides nothing here
            parts = np.stack([abs(gap) / limit for gap, limit in self.gaps.values()])
        return np.asarray(np.argmax(np.nan_to_num(parts, nan=-1.0), axis=0))


def verdicts_of(record: Record) -> Mapping[Pair, Verdicts]:
    """The verdicts of strategies that ask a test, those within other strategies too."""
    found = {}
    for pair, estimates in record.estimates():
        verdicts = [estimate.verdict for estimate in estimates]
        # A window in which nothing could be judged yet has no evidence.
        said = [each for each in verdicts if each is not None]
        if said:
            found[pair] = _stacked(verdicts, record.measured[pair[0]], record.shape.kept)
    return found


def _stacked(verdicts: Sequence[Verdict | None], measured: Bools, kept: int) -> Verdicts:
    """The verdicts of windows in a row.

    Args:
        verdicts: of each window.
        measured: (windows, nodes): without samples enough, a verdict is of an earlier window.
        kept: K.
    """
    nobody = np.zeros(measured.shape[1], np.bool_)
    each = [verdict or Verdict(nobody, {}, nobody) for verdict in verdicts]
    judged = measured & np.stack([~nobody if v.judged is None else v.judged for v in each])
    evidence = by_name([verdict.evidence for verdict in each], nobody.size)
    return Verdicts(
        quiescent=judged & np.stack([verdict.quiescent for verdict in each]),
        judged=judged,
        measured=measured,
        kept=kept,
        evidence={name: np.where(judged, array, np.nan) for name, array in evidence.items()},
    )


def _piece(name: str, gap: Floats, limit: Floats, unit: str) -> pl.Series:
    """``level +6.2 cores, limit 2.6``."""
    numbers = pl.DataFrame({"gap": gap, "limit": limit})
    sign = pl.when(pl.col("gap") > 0).then(pl.lit("+")).otherwise(pl.lit(""))
    told = pl.concat_str(sign, _shown("gap"), pl.lit(f" {unit}"))
    said = pl.when(pl.col("gap").is_nan()).then(pl.lit("unknown")).otherwise(told)
    limited = (
        pl.when(pl.col("limit").is_nan())
        .then(pl.lit(", no limit known"))
        .otherwise(pl.concat_str(pl.lit(", limit "), _shown("limit")))
    )
    words = pl.concat_str(pl.lit(f"{name.replace('_', ' ')} "), said, limited)
    return numbers.select(words).to_series()


def _shown(column: str) -> pl.Expr:
    """Three digits, five where gap and limit would look the same; at most so many decimals."""

    def to(digits: int, name: str = column) -> pl.Expr:
        return pl.col(name).round(digits + 1).round_sig_figs(digits) + 0.0  # no negative zero

    alike = to(3, "gap").abs() == to(3, "limit")
    number = pl.when(alike).then(to(5)).otherwise(to(3))
    return number.cast(pl.String).str.strip_suffix(".0")
