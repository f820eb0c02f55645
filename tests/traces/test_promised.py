"""What balloons hold is still promised: it counts as allocated, and is told beside."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from offered import node, resource
from scroogevm.core.samples import TRACED, Recorded, Rows, Sample
from scroogevm.offers.words import explained
from scroogevm.ports import Shape, Store
from scroogevm.service.feed import Feed, Pace
from scroogevm.traces.recording.piece import promised


def _rows(now: list[float], most: list[float]) -> Rows:
    values = {name: np.full(len(now), np.nan) for name in TRACED}
    values |= {"mem": np.array(now), "mem_maximum": np.array(most)}
    owners = [("n", f"v{at}") for at in range(len(now))]
    return Rows(owners, np.arange(len(now)), np.zeros(len(now)), values)


def test_a_vm_counts_at_what_it_may_have() -> None:
    found = promised(_rows([1024.0, 4096.0, 512.0], [4096.0, 4096.0, np.nan])).values
    assert found["mem"].tolist() == [4096.0, 4096.0, 512.0]
    np.testing.assert_array_equal(found["ballooned"], [3072.0, 0.0, np.nan])


def _table(
    owners: Sequence[tuple[str, ...]],
    told: Sequence[Mapping[str, float]],
    since: float,
    quantities: Sequence[str],
) -> Rows:
    times = np.tile(since + 5.0 + 10.0 * np.arange(6), len(owners))
    values = {name: np.repeat([each.get(name, np.nan) for each in told], 6) for name in quantities}
    return Rows(owners, np.repeat(np.arange(len(owners)), 6), times, values)


class _Store(Store):
    """One node with two VMs, one of them shrunk."""

    def write(self, samples: Sequence[Sample]) -> None:
        """Nothing."""

    def nodes(self, since: float, until: float) -> Sequence[str]:
        """The one."""
        del since, until
        return ["n"]

    def read(
        self,
        nodes: Sequence[str],
        since: float,
        until: float,
        quantities: Sequence[str] = TRACED,
    ) -> Recorded:
        """Six samples of each."""
        del nodes, until
        first = {"cpu": 8.0, "mem": 16384.0, "cpu_usage": 1.0, "mem_usage": 4096.0, "vms": 2.0}
        full = {"cpu": 2.0, "mem": 4096.0, "mem_maximum": 4096.0, "cpu_usage": 0.5}
        small = {**full, "mem": 1024.0}
        return Recorded(
            _table([("n",)], [first], since, quantities),
            _table([("n", "a"), ("n", "b")], [small, full], since, quantities),
        )

    def close(self) -> None:
        """Nothing."""


def test_a_window_says_what_balloons_hold() -> None:
    feed = Feed(Shape(60.0, 60.0), Pace.of(10.0, 60.0))
    feed.realign(["n"])
    occurrence = feed.window(_Store(), 100)
    assert occurrence.windows["mem"].allocated.tolist() == [8192.0]
    assert occurrence.signals["ballooned"].tolist() == [3072.0]


def test_an_offer_of_memory_names_what_rests_on_balloons() -> None:
    quiet = node("n", resource())
    told = replace(quiet, signals={"mem": {"ballooned": 3072.0}})
    assert not any("Balloons hold" in line for line in explained(quiet))
    assert any("Balloons hold 3072 " in line for line in explained(told))
