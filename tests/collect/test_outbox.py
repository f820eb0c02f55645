"""Samples reach the store in order, and one that is refused takes no other with it."""

import asyncio
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scroogevm.collect import outbox
from scroogevm.collect.outbox import Outbox
from scroogevm.collect.self_metrics import Figures
from scroogevm.core.samples import Recorded, Rows, Sample
from scroogevm.errors import MisuseError, StoreError
from scroogevm.ports import Store


class Moody(Store):
    """Fails as often as it is told, and never takes some samples."""

    def __init__(self, moods: Sequence[bool] = (), refused: Sequence[int] = ()) -> None:
        self.moods = list(moods)
        self.refused = set(refused)
        self.kept: list[int] = []
        self.closed = False

    def write(self, samples: Sequence[Sample]) -> None:
        if self.moods and not self.moods.pop(0):
            raise StoreError("is down", temporary=True)
        times = [int(sample.time) for sample in samples]
        if self.refused & set(times):
            raise StoreError("never")
        self.kept += times

    def nodes(self, since: float, until: float) -> Sequence[str]:
        del since, until
        return []

    def read(
        self, nodes: Sequence[str], since: float, until: float, quantities: Sequence[str] = ()
    ) -> Recorded:
        del nodes, since, until
        return Recorded(Rows.none(quantities), Rows.none(quantities))

    def close(self) -> None:
        self.closed = True


def sample(time: int, vms: int = 0) -> Sample:
    names = [str(number) for number in range(vms)]
    return Sample("n", float(time), {"cpu": 1.0}, names, {"cpu": np.ones(vms)})


def drive(store: Store, steps: Sequence[Sequence[Sample]]) -> tuple[Figures, list[str], list[int]]:
    """Put samples and flush, step by step, then end."""
    figures = Figures()
    said: list[str] = []
    kept: list[int] = []

    async def run() -> None:
        box = Outbox(
            store, figures, said.append, lambda batch: kept.extend(int(s.time) for s in batch)
        )
        for step in steps:
            for each in step:
                box.put(each)
            await box._flush()
        ended = asyncio.Event()
        ended.set()
        await box.run(ended)

    asyncio.run(run())
    return figures, said, kept


@given(
    st.lists(st.integers(0, 4), max_size=12),
    st.lists(st.booleans(), max_size=30),
    st.sets(st.integers(0, 40)),
)
@settings(max_examples=60, deadline=None)
def test_what_is_kept_is_in_order_and_once_and_the_rest_is_counted(
    sizes: Sequence[int], moods: Sequence[bool], refused: set[int]
) -> None:
    number = iter(range(1000))
    steps = [[sample(next(number)) for _ in range(size)] for size in sizes]
    put = [int(each.time) for step in steps for each in step]
    store = Moody(moods, sorted(refused))
    steps += [[]] * (len(moods) + 1)  # in the end it is there
    figures, _, kept = drive(store, steps)
    assert store.kept == kept == [time for time in put if time not in refused]
    assert figures.lost == len(set(put) & refused)
    assert figures.written == len(kept)
    assert store.closed


def test_trouble_and_its_end_are_said_once() -> None:
    store = Moody([False, False, False, True])
    _, said, kept = drive(store, [[sample(1)], [sample(2)], [sample(3)], [], [sample(4)]])
    assert said == ["is down; samples wait", "the store takes samples again"]
    assert kept == [1, 2, 3, 4]


def test_what_cannot_be_written_at_the_end_is_said() -> None:
    _, said, kept = drive(Moody([False] * 9), [[sample(1)]])
    assert said[-1] == "1 samples could not be written, and are lost"
    assert kept == []


def test_memory_is_bounded_while_the_store_is_down(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "LARGEST", 100)
    steps = [[sample(time, vms=9)] for time in range(50)]
    figures, _, kept = drive(Moody([False] * 50), [*steps, []])
    assert kept == list(range(40, 50))
    assert figures.lost == 40
    assert figures.waiting == 0


def test_a_store_that_makes_no_sense_ends_everything() -> None:
    class Nonsense(Moody):
        def write(self, samples: Sequence[Sample]) -> None:
            del samples
            raise MisuseError("no such secret")

    with pytest.raises(MisuseError, match="no such secret"):
        drive(Nonsense(), [[sample(1)]])
