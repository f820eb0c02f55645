"""Compares windows with the promises before them; used by replays and by the live service."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from scroogevm.core.arrays import Bools, Floats, Ints
from scroogevm.core.estimate import Estimate
from scroogevm.core.snapshot import Snapshot, outline_of, with_outline
from scroogevm.core.window import VMs
from scroogevm.ports import Step
from scroogevm.scoring import Promise, Promises, Settled, Truth, since


@dataclass(frozen=True, eq=False)
class WindowRecord:
    """The promises of one resource in one window, and the results of the promises before.

    Attributes:
        strategies: their names, in the order of the first axis below.
        truth: what happened, (nodes,); NaN if there are too few samples.
        mean: mean usage, (nodes,).
        measured: whether there were enough samples, (nodes,).
        promise: made now, (strategies, nodes).
        settled: the results of the promises before, (strategies, nodes).
        estimates: of the strategies.
    """

    strategies: Sequence[str]
    truth: Truth
    mean: Floats
    measured: Bools
    promise: Promise
    settled: Settled
    estimates: Sequence[Estimate]


class Settlement:
    """Compares each window of some nodes with the promises at the end of the one before.

    Args:
        slices: slices in a scope.
    """

    def __init__(self, slices: int) -> None:
        self._slices = slices
        self._promises = Promises()
        self._before: dict[str, VMs] = {}

    def then(self, step: Step) -> Mapping[str, WindowRecord]:
        """Settle one occurrence, by resource, and keep the promises at its end."""
        occurrence = step.occurrence
        truths = {resource: self._truth(step, resource) for resource in step.estimates}
        said = {
            resource: (truths[resource], {name: each.demand for name, each in answers.items()})
            for resource, answers in step.estimates.items()
        }
        self._promises, settled = self._promises.then(occurrence.nodes, self._slices, said)
        # The samples of a window are not needed after it is settled.
        self._before = {r: window.vms.unsampled for r, window in occurrence.windows.items()}
        return {
            resource: WindowRecord(
                strategies=self._promises.strategies[resource],
                truth=truths[resource],
                mean=np.where(step.measured[resource], occurrence.windows[resource].mean, np.nan),
                measured=step.measured[resource],
                promise=self._promises.made[resource],
                settled=settled[resource],
                estimates=list(answers.values()),
            )
            for resource, answers in step.estimates.items()
        }

    def snapshot(self) -> Snapshot:
        """The state between windows, as arrays by name."""
        vms = {
            f"vms/{resource}/{name}": getattr(before, name)
            for resource, before in self._before.items()
            for name in ("ids", "node", "allocated")
        }
        return {**snapshot_of_promises(self._promises), **vms}

    def restore(self, arrays: Snapshot) -> None:
        """Continue from a snapshot; VMs keep their numbers.

        Raises:
            ValueError: the arrays are not a snapshot, or have another format.
        """
        self._promises = restored_promises(arrays)
        kept = dict.fromkeys(name.split("/")[1] for name in arrays if name.startswith("vms/"))
        self._before = {resource: _vms(arrays, f"vms/{resource}") for resource in kept}

    def renumber(self, now: Ints) -> None:
        """Continue with other numbers of VMs.

        Args:
            now: (numbers before,), the new number of each VM; -1 for a VM to forget.
        """
        for resource, vms in self._before.items():
            kept = vms.only(now[vms.ids] >= 0)
            self._before[resource] = replace(kept, ids=now[kept.ids])

    def _truth(self, step: Step, resource: str) -> Truth:
        window = step.occurrence.windows[resource]
        enough = step.measured[resource]
        added, known = since(self._before.get(resource, window.vms), window)
        return Truth(
            capacity=window.capacity,
            allocated=window.allocated,
            added=added,
            p99=np.where(enough, window.p99, np.nan),
            peak=np.where(enough, window.maximum, np.nan),
            known=np.where(enough, known, np.nan),
        )


def _vms(arrays: Snapshot, place: str) -> VMs:
    ids, node, allocated = (arrays[f"{place}/{name}"] for name in ("ids", "node", "allocated"))
    return VMs(ids, node, allocated, np.empty((ids.size, 0)))


def snapshot_of_promises(promises: Promises) -> Snapshot:
    """Promises as arrays by name."""
    outline = {
        "nodes": list(promises.nodes),
        "strategies": {r: list(names) for r, names in promises.strategies.items()},
    }
    return with_outline(outline, promises.arrays())


def restored_promises(arrays: Snapshot) -> Promises:
    """The promises.

    Raises:
        ValueError: the arrays are not promises, or have another format.
    """
    try:
        outline = outline_of(arrays)
        return Promises.restored(outline["nodes"], outline["strategies"], arrays)
    except (KeyError, TypeError) as error:
        raise ValueError(f"is not a snapshot of promises: {error!r}") from None
