"""Reports when guest memory statistics become missing, and when they are back."""

from collections.abc import Iterator, Sequence

from scroogevm.telemetry.reading import Reading
from scroogevm.telemetry.report import tells_memory
from scroogevm.text import counted


class MemoryTold:
    """The VMs of a node that reported their memory, round by round.

    An exporter that cannot ask a VM, because it migrates for example, leaves them out.
    """

    def __init__(self) -> None:
        self._told: dict[str, bool] = {}

    def compare(self, readings: Sequence[Reading]) -> Iterator[str]:
        """A line for VMs of which it is missing now, and one for those of which it is back.

        A VM is not mentioned before it has reported its memory once, nor after it is gone.

        Args:
            readings: of one round.
        """
        speaking = next((r for r in sorted(readings, key=lambda r: r.rank) if r.vms), None)
        if speaking is None:
            return
        tells = dict(zip(speaking.vms, tells_memory(speaking).tolist(), strict=True))
        lost = [vm for vm, told in tells.items() if self._told.get(vm) and not told]
        back = [vm for vm, told in tells.items() if self._told.get(vm) is False and told]
        self._told = {vm: told for vm, told in tells.items() if told or vm in self._told}
        of = counted(len(tells), "VM")
        if lost:
            cost = "memory counts as fully used"
            who = f"{len(lost)} of {of}, such as {lost[0]}"
            yield f"{who}: guest memory statistics are missing now; {cost}"
        if back:
            yield f"{len(back)} of {of}, such as {back[0]}: guest memory statistics are back"
