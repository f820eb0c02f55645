"""Joins the dialects of one target: VMs from one dialect, their state from another.

Debian's exporter names VMs with a UUID, and says whether libvirt answers without one. VMs of a
textfile are in one dialect, and the age of the file is in node_exporter's.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike

from scroogevm.core.arrays import Bools
from scroogevm.telemetry.reading import Reading

LISTING = "vms_up"
"""Belongs to who names the VMs: another one, who names none, must not say that there are none."""

SHARED = (LISTING, "textfiles", "textfile_time", "textfile_clock")
"""Terms of the node that say how the VMs of the same target are to be taken."""


def joined(readings: Sequence[Reading]) -> Sequence[Reading]:
    """Readings of a round; those with VMs get what others of their target say of these.

    Args:
        readings: of one node, at most one for each target and dialect.
    """
    speaking = {reading.target for reading in readings if reading.vms}
    given: dict[str, dict[str, float]] = {}
    for reading in readings:
        if reading.target in speaking and not reading.vms:
            said = {term: reading.values[term] for term in SHARED if term in reading.values}
            given.setdefault(reading.target, {}).update(said)
    return [_with(reading, given.get(reading.target)) for reading in readings]


def _with(reading: Reading, given: Mapping[str, float] | None) -> Reading:
    if not given:
        return reading
    if reading.vms:
        return replace(reading, values={**given, **reading.values})
    kept = {term: value for term, value in reading.values.items() if term != LISTING}
    return replace(reading, values=kept)


def old(terms: Mapping[str, ArrayLike], time: ArrayLike, longest: float) -> Bools:
    """Whether the VMs of a reading come from a file that was written too long ago; elementwise.

    Of several files that may hold VMs it is not known which one does, so none is judged.

    Args:
        terms: of the node, of the same reading.
        time: seconds since 1970, of the reading, where the node does not tell its clock.
        longest: seconds above which two readings give no rate: such a file says nothing of now.
    """
    time = np.asarray(time, np.float64)
    missing = np.full(time.shape, np.nan)
    written, clock = (
        np.asarray(terms.get(term, missing)) for term in ("textfile_time", "textfile_clock")
    )
    age = np.where(np.isnan(clock), time, clock) - written
    one = np.asarray(terms.get("textfiles", missing)) == 1
    return np.asarray(one & (written > 0) & (age >= longest), np.bool_)
