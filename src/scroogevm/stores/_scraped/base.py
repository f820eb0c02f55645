"""Base class of stores with scraped metrics: finds nodes by labels, and reads their rows."""

import re
from abc import abstractmethod
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from scroogevm.core.samples import ESSENTIAL, NODE, VM, Recorded
from scroogevm.errors import MisuseError
from scroogevm.registry import parameter
from scroogevm.stores._scraped.names import NamesFile
from scroogevm.stores._scraped.node import Scraped
from scroogevm.stores._scraped.plan import QueryPlan, QuerySize, QueryWindow
from scroogevm.stores._scraped.promql import selector
from scroogevm.stores._scraped.required_terms import needed
from scroogevm.stores._scraped.series import PartialError, RawSeries, vector, words
from scroogevm.stores._server.base import ServerStore, about, milliseconds, wanted
from scroogevm.stores._server.http import LargeError, RefusalError, Result, patiently
from scroogevm.stores._server.json import GarbledError
from scroogevm.stores._server.rows import Pieces
from scroogevm.telemetry.dialect import Dialect
from scroogevm.telemetry.rates import LONGEST

_COUNTED = 6 * 3_600_000
_SLACK = 60_000
_TOO_MUCH = re.compile("too many|too large|too long|exceed|limit", re.IGNORECASE)


@dataclass(frozen=True)
class ScrapedStore(ServerStore):
    """A store that holds the values of exporters."""

    match: str = parameter("", 'more matchers for exporters, as in PromQL: job="libvirt"')
    node_label: str = parameter("instance", "label that names the node")
    node_pattern: str = parameter(
        r"(.*?)(:\d+)?", "regular expression of that label, whose first group is the node's name"
    )
    vm_label: str = parameter("", "label that names a VM; empty for the default of each exporter")
    replica_labels: str = parameter(
        "prometheus_replica,replica,__replica__",
        "labels that distinguish servers that scrape the same targets",
    )
    names_file: str = parameter(
        "", "TOML file of names: of metrics in collect.names, of nodes in nodes"
    )
    partial: bool = parameter(
        default=False, meaning="accept answers that the server marks as partial"
    )
    longest: float = parameter(
        LONGEST, "longest time between two scrapes for a rate, s", low=1.0, high=86400.0
    )

    def __post_init__(self) -> None:
        """Check what can be checked without a server.

        Raises:
            MisuseError: a pattern or label makes no sense, or see above.
        """
        super().__post_init__()
        try:
            groups = re.compile(self.node_pattern).groups
        except re.error as error:
            raise MisuseError(
                f"is not a regular expression: {error}", where="node_pattern"
            ) from None
        if groups < 1:
            raise MisuseError(
                "has no group that is the node's name", where="node_pattern", remedy=r"(.*?):\d+"
            )
        if not re.fullmatch("[A-Za-z_][A-Za-z0-9_]*", self.node_label):
            raise MisuseError(f"{self.node_label!r} is not the name of a label", where="node_label")
        _ = self._dialects

    def nodes(self, since: float, until: float) -> Sequence[str]:
        """Names of the nodes with memory or VMs in ``since <= time < until``, sorted.

        For more than six hours, or where that is too much for the server, its index answers, which
        may know some that were there only shortly before or after.
        """
        first, end = milliseconds(since), milliseconds(until)
        if first >= end:
            return []
        if end - first <= _COUNTED:
            try:
                return sorted(self._by_node(self._counted(first, end)))
            except LargeError:
                pass  # there are so many nodes that only the index can answer
        return sorted(self._values(self._signs, first, end))

    def _counted(self, first: int, end: int) -> Iterable[str]:
        """Values of the node's label, of which there is a sample in the time."""
        where = about("all nodes", first, end)
        chosen = selector(self._signs, self.node_label, (), self.match)
        query = f"count by ({self.node_label}) (last_over_time({chosen}[{end - first}ms]))"
        time = f"{(end - 1) / 1000:.3f}"
        found = self.asked(vector, "POST", "/api/v1/query", where, query=query, time=time)
        return [labels.get(self.node_label, "") for labels in found]

    def read(
        self,
        nodes: Sequence[str],
        since: float,
        until: float,
        quantities: Sequence[str] = ESSENTIAL,
    ) -> Recorded:
        """Samples from scraped values, several nodes and an hour at a time.

        Values of several targets of a node get common times if they have the same interval.
        """
        of_nodes, of_vms = Pieces(wanted(quantities, NODE)), Pieces(wanted(quantities, VM))
        self.gather(nodes, (milliseconds(since), milliseconds(until)), of_nodes, of_vms)
        return Recorded(of_nodes.rows(), of_vms.rows())

    def gather(
        self, nodes: Sequence[str], bounds: tuple[int, int], of_nodes: Pieces, of_vms: Pieces
    ) -> None:
        """Add the values of exporters for some nodes to other rows."""
        if bounds[0] >= bounds[1]:
            return
        names = self._names(*needed([*of_nodes.quantities, *of_vms.quantities]))
        found = self._values(names, *bounds)
        values = {node: found[node] for node in sorted({*nodes} & found.keys())}

        def chosen(piece: QueryWindow) -> str:
            some = [value for node in piece.nodes for value in values[node]]
            return selector(names, self.node_label, some, self.match)

        def fetch(piece: QueryWindow) -> Sequence[RawSeries]:
            # Earlier values give the first rates, and later ones the times of the last.
            first = max(piece.first - round(self.longest * 1000), 0)
            return self.series(chosen(piece), first, piece.end + _SLACK, piece.about)

        def there(piece: QueryWindow) -> bool:
            return bool(
                self.known(self.node_label, chosen(piece), piece.first, piece.end, piece.about)
            )

        for piece, series in QueryPlan(fetch, there, self._pace).run(list(values), *bounds):
            scraped = {node: self._scraped(node) for node in piece.nodes}
            for each in series:
                node = self._node(each.labels.get(self.node_label, ""))
                if node in scraped:
                    scraped[node].add(each)
            for one in scraped.values():
                one.put(of_nodes, of_vms, (piece.first / 1000, piece.end / 1000))

    @abstractmethod
    def series(self, chosen: str, first: int, end: int, where: str) -> Sequence[RawSeries]:
        """Raw samples.

        Args:
            chosen: selector.
            first: first millisecond.
            end: one past the last millisecond.
            where: what for, in messages.

        Raises:
            LargeError: that is too much at once.
            StoreError: likewise, or for another reason.
        """

    def asked(
        self,
        understood: Callable[..., Result],
        method: str,
        path: str,
        where: str,
        **params: str,
    ) -> Result:
        """The answer of the server, repeated until it answers.

        Args:
            understood: makes something of the body; told as ``partial`` whether a part will do.
            method: of HTTP; with POST the parameters go into the body.
            path: of the API.
            where: what for, in messages.
            params: of the request; ``match`` is sent as ``match[]``.

        Raises:
            LargeError: the server finds that it is too much.
            StoreError: it does not answer, or not with all of it.
        """
        return patiently(lambda: self._once(understood, method, path, where, params))

    def _once(
        self,
        understood: Callable[..., Result],
        method: str,
        path: str,
        where: str,
        params: Mapping[str, str],
    ) -> Result:
        sent = {("match[]" if name == "match" else name): text for name, text in params.items()}
        form = method == "POST"
        try:
            body = self.http.fetch(method, path, sent, form=form, about=where).body
            return understood(body, partial=self.partial)
        except RefusalError as error:
            raise enough(error) from None
        except GarbledError as error:
            raise self.http.error(f"does not answer like Prometheus: it {error}", where) from None
        except PartialError as error:
            problem = f"gives only a part of the answer: {self.http.shown(str(error))}"
            remedy = "repair it, or accept partial answers: partial=yes"
            raise self.http.error(problem, where, remedy=remedy, temporary=True) from None

    def _values(self, names: Sequence[str], first: int, end: int) -> Mapping[str, Sequence[str]]:
        """Values of the node's label by node, which may be known from some time around."""
        where = about("all nodes", first, end)
        chosen = selector(names, self.node_label, (), self.match)
        return self._by_node(self.known(self.node_label, chosen, first, end, where))

    def known(self, label: str, chosen: str, first: int, end: int, where: str) -> Sequence[str]:
        """Values of a label, as the server's index knows them: some may be of a time around."""
        path = f"/api/v1/label/{label}/values"
        start, last = f"{first / 1000:.3f}", f"{(end - 1) / 1000:.3f}"
        return self.asked(words, "GET", path, where, match=chosen, start=start, end=last)

    def _by_node(self, values: Iterable[str]) -> Mapping[str, Sequence[str]]:
        found = defaultdict(list)
        for value in values:
            node = self._node(value)
            if node:
                found[node].append(value)
        return found

    def _node(self, value: str) -> str:
        found = self._pattern.fullmatch(value)
        name = (found[1] or "") if found else ""
        return self._written_down.nodes.get(value) or self._written_down.nodes.get(name, name)

    @cached_property
    def _pace(self) -> QuerySize:
        return QuerySize()

    @cached_property
    def _pattern(self) -> "re.Pattern[str]":
        return re.compile(self.node_pattern, re.DOTALL)

    @property
    def _signs(self) -> Sequence[str]:
        """Few series that nodes of interest have."""
        return self._names({"mem_total"}, {"vcpus"})

    def _names(self, of_node: set[str], of_vm: set[str]) -> Sequence[str]:
        found = (dialect.patterns(of_node, of_vm) for dialect in self._dialects)
        return sorted({name for names in found for name in names})

    def _scraped(self, node: str) -> Scraped:
        replicas = [name.strip() for name in self.replica_labels.split(",")]
        return Scraped(node, self._dialects, replicas, self.longest)

    @cached_property
    def _dialects(self) -> Sequence[Dialect]:
        return self._written_down.spoken(self.names_file, self.vm_label)

    @cached_property
    def _written_down(self) -> NamesFile:
        return NamesFile.read(self.names_file)


def enough(error: RefusalError) -> RefusalError | LargeError:
    """Whether a refusal means that the request is too large."""
    if error.status in (400, 413, 422, 503) and _TOO_MUCH.search(error.said):
        return LargeError(error.problem, where=error.where, remedy=error.remedy)
    return error
