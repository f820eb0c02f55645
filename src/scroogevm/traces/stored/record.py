"""A store's samples, piece by piece, into a trace."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import polars.selectors as cs

from scroogevm.core.samples import ESSENTIAL, Recorded
from scroogevm.errors import MisuseError
from scroogevm.ports import Store
from scroogevm.traces.manifest import Manifest
from scroogevm.traces.stored.asked import Asked
from scroogevm.traces.stored.plan import Plan
from scroogevm.traces.stored.regular import KEYS, Times, regular
from scroogevm.traces.stored.work import Work

Progress = Callable[[int], None]
"""Told how many further pieces are read, or were by an earlier try."""
Bar = Callable[[int], AbstractContextManager[Progress]]
"""Given how many pieces there are, a context that yields a ``Progress``."""


@dataclass(frozen=True)
class Outcome:
    """What came of a recording.

    Attributes:
        manifest: what the trace says of itself.
        resumed: parts that an earlier try had read already.
        remarks: what was odd.
    """

    manifest: Manifest
    resumed: int
    remarks: Sequence[str]


def record(
    store: Store,
    asked: Asked,
    output: Path,
    bar: Bar,
    *,
    overwrite: bool = False,
    restart: bool = False,
) -> Outcome:
    """Write the samples of a store as a trace.

    Memory is bounded by one part, however long the time. What an interrupted try has read is kept
    beside the output, and the same question goes on from there.

    Args:
        store: where samples are.
        asked: which of them.
        output: the directory to write.
        bar: shows the pieces being read.
        overwrite: whether a trace that is there may be replaced.
        restart: whether to forget what an earlier try has read.

    Raises:
        StoreError: the store cannot be read, or has no such samples.
        MisuseError: the place is taken, or no node is called so.
        OutputError: it cannot be written.
    """
    if output.exists() and not overwrite:
        raise MisuseError(
            "exists already", where=str(output), remedy="choose another place or add --force"
        )
    with Work(output) as work:
        plan = None if restart else Plan.kept(work.plan, asked)
        if plan is None:
            plan = Plan.of(store, asked)
            work.begin(plan.to_dict())
        parts, pieces = plan.parts, plan.pieces
        resumed = sum(work.done(number) for number in range(len(parts)))
        absurd = 0
        with bar(len(parts) * len(pieces)) as progress:
            for number, nodes in enumerate(parts):
                if work.done(number):
                    progress(len(pieces))
                    continue
                part = _Part()
                for times in pieces:
                    part.add(_ask(store, nodes, times), times)
                    progress(1)
                work.keep(number, *part.tables)
                absurd += part.absurd
        planned = plan.manifest(asked.origin, asked.shape)
        manifest = work.finish(planned, len(parts), overwrite=overwrite)
    remarks = [*plan.remarks]
    if manifest.windows < planned.windows:
        remarks.append(f"there are samples in {manifest.windows} of {planned.windows} windows")
    if absurd:
        remarks.append(f"{absurd} numbers that cannot be true became missing")
    return Outcome(manifest, resumed, remarks)


def _ask(store: Store, nodes: Sequence[str], times: Times) -> Recorded:
    """The samples whose middles lie in the time."""
    half = times.own / 2
    return store.read(nodes, times.begin + half, times.end + half, ESSENTIAL)


class _Part:
    """The tables of some nodes, growing piece by piece."""

    def __init__(self) -> None:
        self._frames: dict[str, list[pl.DataFrame]] = {table: [] for table in KEYS}
        self.absurd = 0

    def add(self, found: Recorded, times: Times) -> None:
        for table, rows in zip(KEYS, found, strict=True):
            frame, absurd = regular(rows, table, times)
            # Half the memory, and more than samplers know.
            self._frames[table].append(
                frame.with_columns(cs.float().exclude("time").cast(pl.Float32))
            )
            self.absurd += absurd

    @property
    def tables(self) -> tuple[pl.DataFrame, pl.DataFrame]:
        nodes, vms = (pl.concat(frames) for frames in self._frames.values())
        # A VM whose node was silent all the time has nowhere to be.
        return nodes, vms.join(nodes.select("node").unique(), on="node", how="semi")
