"""The names of cpu modes in Linux."""

from collections.abc import Sequence

from scroogevm.telemetry.dialect import Meaning

_BUSY = ("user", "nice", "system", "irq", "softirq")
"""Modes in which a cpu works for somebody; time of guests is in user and nice already."""

CPU_MODES: Sequence[Meaning] = (
    Meaning("cpu_time", where={"mode": _BUSY}),
    Meaning("steal_time", where={"mode": ("steal",)}),
)
"""What seconds of cpus by mode mean."""
