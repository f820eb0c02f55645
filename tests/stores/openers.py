"""How the contract tests open each store: one line a store."""

import atexit
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import count
from pathlib import Path

import servers
from scroogevm.core.samples import ESSENTIAL, Recorded, Rows, Sample
from scroogevm.ports import STORES, Store
from scroogevm.registry import Spec
from scroogevm.stores.victoriametrics import VictoriaMetrics

_numbers = count()


def embedded(folder: Path) -> Store:
    """A fresh one for each test."""
    pairs = {"location": Spec(str(folder / "store")), "retention": Spec("0"), "synced": Spec("no")}
    store: Store = STORES.build(Spec("embedded", pairs))
    return store


@cache
def _influx1() -> servers.Influx1:
    """One server for all tests of a run."""
    server = servers.Influx1().__enter__()
    atexit.register(server.__exit__)
    return server


def influxdb(_: Path) -> Store:
    """A fresh database for each test."""
    location = f"{_influx1().url}/contract{next(_numbers)}"
    store: Store = STORES.build(
        Spec("influxdb", {"location": Spec(location), "create": Spec("true")})
    )
    return store


@dataclass(frozen=True)
class _Apart(VictoriaMetrics):
    """One that shares its server: its nodes are its own. What was written can be read at once."""

    run: str = ""

    def write(self, samples: Sequence[Sample]) -> None:
        super().write([replace(sample, node=self.run + sample.node) for sample in samples])

    def nodes(self, since: float, until: float) -> Sequence[str]:
        _victoriametrics().flush()
        found = super().nodes(since, until)
        return [node.removeprefix(self.run) for node in found if node.startswith(self.run)]

    def read(
        self,
        nodes: Sequence[str],
        since: float,
        until: float,
        quantities: Sequence[str] = ESSENTIAL,
    ) -> Recorded:
        _victoriametrics().flush()
        found = super().read([self.run + node for node in nodes], since, until, quantities)
        return Recorded(self._named(found.nodes), self._named(found.vms))

    def _named(self, rows: Rows) -> Rows:
        owners = [(node.removeprefix(self.run), *vm) for node, *vm in rows.owners]
        return replace(rows, owners=owners)


@cache
def _victoriametrics() -> servers.VictoriaMetrics:
    """One server for all tests of a run."""
    server = servers.VictoriaMetrics().__enter__()
    atexit.register(server.__exit__)
    return server


def victoriametrics(_: Path) -> Store:
    """Nodes of its own for each test: there are no databases."""
    return _Apart(_victoriametrics().url, run=f"{next(_numbers)}/")


OPENERS: Mapping[str, Callable[[Path], Store]] = {
    "embedded": embedded,
    "influxdb": influxdb,
    "victoriametrics": victoriametrics,
}
"""For each writable store what opens an empty one, given a folder of its own.

An opener skips the test, with the reason, where what it needs is missing.
"""

EXEMPT: Mapping[str, str] = {"prometheus": "takes no samples: tests/stores/test_prometheus.py"}
"""Stores that take no samples, and where what they read is tested instead."""
