"""The store of VictoriaMetrics: ScroogeVM's samples, and metrics that it scraped itself."""

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import ClassVar

import numpy as np

from scroogevm.core.arrays import Floats
from scroogevm.core.samples import ESSENTIAL, LISTED, NODE, VM, Recorded, Sample
from scroogevm.registry import parameter
from scroogevm.stores._scraped.base import ScrapedStore, enough
from scroogevm.stores._scraped.plan import QueryPlan, QuerySize, QueryWindow
from scroogevm.stores._scraped.promql import selector
from scroogevm.stores._scraped.series import RawSeries, exported
from scroogevm.stores._server.access import location
from scroogevm.stores._server.base import about, milliseconds, wanted
from scroogevm.stores._server.batches import send
from scroogevm.stores._server.http import Http, RefusalError, patiently
from scroogevm.stores._server.json import GarbledError
from scroogevm.stores._server.rows import Pieces

_COUNTED = 6 * 3_600_000
_NODE, _VM = "scrooge_node_", "scrooge_vm_"
_NODE_MARK, _VM_MARK = f"{_NODE}vms", f"{_VM}there"
_SAID_AS = {LISTED: "listed"}
"""The mark that every sample has; it uses the name of the quantity of listed VMs."""
_QUANTITY = {"vms": "", **{said: name for name, said in _SAID_AS.items()}}


@dataclass(frozen=True)
class VictoriaMetrics(ScrapedStore):
    """VictoriaMetrics, at ``http://HOST:8428``, or ``http://HOST:8481/select/0/prometheus``.

    Samples are written as ``scrooge_node_QUANTITY{node}`` and ``scrooge_vm_QUANTITY{node, vm}``, in
    the units of the quantities. A node without such samples in the time asked for is read from what
    exporters said, as from a Prometheus.

    What is written can be read some seconds later. Times are kept to the millisecond.
    """

    write_location: str = parameter(
        "", "URL that samples are written to, if it differs: http://HOST:8480/insert/0/..."
    )

    formula: ClassVar[str] = "scrooge_node_*{node}, scrooge_vm_*{node, vm}; or as Prometheus"
    source: ClassVar[str] = "https://docs.victoriametrics.com/"

    def __post_init__(self) -> None:
        """Check what can be checked without a server.

        Raises:
            MisuseError: samples are to be written to no URL, or see above.
        """
        super().__post_init__()
        if self.write_location:
            location(self.write_location)

    def write(self, samples: Sequence[Sample]) -> None:
        """Keep samples; missing values are left out.

        Raises:
            StoreError: not all were kept.
        """
        send(chain.from_iterable(map(_lines, samples)), self._keep)

    def _keep(self, content: bytes) -> None:
        try:
            self._sink.fetch("POST", "/api/v1/import", content=content)
        except RefusalError as error:
            # The samples are valid; the server does not allow writing, or has no space.
            error.temporary |= error.status in (401, 403, 404)
            raise

    def nodes(self, since: float, until: float) -> Sequence[str]:
        """Names of the nodes with a sample, or with memory or VMs, in the time; see Prometheus."""
        first, end = milliseconds(since), milliseconds(until)
        if first >= end:
            return []
        return sorted({*self._own(first, end), *super().nodes(since, until)})

    def read(
        self,
        nodes: Sequence[str],
        since: float,
        until: float,
        quantities: Sequence[str] = ESSENTIAL,
    ) -> Recorded:
        """Samples that were written; for other nodes, samples from scraped values."""
        first, end = bounds = milliseconds(since), milliseconds(until)
        of_nodes, of_vms = Pieces(wanted(quantities, NODE)), Pieces(wanted(quantities, VM))
        if first < end:
            own = {*nodes} & set(self._own(first, end))
            if own:
                self._gather_own(sorted(own), bounds, of_nodes, of_vms)
            if rest := {*nodes} - own:
                self.gather(sorted(rest), bounds, of_nodes, of_vms)
        return Recorded(of_nodes.rows(), of_vms.rows())

    def series(self, chosen: str, first: int, end: int, where: str) -> Sequence[RawSeries]:
        """Raw samples, by an export."""
        return patiently(lambda: list(self._exported(chosen, first, end, where)))

    def _exported(self, chosen: str, first: int, end: int, where: str) -> Iterator[RawSeries]:
        params = {
            "match[]": chosen,
            "start": f"{first / 1000:.3f}",
            "end": f"{(end - 1) / 1000:.3f}",
            "deny_partial_response": "0" if self.partial else "1",
        }
        try:
            for line in self.http.lines("POST", "/api/v1/export", params, form=True, about=where):
                yield exported(line)
        except RefusalError as error:
            raise enough(error) from None
        except GarbledError as error:
            raise self.http.error(
                f"does not answer like VictoriaMetrics: it {error}", where
            ) from None

    def _own(self, first: int, end: int) -> Sequence[str]:
        """Nodes with samples of ours; for a long period from the index, which is by day."""
        chosen = selector([_NODE_MARK], "node", ())
        where = about("all nodes", first, end)
        if end - first > _COUNTED:
            return self.known("node", chosen, first, end, where)
        return [each.labels["node"] for each in self.series(chosen, first, end, where)]

    def _gather_own(
        self, nodes: Sequence[str], bounds: tuple[int, int], of_nodes: Pieces, of_vms: Pieces
    ) -> None:
        names = [f"{_NODE}{_SAID_AS.get(name, name)}" for name in of_nodes.quantities] + [
            _NODE_MARK
        ]
        names += [f"{_VM}{name}" for name in of_vms.quantities] + [_VM_MARK]

        def fetch(piece: QueryWindow) -> Sequence[RawSeries]:
            return self.series(
                selector(names, "node", piece.nodes), piece.first, piece.end, piece.about
            )

        def there(piece: QueryWindow) -> bool:
            chosen = selector([_NODE_MARK], "node", piece.nodes)
            return bool(self.known("node", chosen, piece.first, piece.end, piece.about))

        for _, series in QueryPlan(fetch, there, self._own_pace).run(nodes, *bounds):
            for each in series:
                vm = each.labels.get("vm")
                pieces, prefix = (of_nodes, _NODE) if vm is None else (of_vms, _VM)
                owner = (each.labels["node"],) if vm is None else (each.labels["node"], vm)
                if pieces.quantities:
                    column = each.name.removeprefix(prefix)
                    if vm is None:
                        column = _QUANTITY.get(column, column)
                    pieces.add(owner, each.time / 1000, _column(pieces.quantities, column, each))

    @cached_property
    def _own_pace(self) -> QuerySize:
        return QuerySize()

    @cached_property
    def _sink(self) -> Http:
        return self.connected(self.write_location) if self.write_location else self.http


def _column(quantities: Sequence[str], name: str, series: RawSeries) -> Floats:
    """Rows of one quantity; of none at all, if it is a mark."""
    values = np.full((series.time.size, len(quantities)), np.nan)
    if name in quantities:
        values[:, quantities.index(name)] = series.values
    return values


def _lines(sample: Sample) -> Iterator[str]:
    """A sample as series of one value each, in the JSON of an import."""
    time = milliseconds(sample.time)

    def line(name: str, labels: Mapping[str, str], value: float) -> str:
        metric = {"__name__": name, "node": sample.node, **labels}
        return json.dumps({"metric": metric, "values": [value], "timestamps": [time]})

    yield line(_NODE_MARK, {}, len(sample.vms))
    for name, value in sample.values.items():
        if math.isfinite(value):
            yield line(_NODE + _SAID_AS.get(name, name), {}, float(value))
    for number, vm in enumerate(sample.vms):
        yield line(_VM_MARK, {"vm": vm}, 1)
        for name, column in sample.vm_values.items():
            if math.isfinite(column[number]):
                yield line(_VM + name, {"vm": vm}, float(column[number]))
