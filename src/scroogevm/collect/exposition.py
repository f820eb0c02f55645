"""Parses the answer of an exporter, fast and with checks."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from scroogevm.collect.body_layout import BodyLayout, BodyLimits, Counts, lay_out
from scroogevm.errors import ScrapeError
from scroogevm.telemetry.dialect import Dialect
from scroogevm.telemetry.rates import LONGEST
from scroogevm.telemetry.reading import Reading


class Parser:
    """Reads what one target answers, time after time.

    Exporters say the same series in the same order again and again. Whatever stands before the
    values is learnt once, and a body that is laid out as the one before is only cut and converted.
    Nothing but the layout of the last body is kept, so memory is bounded by what a body may be.

    Args:
        dialects: the most believed one first.
        node: name of the node that the target speaks of.
        target: which of the node's targets it is.
        limits: of its memory.

    Attributes:
        counts: of the last body.
    """

    def __init__(
        self,
        dialects: Sequence[Dialect],
        node: str,
        target: str = "",
        limits: BodyLimits | None = None,
    ) -> None:
        self.node = node
        self.target = target
        self.counts = Counts()
        self._dialects = dialects
        self._limits = limits or BodyLimits()
        self._layout: BodyLayout | None = None

    def read(self, body: bytes, time: float) -> Sequence[Reading]:
        """The readings of a body, one for each dialect in it, the most trusted one first.

        Lines that are no sample are counted and left out. The value of a series that no dialect has
        a place for is not looked at.

        Args:
            body: as it came, unpacked.
            time: seconds since 1970, when it was asked for.

        Raises:
            ScrapeError: it is too large, or nothing in it is a sample although it is not empty, or
                most of its time stamps are old.
        """
        lines = self._lines(body)
        before = self._layout
        if before is not None and before.fits(lines):
            layout, changed = before, None
        else:
            known = before.known if before else {}
            layout = lay_out(lines, self._dialects, known, self._limits)
            changed = before.cells if before else None
        values, bad, ages = layout.values(lines, time)
        if np.count_nonzero(ages > LONGEST) > ages.size / 2:
            raise ScrapeError(
                f"gives values that are {np.median(ages):.0f} s old, by its own time stamps",
                where=self._where,
                remedy="check whether it hangs, or a cache repeats old answers",
            )
        counted = layout.counts
        self.counts = replace(
            counted,
            samples=counted.samples - bad,
            used=counted.used - bad,
            bad=counted.bad + bad,
        )
        if self.counts.bad and not self.counts.samples:
            raise ScrapeError("gives no metrics", where=self._where)
        self._layout = layout
        sums = layout.cells.sums(values, changed)
        readings = layout.cells.readings(sums, self.node, time, self.target)
        if not ages.size:
            return readings
        newest = layout.cells.ages_of_vms(ages)
        return [_dated(reading, newest.get(reading.dialect, 0.0)) for reading in readings]

    def _lines(self, body: bytes) -> Sequence[bytes]:
        if len(body) > self._limits.size:
            raise ScrapeError(f"answers more than {self._limits.size} bytes", where=self._where)
        if body.count(b"\n") >= self._limits.lines:
            raise ScrapeError(f"answers more than {self._limits.lines} lines", where=self._where)
        return body.split(b"\n")

    @property
    def _where(self) -> str:
        return self.target or self.node


def _dated(reading: Reading, age: float) -> Reading:
    """A reading whose VMs are so old, by their time stamps: as if they came from such a file."""
    if age <= LONGEST:
        return reading
    written = {"textfiles": 1.0, "textfile_time": reading.time - age}
    return replace(reading, values={**reading.values, **written, "textfile_clock": reading.time})
