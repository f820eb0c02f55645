"""The store of InfluxDB, any version, with the predecessor's names."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from http import HTTPStatus
from itertools import chain
from typing import ClassVar, NamedTuple
from urllib.parse import unquote

import numpy as np

from scroogevm.core.arrays import Floats
from scroogevm.core.samples import ESSENTIAL, NODE, VM, Recorded, Rows, Sample
from scroogevm.errors import MisuseError
from scroogevm.registry import parameter
from scroogevm.stores._influxdb.influxql import AnswerError, Points, Question, points
from scroogevm.stores._influxdb.lines import (
    NODE_MARK,
    NODE_TAG,
    NODES,
    VM_MARK,
    VM_TAG,
    VMS,
    lines,
    scale,
    tagged,
    untagged,
)
from scroogevm.stores._server.base import ServerStore, about, milliseconds, wanted
from scroogevm.stores._server.batches import send
from scroogevm.stores._server.http import RefusalError, patiently, remark
from scroogevm.stores._server.rows import Pieces

_SPAN = 4 * 3_600_000
_NOT_THE_SAMPLES = frozenset({401, 403, 404})
_ANY = (*NODE, NODE_MARK)


class _Place(NamedTuple):
    """The parts of a location."""

    base: str
    database: str
    policy: str


@dataclass(frozen=True)
class InfluxDB(ServerStore):
    """InfluxDB 1.x, 2.x or 3.x, at ``http://HOST:8086/DATABASE`` or ``.../DATABASE/POLICY``.

    Samples are points of the predecessor's measurements: ``node`` with the tag ``url``, which is
    the node's name, and ``domain`` with ``url`` and ``domain``. Fields are named as quantities are.
    So a bucket of the predecessor's is read, and its dashboards show what we write.

    Times are kept to the millisecond.
    """

    create: bool = parameter(
        default=False, meaning="create the database when it is missing, in 1.x"
    )
    memory_unit: float = parameter(
        1000.0, "KiB in a unit of memory: 1000 as the predecessor wrote, 1024 for MiB", low=1.0
    )

    formula: ClassVar[str] = "points of the measurements node and domain"
    source: ClassVar[str] = "the predecessor's aggregator"
    scheme: ClassVar[str] = "Token"
    asked_in_location: ClassVar[Sequence[str]] = ("db", "rp")

    def __post_init__(self) -> None:
        """Check what can be checked without a server.

        Raises:
            MisuseError: the location does not contain a database, or see above.
        """
        super().__post_init__()
        _ = self._place

    def write(self, samples: Sequence[Sample]) -> None:
        """Keep samples; missing values are left out.

        Raises:
            StoreError: not all were kept; not temporary only where these samples are refused.
        """
        send(chain.from_iterable(lines(sample, self._unit) for sample in samples), self._keep)

    def nodes(self, since: float, until: float) -> Sequence[str]:
        """Names of the nodes with a point in ``since <= time < until``, sorted."""
        first, end = milliseconds(since), milliseconds(until)
        if first >= end:
            return []
        question = Question(NODES, _ANY, NODE_TAG, first, end, limit=1)
        found = self._ask(question, about("all nodes", first, end))
        return sorted({untagged(each.group) for each in found if each.group and each.time.size})

    def read(
        self,
        nodes: Sequence[str],
        since: float,
        until: float,
        quantities: Sequence[str] = ESSENTIAL,
    ) -> Recorded:
        """The points of some nodes, by one query per node, kind and some hours."""
        of_node, of_vm = wanted(quantities, NODE), wanted(quantities, VM)
        bounds = milliseconds(since), milliseconds(until)
        return Recorded(
            self._rows(nodes, bounds, NODES, of_node), self._rows(nodes, bounds, VMS, of_vm)
        )

    def _rows(
        self, nodes: Sequence[str], bounds: tuple[int, int], measurement: str, fields: Sequence[str]
    ) -> Rows:
        pieces = Pieces(fields)
        group, mark = (NODE_TAG, NODE_MARK) if measurement == NODES else (VM_TAG, VM_MARK)
        for node in sorted(set(nodes)) if fields else ():
            question = Question(
                measurement, [*fields, mark], group, *bounds, NODE_TAG, tagged(node)
            )
            for found in self._pieces(question, node):
                vm = () if measurement == NODES else (untagged(found.group),)
                if found.group:
                    values = self._in_our_units(fields, found.values[:, :-1])
                    pieces.add((node, *vm), found.time / 1000, values)
        return pieces.rows()

    def _pieces(self, question: Question, node: str) -> Iterator[Points]:
        """Everything, some hours at a time; a time without points is skipped in one step."""
        start, end = question.since, question.until
        while start < end:
            piece = replace(question, since=start, until=min(start + _SPAN, end))
            found = self._ask(piece, about(f"node {node}", piece.since, piece.until))
            yield from found
            start = piece.until
            if not found and start < end:
                rest = replace(question, since=start, limit=1)
                first = self._ask(rest, about(f"node {node}", start, end))
                start = min((int(each.time.min()) for each in first if each.time.size), default=end)

    def _in_our_units(self, fields: Sequence[str], values: Floats) -> Floats:
        values = values * [scale(name, self._unit) for name in fields]
        # The predecessor's rates are negative after a reset of a counter.
        return np.where(values < 0, np.nan, values)

    def _ask(self, question: Question, where: str) -> list[Points]:
        return patiently(partial(self._ask_once, question, where))

    def _ask_once(self, question: Question, where: str) -> list[Points]:
        self._require_influxdb()
        params = {**question.params(), **self._target}
        try:
            return list(points(question, self.http.lines("GET", "/query", params, about=where)))
        except AnswerError as error:
            problem = self.http.shown(str(error))
            raise self.http.error(problem, where, temporary=error.temporary) from None

    def _keep(self, content: bytes) -> None:
        self._require_influxdb()
        params = {**self._target, "precision": "ms"}
        try:
            try:
                self.http.fetch("POST", "/write", params, content)
            except RefusalError as error:
                if not (error.status == 404 and self.create and self._version.startswith("1.")):
                    raise
                self._create()
                self.http.fetch("POST", "/write", params, content)
        except RefusalError as error:
            if error.status in _NOT_THE_SAMPLES:
                error.temporary = True
            raise

    def _create(self) -> None:
        name = self._place.database.replace("\\", "\\\\").replace('"', '\\"')
        answer = self.http.fetch("POST", "/query", {"q": f'CREATE DATABASE "{name}"'}, form=True)
        if b'"error"' in answer.body:
            raise self.http.error(
                f"does not create the database: {self.http.shown(remark(answer.body))}"
            )

    def _require_influxdb(self) -> None:
        if not self._version:
            raise self.http.error(
                "is not InfluxDB: its /ping reports no version",
                remedy="if it is Prometheus or VictoriaMetrics, write prometheus:URL or "
                "victoriametrics:URL",
            )

    @cached_property
    def _version(self) -> str:
        """The version that the server reports; VictoriaMetrics reports none on this API."""
        try:
            headers = self.http.fetch("GET", "/ping").headers
        except RefusalError as error:
            if error.status == HTTPStatus.NOT_FOUND:
                return ""
            raise
        return str(headers.get("x-influxdb-version", "")).removeprefix("v")

    @property
    def _unit(self) -> float:
        """MiB in a unit of memory."""
        return self.memory_unit / 1024

    @property
    def _target(self) -> Mapping[str, str]:
        place = self._place
        return {"db": place.database} | ({"rp": place.policy} if place.policy else {})

    @property
    def base(self) -> str:
        """The URL that paths of requests are joined to."""
        return self._place.base

    @cached_property
    def _place(self) -> _Place:
        url = self._url
        names = [unquote(part) for part in url.path.strip("/").split("/") if part]
        if "db" in url.params:
            path = url.path
            names = [url.params["db"], *url.params.get_list("rp")]
        else:
            path = "/"
        if not 1 <= len(names) <= 2 or not all(names):
            raise MisuseError(
                "does not contain a database",
                where=self.location,
                remedy="http://HOST:8086/DATABASE or http://HOST/PREFIX?db=DATABASE",
            )
        base = str(url.copy_with(path=path, query=None, fragment=None))
        return _Place(base, names[0], names[1] if len(names) > 1 else "")
