"""The values of one exporter for a node at one time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from scroogevm.core.arrays import Floats


@dataclass(frozen=True, eq=False)
class Reading:
    """Terms of a node and of its VMs, as one dialect of one target has them.

    Attributes:
        node: its name.
        time: seconds since 1970, by the clock of the reader.
        values: by term of ``terms.NODE``, NaN or absent where missing.
        vms: names of the VMs it speaks of, each once.
        vm_values: by term of ``terms.VM``, (vms,), NaN or absent where missing.
        dialect: name of the dialect.
        rank: of the dialect; the lowest is believed where several say the same.
        target: which exporter, where a node has several.
    """

    node: str
    time: float
    values: Mapping[str, float]
    vms: Sequence[str] = ()
    vm_values: Mapping[str, Floats] = field(default_factory=dict)
    dialect: str = ""
    rank: int = 0
    target: str = ""
