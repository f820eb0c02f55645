"""Builds InfluxQL queries, and reads their answers."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import simdjson

from scroogevm.core.arrays import Floats
from scroogevm.stores._server.json import GarbledError, found, listed, numbers, parsed

_PASSING = ("timeout", "interrupted", "max-concurrent", "engine is closed", "shutting down")


@dataclass(frozen=True)
class Question:
    """Some fields of a measurement in some time.

    Attributes:
        measurement: which.
        fields: which, in the order of the columns.
        group: the tag that distinguishes points.
        since: first millisecond.
        until: one past the last millisecond.
        tag: a tag that has one value; empty for any.
        value: that value.
        limit: points of each group; 0 for all.
    """

    measurement: str
    fields: Sequence[str]
    group: str
    since: int
    until: int
    tag: str = ""
    value: str = ""
    limit: int = 0

    def params(self) -> Mapping[str, str]:
        """Parameters of the request.

        >>> Question("node", ["cpu"], "url", 0, 9, limit=1).params()["q"]
        'SELECT "cpu" FROM "node" WHERE time >= 0ms AND time < 9ms GROUP BY "url" LIMIT 1'
        """
        text = "SELECT " + ", ".join(map(_quoted, self.fields))
        text += f" FROM {_quoted(self.measurement)}"
        text += f" WHERE time >= {self.since}ms AND time < {self.until}ms"
        if self.tag:
            text += f" AND {_quoted(self.tag)} = $value"
        text += f" GROUP BY {_quoted(self.group)}" + (f" LIMIT {self.limit}" if self.limit else "")
        params = {"q": text, "epoch": "ms", "chunked": "true", "chunk_size": "10000"}
        return params | ({"params": json.dumps({"value": self.value})} if self.tag else {})


class Points(NamedTuple):
    """Points of one group.

    Attributes:
        group: value of the tag that distinguishes them.
        time: (points,), milliseconds since 1970.
        values: (points, fields), NaN where missing.
    """

    group: str
    time: Floats
    values: Floats


class AnswerError(Exception):
    """An answer that cannot be used.

    Attributes:
        temporary: whether the same question may well be answered later.
    """

    def __init__(self, problem: str, *, temporary: bool = False) -> None:
        super().__init__(problem)
        self.temporary = temporary


def points(question: Question, answer: Iterable[bytes]) -> Iterator[Points]:
    """The content of an answer, while its lines arrive.

    Raises:
        AnswerError: it is not an answer, it is an error, or it is incomplete.
    """
    partial = False
    for line in answer:
        partial = False
        try:
            for result in _results(parsed(line)):
                partial = bool(found(result, "partial"))
                for series in _objects(result, "series"):
                    yield _points(question, series)
        except GarbledError as error:
            raise AnswerError(f"does not answer like InfluxDB: it {error}") from None
    if partial:
        raise AnswerError("ends in the middle of an answer", temporary=True)


def _results(document: Any) -> Sequence[Any]:
    results = _objects(document, "results")
    said = [found(holder, "error") for holder in (document, *results)]
    for error in filter(None, said):
        passing = any(word in str(error).lower() for word in _PASSING)
        raise AnswerError(f"refuses the query: {error}", temporary=passing)
    if found(document, "results") is None:
        raise GarbledError("has no results")
    return results


def _objects(holder: Any, key: str) -> Sequence[Any]:
    items = found(holder, key)
    if items is None:
        return ()
    objects = list(listed(items))
    if not all(isinstance(item, simdjson.Object) for item in objects):
        raise GarbledError(f"has {key} that are not objects")
    return objects


def _points(question: Question, series: Any) -> Points:
    if found(series, "name") != question.measurement:
        name = str(found(series, "name"))[:40]
        raise AnswerError(f"answers with {name!r}, which was not requested")
    if list(listed(found(series, "columns"))) != ["time", *question.fields]:
        raise AnswerError("answers with columns that were not requested")
    group = str(found(found(series, "tags"), question.group) or "")
    items = found(series, "values")
    try:
        table = np.empty(0) if items is None else numbers(items)
        table = table.reshape(-1, len(question.fields) + 1)
    except (GarbledError, ValueError):
        raise AnswerError(
            f"has values that are not numbers in {question.measurement!r} of {group[:40]!r}"
        ) from None
    time, values = table[:, 0], table[:, 1:]
    if not np.isfinite(time).all():
        raise AnswerError("answers with points without time")
    values = np.where(np.isfinite(values), values, np.nan)
    within = (time >= question.since) & (time < question.until)
    return Points(group, time[within], values[within])


def _quoted(name: str) -> str:
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'
