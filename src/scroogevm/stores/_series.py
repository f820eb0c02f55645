"""Series as Prometheus and VictoriaMetrics answer with them."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import simdjson

from scroogevm.core.arrays import Floats


class Series(NamedTuple):
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


class GarbledError(Exception):
    """An answer that is not what its API says."""


class PartialError(Exception):
    """An answer from which something is missing."""


def matrix(body: bytes) -> Sequence[Series]:
    """The series of an instant query for a range: ``[[seconds, "value"], ...]`` each.

    Raises:
        GarbledError: it is something else.
        PartialError: something is missing from it.
    """
    found = _list(_at(_whole(_parsed(body)), "data", "result"))
    return [_of_pairs(series) for series in found]


def exported(line: bytes) -> Series:
    """One line of an export: ``metric``, ``values``, ``timestamps`` in milliseconds.

    Raises:
        GarbledError: it is something else.
    """
    series = _parsed(line)
    time, values = _numbers(_at(series, "timestamps")), _numbers(_at(series, "values"))
    if time.size != values.size:
        raise GarbledError("has more values than times, or fewer")
    return _series(series, time, values)


def vector(body: bytes) -> Sequence[Mapping[str, str]]:
    """The labels of the series of an instant query for values.

    Raises:
        GarbledError: it is something else.
        PartialError: something is missing from it.
    """
    found = _list(_at(_whole(_parsed(body)), "data", "result"))
    return [_labels(series) for series in found]


def words(body: bytes) -> Sequence[str]:
    """The values of a label.

    Raises:
        GarbledError: it is something else.
        PartialError: something is missing from it.
    """
    return [word for word in _list(_at(_whole(_parsed(body)), "data")) if isinstance(word, str)]


def _whole(document: Any) -> Any:
    """An answer from which nothing is missing, as far as it says."""
    found = _get(document, "warnings")
    if found:
        raise PartialError("; ".join(str(word) for word in _list(found)))
    if _get(document, "isPartial"):
        raise PartialError("some of its parts do not answer")
    return document


def _of_pairs(series: Any) -> Series:
    numbers = _numbers(_at(series, "values"))
    if numbers.size % 2:
        raise GarbledError("has a value without time")
    pairs = numbers.reshape(-1, 2)
    return _series(series, np.round(pairs[:, 0] * 1000), pairs[:, 1])


def _series(series: Any, time: Floats, values: Floats) -> Series:
    labels = _labels(series)
    if not np.isfinite(time).all():
        raise GarbledError("has values without times")
    said = ~np.isnan(values)  # a marker that a target is gone says nothing
    time, values = time[said], values[said]
    if (np.diff(time) <= 0).any():  # what was written twice; the first is as good as any
        time, at = np.unique(time, return_index=True)
        values = values[at]
    return Series(labels.pop("__name__", ""), labels, time, values)


def _labels(series: Any) -> dict[str, str]:
    metric = _at(series, "metric")
    if not isinstance(metric, simdjson.Object):
        raise GarbledError("has a series without labels")
    return {str(name): str(value) for name, value in metric.items()}


def _parsed(body: bytes) -> Any:
    # Whatever was parsed lives only as long as nothing else is: a parser for each.
    try:
        return simdjson.Parser().parse(body)
    except (ValueError, RuntimeError):
        raise GarbledError("does not answer in JSON") from None


def _get(document: Any, key: str) -> Any:
    return document.get(key) if isinstance(document, simdjson.Object) else None


def _at(document: Any, *keys: str) -> Any:
    for key in keys:
        document = _get(document, key)
        if document is None:
            raise GarbledError(f"answers without {key!r}")
    return document


def _list(items: Any) -> Any:
    if not isinstance(items, simdjson.Array):
        raise GarbledError("answers with something else than a list")
    return items


def _numbers(items: Any) -> Floats:
    """Numbers, quoted or not, in lists or not, one after the other; null is NaN."""
    text = _list(items).mini.translate(None, b'[]"')
    if not text:
        return np.empty(0)
    try:  # twice as fast, for all but NaN and Inf, which JSON does not know
        bare: Any = simdjson.Parser().parse(b"[" + text + b"]")
        return np.frombuffer(bare.as_buffer(of_type="d"), np.float64)
    except (ValueError, TypeError, RuntimeError):
        pass
    try:
        return np.array(text.replace(b"null", b"nan").split(b","), np.float64)
    except ValueError:
        raise GarbledError("has something else than numbers") from None
