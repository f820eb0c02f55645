"""What the service estimates is what a replay of its recorded store estimates, bit for bit."""

from contextlib import nullcontext
from pathlib import Path

import numpy as np
import pytest

from scroogevm.journal import Journal
from scroogevm.ports import Shape, Step, Store
from scroogevm.runner import Lockstep, Runner, lockstep
from scroogevm.service.estimator import Estimator
from scroogevm.service.feed import Pace
from scroogevm.stores import open_store
from scroogevm.traces.options import ReadOptions
from scroogevm.traces.recording import StoreQuery, record
from scroogevm.traces.several import open_traces
from service.fleet import BEGIN, Fleet
from service.live import SHAPE, plan, run

Demands = dict[tuple[float, str, str, str], float]
"""By end of the window, resource, strategy and node."""


def _note(found: Demands, step: Step) -> None:
    for resource, answers in step.estimates.items():
        for name, answer in answers.items():
            for row, node in enumerate(step.occurrence.nodes):
                found[step.occurrence.end, resource, name, node] = float(answer.demand[row])


def _replayed(store: Store, shape: Shape, place: Path, hours: int) -> Demands:
    asked = StoreQuery("here", BEGIN, BEGIN + 3600 * hours, shape=shape, interval=10.0)
    record(store, asked, place, lambda _: nullcontext(lambda _: None))
    chunks = [load() for load in open_traces([place], ReadOptions()).loads()]
    together = Lockstep([Runner(plan().engine(chunk.shape)) for chunk in chunks])
    found: Demands = {}
    for steps in lockstep(together, [chunk.occurrences for chunk in chunks]):
        for step in steps:
            assert step is not None
            _note(found, step)
    return found


def _lived(store: Store, shape: Shape, folder: Path, hours: int, restarts: int) -> Demands:
    """Window by window; after so many, everything is forgotten but for the journal."""
    found: Demands = {}
    first = int(BEGIN // shape.slice)
    for begin in range(first, first + 6 * hours, restarts):
        with Journal(folder / "journal.sqlite") as journal:
            pace = Pace.of(10.0, shape.slice)
            estimator = Estimator([plan()], shape, pace, lasts=60.0, forget=1e6)
            estimator.restore(journal)
            for number in range(begin, min(begin + restarts, first + 6 * hours)):
                windows = estimator.judge(store, journal, number)
                estimator.commit(journal, number, windows, 0.0, tell=True)
                for window in windows:
                    for step in window.steps:
                        _note(found, step)
    return found


FLEETS = {
    "as it should be": Fleet(),
    "silent nodes": Fleet(silent={"n2": [(3000, 6500), (9000, 9100)], "n3": [(0, 4321)]}),
    "blind nodes": Fleet(blind={"n1": [(2000, 5000)], "n2": [(0, 1300)]}),
}


@pytest.mark.parametrize("kind", FLEETS)
@pytest.mark.parametrize(
    ("shape", "restarts"), [(SHAPE, 1000), (SHAPE, 1), (Shape(1200.0, 600.0, 2), 5)]
)
def test_live_equals_replay(kind: str, shape: Shape, restarts: int, tmp_path: Path) -> None:
    with open_store(f"embedded:{tmp_path / 'store'}") as store:
        FLEETS[kind].fill(store, BEGIN, BEGIN + 4 * 3600)
        lived = _lived(store, shape, tmp_path, 4, restarts)
        replayed = _replayed(store, shape, tmp_path / "trace", 4)
    assert len({end for end, *_ in lived}) == 24
    assert set(replayed) >= set(lived)
    assert {key: replayed[key] for key in lived} == lived
    known = [value for value in lived.values() if not np.isnan(value)]
    assert len(known) > 0.9 * len(lived)


def test_the_journal_has_what_was_told(tmp_path: Path) -> None:
    with open_store(f"embedded:{tmp_path / 'store'}") as store:
        Fleet().fill(store, BEGIN, BEGIN + 2 * 3600)
        told = run(store, tmp_path, 7200)
    with Journal(tmp_path / "journal.sqlite") as journal:
        assert journal.status == told.texts[-1]
        assert journal.last == told.statuses[-1].window
