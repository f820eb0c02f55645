"""InfluxQL: the one kind of question that is asked, and what its answers hold."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from scroogevm.core.arrays import Floats

_PASSING = ("timeout", "interrupted", "max-concurrent", "engine is closed", "shutting down")


@dataclass(frozen=True)
class Question:
    """Some fields of a measurement in some time.

    Attributes:
        measurement: which.
        fields: which, in the order of the columns.
        group: the tag by which points are told apart.
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
        group: value of the tag they are told apart by.
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
    """What an answer holds, while its lines come in.

    Raises:
        AnswerError: it is none, an error, or not all.
    """
    partial = False
    for line in answer:
        partial = False
        for result in _results(line):
            partial = bool(result.get("partial"))
            for series in _items(result, "series"):
                yield _points(question, series)
    if partial:
        raise AnswerError("breaks off in the middle of an answer", temporary=True)


def _results(line: bytes) -> Sequence[Mapping[str, Any]]:
    try:
        document = json.loads(line)
    except (ValueError, RecursionError):
        raise AnswerError("does not answer in JSON") from None
    if not isinstance(document, dict):
        raise AnswerError("does not answer as InfluxDB does")
    if "results" not in document and "error" not in document:
        raise AnswerError("does not answer as InfluxDB does")
    results = _items(document, "results")
    for holder in (document, *results):
        if "error" in holder:
            said = str(holder["error"])
            passing = any(word in said.lower() for word in _PASSING)
            raise AnswerError(f"refuses the query: {said}", temporary=passing)
    return results


def _items(holder: Mapping[str, Any], key: str) -> Sequence[Mapping[str, Any]]:
    items = holder.get(key) or []
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise AnswerError(f"does not answer as InfluxDB does: {key} is no list of objects")
    return items


def _points(question: Question, series: Mapping[str, Any]) -> Points:
    if series.get("name") != question.measurement:
        raise AnswerError(f"answers with {str(series.get('name'))[:40]!r}, which was not asked for")
    if series.get("columns") != ["time", *question.fields]:
        raise AnswerError("answers with other columns than were asked for")
    tags = series.get("tags")
    group = tags.get(question.group, "") if isinstance(tags, dict) else ""
    try:
        table = np.array(series.get("values") or [], np.float64)
        table = table.reshape(-1, len(question.fields) + 1)
    except (TypeError, ValueError, OverflowError):
        raise AnswerError(
            f"has something else than numbers in {question.measurement!r} of {str(group)[:40]!r}"
        ) from None
    time, values = table[:, 0], table[:, 1:]
    if not np.isfinite(time).all():
        raise AnswerError("answers with points without time")
    values[~np.isfinite(values)] = np.nan
    within = (time >= question.since) & (time < question.until)
    return Points(str(group), time[within], values[within])


def _quoted(name: str) -> str:
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'
