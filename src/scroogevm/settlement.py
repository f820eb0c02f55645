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
    """What was said of one resource in one window, and what came of what was said before.

    Attributes:
        strategies: their names, in the order of the first axis below.
        truth: what happened, (nodes,); NaN where too few samples say it.
        mean: mean usage, (nodes,).
        measured: where there were samples enough, (nodes,).
        promise: what is said now, (strategies, nodes).
        settled: what came of what was said before, (strategies, nodes).
        estimates: the answers themselves.
    """

    strategies: Sequence[str]
    truth: Truth
    mean: Floats
    measured: Bools
    promise: Promise
    settled: Settled
    estimates: Sequence[Estimate]


class Settlement:
    """Settles each window of some nodes by what was promised at the end of the one before.

    Args:
        slices: slices in a scope.
    """

    def __init__(self, slices: int) -> None:
        self._slices = slices
        self._promises = Promises()
        self._before: dict[str, VMs] = {}

    def then(self, step: Step) -> Mapping[str, WindowRecord]:
        """Settle one occurrence, by resource, and keep what is promised at its end."""
        occurrence = step.occurrence
        truths = {resource: self._truth(step, resource) for resource in step.estimates}
        said = {
            resource: (truths[resource], {name: each.demand for name, each in answers.items()})
            for resource, answers in step.estimates.items()
        }
        self._promises, settled = self._promises.then(occurrence.nodes, self._slices, said)
        # Of the samples of a window nobody needs to know once it is settled.
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
        """What is kept between windows, as arrays by name."""
        vms = {
            f"vms/{resource}/{name}": getattr(before, name)
            for resource, before in self._before.items()
            for name in ("ids", "node", "allocated")
        }
        return {**snapshot_of_promises(self._promises), **vms}

    def restore(self, arrays: Snapshot) -> None:
        """Go on from a snapshot; VMs keep their numbers.

        Raises:
            ValueError: it is none, or one of another format.
        """
        self._promises = restored_promises(arrays)
        kept = dict.fromkeys(name.split("/")[1] for name in arrays if name.startswith("vms/"))
        self._before = {resource: _vms(arrays, f"vms/{resource}") for resource in kept}

    def renumber(self, now: Ints) -> None:
        """Go on with other numbers of VMs.

        Args:
            now: (numbers before,), the number of each VM; -1 for one that is forgotten.
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
        ValueError: they are none, or of another format.
    """
    try:
        outline = outline_of(arrays)
        return Promises.restored(outline["nodes"], outline["strategies"], arrays)
    except (KeyError, TypeError) as error:
        raise ValueError(f"is not a snapshot of promises: {error!r}") from None
