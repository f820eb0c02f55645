"""Reads series from answers of Prometheus and VictoriaMetrics."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import simdjson

from scroogevm.core.arrays import Floats
from scroogevm.stores._server.json import GarbledError, found, listed, numbers, parsed


class RawSeries(NamedTuple):
    """Raw samples of one series.

    Attributes:
        name: of the metric.
        labels: all others.
        time: (samples,), milliseconds since 1970, strictly ascending.
        values: (samples,).
    """

    name: str
    labels: Mapping[str, str]
    time: Floats
    values: Floats


class PartialError(Exception):
    """An answer from which something is missing."""


def matrix(body: bytes, *, partial: bool = False) -> Sequence[RawSeries]:
    """The series of an instant query for a range: ``[[seconds, "value"], ...]`` each.

    Raises:
        GarbledError: it is something else.
        PartialError: something is missing from it.
    """
    series = listed(_at(_whole(parsed(body), partial), "data", "result"))
    return [_of_pairs(each) for each in series]


def exported(line: bytes) -> RawSeries:
    """One line of an export: ``metric``, ``values``, ``timestamps`` in milliseconds.

    Raises:
        GarbledError: it is something else.
    """
    series = parsed(line)
    time, values = numbers(_at(series, "timestamps")), numbers(_at(series, "values"))
    if time.size != values.size:
        raise GarbledError("has different numbers of values and times")
    return _series(series, time, values)


def vector(body: bytes, *, partial: bool = False) -> Sequence[Mapping[str, str]]:
    """The labels of the series of an instant query for values.

    Raises:
        GarbledError: it is something else.
        PartialError: something is missing from it.
    """
    series = listed(_at(_whole(parsed(body), partial), "data", "result"))
    return [_labels(each) for each in series]


def words(body: bytes, *, partial: bool = False) -> Sequence[str]:
    """The values of a label.

    Raises:
        GarbledError: it is something else.
        PartialError: something is missing from it.
    """
    return [
        word for word in listed(_at(_whole(parsed(body), partial), "data")) if isinstance(word, str)
    ]


def _whole(document: Any, partial: bool) -> Any:  # noqa: FBT001  # of those above
    """Check that an answer is complete, unless partial answers are allowed."""
    if partial:
        return document
    warnings = found(document, "warnings")
    if warnings:
        raise PartialError("; ".join(str(word) for word in listed(warnings)))
    if found(document, "isPartial"):
        raise PartialError("some of its parts do not answer")
    return document


def _of_pairs(series: Any) -> RawSeries:
    both = numbers(_at(series, "values"))
    if both.size % 2:
        raise GarbledError("has a value without time")
    pairs = both.reshape(-1, 2)
    return _series(series, np.round(pairs[:, 0] * 1000), pairs[:, 1])


def _series(series: Any, time: Floats, values: Floats) -> RawSeries:
    labels = _labels(series)
    if not np.isfinite(time).all():
        raise GarbledError("has values without times")
    said = ~np.isnan(values)  # a marker of a target that is gone has no value
    time, values = time[said], values[said]
    if (np.diff(time) <= 0).any():  # of values that were written twice, the first one is used
        time, at = np.unique(time, return_index=True)
        values = values[at]
    return RawSeries(labels.pop("__name__", ""), labels, time, values)


def _labels(series: Any) -> dict[str, str]:
    metric = _at(series, "metric")
    if not isinstance(metric, simdjson.Object):
        raise GarbledError("has a series without labels")
    return {str(name): str(value) for name, value in metric.items()}


def _at(document: Any, *keys: str) -> Any:
    for key in keys:
        document = found(document, key)
        if document is None:
            raise GarbledError(f"answers without {key!r}")
    return document
