"""Reads JSON answers of servers, which are mostly numbers."""

from typing import Any

import numpy as np
import simdjson

from scroogevm.core.arrays import Floats

_NULL = float(np.finfo(np.float64).max)
"""Stands for null, while numbers are read: nothing that is measured is so large."""


class GarbledError(Exception):
    """An answer does not have the form of its API."""


def parsed(body: bytes) -> Any:
    """A document: objects and lists of simdjson, else what Python has.

    Raises:
        GarbledError: it is no JSON.
    """
    # Whatever was parsed lives only as long as nothing else is: a parser for each.
    try:
        return simdjson.Parser().parse(body)
    except (ValueError, RuntimeError):
        page = body.lstrip()[:1] == b"<"
        said = "answers with a web page, perhaps of a login or a proxy" if page else ""
        raise GarbledError(said or "does not answer in JSON") from None


def found(document: Any, key: str) -> Any:
    """The value of a name in an object; None if it is missing, or if this is not an object."""
    return document.get(key) if isinstance(document, simdjson.Object) else None


def listed(items: Any) -> Any:
    """The value as a list.

    Raises:
        GarbledError: it is something else.
    """
    if not isinstance(items, simdjson.Array):
        raise GarbledError("does not answer with a list")
    return items


def numbers(items: Any) -> Floats:
    """Numbers, quoted or not, in lists or not, one after the other; null is NaN.

    Raises:
        GarbledError: they are something else.
    """
    try:
        return np.frombuffer(listed(items).as_buffer(of_type="d"), np.float64)
    except (TypeError, ValueError, RuntimeError):
        text = items.mini.translate(None, b'[]"')
    if not text:
        return np.empty(0)
    try:  # twice as fast as below, for all but NaN and Inf, which JSON does not know
        return _plain(text)
    except (TypeError, ValueError, RuntimeError):
        pass
    try:
        return np.array(text.replace(b"null", b"nan").split(b","), np.float64)
    except ValueError:
        raise GarbledError("has values that are not numbers") from None


def _plain(text: bytes) -> Floats:
    missing = b"null" in text
    if missing:
        text = text.replace(b"null", repr(_NULL).encode())
    items: Any = simdjson.Parser().parse(b"[" + text + b"]")
    values = np.frombuffer(items.as_buffer(of_type="d"), np.float64)
    return np.where(values == _NULL, np.nan, values) if missing else values
