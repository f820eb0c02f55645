"""Records samples of a store as a trace, piece by piece."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from scroogevm.errors import StoreError
from scroogevm.files import refuse_taken
from scroogevm.ports import Store
from scroogevm.traces.manifest import MANIFEST, Manifest
from scroogevm.traces.recording.piece import read_piece
from scroogevm.traces.recording.plan import RecordingPlan
from scroogevm.traces.recording.remarks import shorter
from scroogevm.traces.recording.request import StoreQuery
from scroogevm.traces.recording.staging import Work

Progress = Callable[[int], None]
"""Told how many further pieces are read, or were by an earlier try."""
Bar = Callable[[int], AbstractContextManager[Progress]]
"""Given how many pieces there are, a context that yields a ``Progress``."""


@dataclass(frozen=True)
class RecordingResult:
    """What came of a recording.

    Attributes:
        manifest: what the trace says of itself.
        pieces: it was read in.
        resumed: of these, that an earlier try had read already.
        remarks: what was odd.
    """

    manifest: Manifest
    pieces: int
    resumed: int
    remarks: Sequence[str]

    @property
    def lines(self) -> Sequence[str]:
        """What its user should know."""
        if not self.resumed:
            return self.remarks
        were = f"{self.resumed} of {self.pieces} pieces had been read"
        return [f"continued an interrupted recording: {were}", *self.remarks]


def record(
    store: Store,
    asked: StoreQuery,
    output: Path,
    bar: Bar,
    *,
    overwrite: bool = False,
    restart: bool = False,
) -> RecordingResult:
    """Write the samples of a store as a trace.

    Memory is bounded by one part, however long the time. Each piece that was read is kept beside
    the output, and the same question goes on from there.

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
    refuse_taken(output, MANIFEST, "scroogevm trace record", overwrite=overwrite)
    with Work(output) as work:
        plan = None if restart else RecordingPlan.kept(work.plan, asked)
        if plan is None:
            plan = RecordingPlan.of(store, asked)
            work.begin(plan.to_dict())
        absurd, resumed = 0, 0
        tasks = [(part, at) for part in range(len(plan.parts)) for at in range(len(plan.pieces))]
        with bar(len(tasks)) as progress, _hopeful():
            for part, at in tasks:
                if work.done(part, at):
                    resumed += 1
                else:
                    found = read_piece(store, plan.parts[part], plan.pieces[at])
                    work.keep(part, at, found.nodes, found.vms)
                    absurd += found.absurd
                progress(1)
        planned = plan.manifest(asked.origin, asked.shape)
        odd = work.lacks
        manifest = work.finish(planned, len(plan.parts), overwrite=overwrite)
    remarks = [*filter(None, [plan.pace.remark, shorter(planned, manifest)]), *odd]
    if absurd:
        remarks.append(f"{absurd} impossible values became missing")
    return RecordingResult(manifest, len(tasks), resumed, remarks)


@contextmanager
def _hopeful() -> Iterator[None]:
    """What ends it early says that nothing of what was read is lost."""
    try:
        yield
    except KeyboardInterrupt:
        raise KeyboardInterrupt(f"interrupted; {_AGAIN}") from None
    except StoreError as error:
        remedy = f"{error.remedy}; {_AGAIN}" if error.remedy else _AGAIN
        temporary = error.temporary
        raise StoreError(
            error.problem, where=error.where, remedy=remedy, temporary=temporary
        ) from None


_AGAIN = "the data read so far is kept, and the same command continues from there"
