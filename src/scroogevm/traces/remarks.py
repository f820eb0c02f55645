"""Collects remarks of a reader: one line for each kind, with a count."""

from collections.abc import Iterable, Sequence

from scroogevm.ports import Remark


class Remarks:
    """Counts oddities by kind and remembers the first place of each.

    >>> remarks = Remarks()
    >>> remarks.add(Remark("null samples, read as missing", "a.json: node.cpu_usage", 2))
    >>> remarks.lines()
    ['2 null samples, read as missing (first: a.json: node.cpu_usage)']
    """

    def __init__(self, remarks: Iterable[Remark] = ()) -> None:
        self._kinds: dict[str, Remark] = {}
        for remark in remarks:
            self.add(remark)

    def add(self, remark: Remark) -> None:
        """Note an oddity."""
        before = self._kinds.get(remark.kind, remark._replace(number=0))
        self._kinds[remark.kind] = before._replace(number=before.number + remark.number)

    @property
    def kinds(self) -> Sequence[Remark]:
        """Each kind once."""
        return list(self._kinds.values())

    def lines(self) -> Sequence[str]:
        """A line for each kind."""
        return [f"{r.number} {r.kind} (first: {r.where})" for r in self._kinds.values()]


def unknown_allocation(resource: str, where: str, number: int = 1) -> Remark:
    """Some VMs never said what they were promised."""
    kind = f"VMs of unknown {resource} allocation, whose nodes count as full"
    return Remark(kind, where, number)


def two_places(where: str, number: int) -> Remark:
    """Some names are on two nodes at once, as they are while a VM migrates."""
    return Remark("windows of VMs that are on two nodes at once, and count on both", where, number)


def without_listing(where: str) -> Remark:
    """A trace of version 1 does not say which VMs a sample lists."""
    kind = (
        "trace of format version 1, which does not record which VMs a sample lists: a sample with "
        "rows of VMs counts as listing them; `scroogevm trace convert` makes version 2"
    )
    return Remark(kind, where, 1)
