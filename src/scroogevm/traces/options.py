"""Options that change how a trace is read: scope, slice, history, aggregation and cpu unit."""

from dataclasses import dataclass

from scroogevm.errors import MisuseError, TraceError
from scroogevm.ports import Shape
from scroogevm.traces.manifest import VmCpuUnit


@dataclass(frozen=True)
class ReadOptions:
    """What a user may say about a trace; None leaves it as the trace has it.

    Attributes:
        scope: seconds in a scope.
        slice: seconds in a slice.
        history: earlier windows kept beside the new one.
        aggregation: consecutive samples whose mean enters statistics.
        vm_cpu_usage: unit of a VM's cpu usage.
    """

    scope: float | None = None
    slice: float | None = None
    history: int | None = None
    aggregation: int = 1
    vm_cpu_usage: VmCpuUnit | None = None

    def shape(self, recorded: Shape, interval: float, where: str) -> Shape:
        """The shape to cut to.

        A new scope without a slice is one slice; a new slice without a scope keeps the scope.

        Raises:
            MisuseError: the samples or each other do not allow it.
        """
        scope = self.scope if self.scope is not None else recorded.scope
        if self.slice is not None:
            slice_ = self.slice
        else:
            slice_ = recorded.slice if self.scope is None else scope
        history = self.history if self.history is not None else recorded.history
        _whole(slice_, interval, where, "a slice", "the interval between samples")
        _whole(scope, slice_, where, "a scope", "a slice")
        return Shape(scope, slice_, history, recorded.origin)


def refuse_short(span: float, slice_: float, where: str) -> None:
    """Refuse a trace in which not a single window fits.

    Raises:
        TraceError: ``span`` seconds are less than a slice.
    """
    if int(span / slice_ + 1e-9) < 1:
        raise TraceError(
            f"lasts {span:g} s, less than a slice of {slice_:g} s",
            where=where,
            remedy="a shorter --slice or --scope",
        )


def _whole(whole: float, part: float, where: str, name: str, of: str) -> None:
    times = whole / part
    if times < 1 - 1e-9 or abs(times - round(times)) > 1e-9 * times:
        raise MisuseError(
            f"{name} of {whole:g} s is not a multiple of {of}, {part:g} s",
            where=where,
            remedy=f"a multiple of {part:g}",
        )
