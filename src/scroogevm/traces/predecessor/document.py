"""Reads a JSON document into arrays, without a Python object for every number."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import simdjson

from scroogevm.core.arrays import Floats
from scroogevm.errors import TraceError
from scroogevm.ports import Remark
from scroogevm.ranges import RANGES, is_within
from scroogevm.traces.remarks import Remarks
from scroogevm.traces.text import not_json, read_bytes

EMPTY: Floats = np.empty(0)

_BLANKS = np.frombuffer(b" \t\r\n", np.uint8)
_IN_A_LIST = np.frombuffer(b",[", np.uint8)
_MOST_BLANKS = 1000
"""Largest indentation before a bracket."""


class Document:
    """Typed access to a file, with errors that name the place.

    Args:
        path: the file, plain or compressed.
        remarks: where oddities are noted.
    """

    def __init__(self, path: Path, remarks: Remarks) -> None:
        self.path = path
        self.remarks = remarks
        content = read_bytes(path)
        self._lists_in_lists = _lists_in_lists(content)
        self._parser = simdjson.Parser()  # owns what the proxies below point into
        try:
            self.root: Any = self._parser.parse(content)
        except (ValueError, RuntimeError, UnicodeDecodeError):
            raise not_json(path, content) from None
        if not isinstance(self.root, simdjson.Object):
            raise self.error("", "is not a JSON object", "a trace of the predecessor")

    def error(self, place: str, problem: str, remedy: str = "") -> TraceError:
        """An error at a place of this file."""
        where = f"{self.path}: {place}" if place else str(self.path)
        return TraceError(problem, where=where, remedy=remedy)

    def member(self, owner: Any, key: str, place: str) -> Any:
        """A member that has to be an object.

        Raises:
            TraceError: it is missing or something else.
        """
        value = owner.get(key)
        if not isinstance(value, simdjson.Object):
            problem = "is missing" if value is None else "is not an object"
            raise self.error(f"{place}{key}", problem, "a trace of the predecessor has it")
        return value

    def items(self, owner: Any, key: str, place: str) -> list[Any]:
        """A member that has to be a list of objects.

        Raises:
            TraceError: it is missing or something else.
        """
        value = owner.get(key)
        if not isinstance(value, simdjson.Array):
            problem = "is missing" if value is None else "is not a list"
            raise self.error(f"{place}{key}", problem, "one object for each occurrence")
        listed = list(value)
        for number, item in enumerate(listed):
            if not isinstance(item, simdjson.Object | dict):
                raise self.error(
                    f"{place}{key}[{number}]", "is not an object", "{} if there is nothing"
                )
        return listed

    def length(self, owner: Any, key: str, place: str, default: float | None = None) -> float:
        """A member that has to be a length of time: seconds, as long as a slice may be.

        Raises:
            TraceError: it is missing and has no default, or is something else.
        """
        seconds = self.number(owner, key, place, default)
        if not is_within("--scope", seconds):
            low, high = RANGES["--scope"]
            remedy = f"a number of seconds from {low:g} to {high:g}"
            raise self.error(f"{place}{key}", f"{seconds:g} s cannot be a window", remedy)
        return seconds

    def number(self, owner: Any, key: str, place: str, default: float | None = None) -> float:
        """A member that has to be a number above zero.

        Raises:
            TraceError: it is missing and has no default, or is something else.
        """
        value = owner.get(key)
        if value is None and default is not None:
            return default
        if not _is_number(value) or not 0 < value < 1e12:
            problem = "is missing" if value is None else f"{value!r} is not a number > 0"
            raise self.error(f"{place}{key}", problem)
        return float(value)

    def samples(self, owner: Any, key: str, place: str) -> Floats:
        """A list of numbers as an array, NaN for null; empty when the list is absent.

        Raises:
            TraceError: it is not a list, or contains other values than numbers and nulls.
        """
        value = owner.get(key)
        if value is None:
            return EMPTY
        where = f"{place}.{key}" if place else key
        if not isinstance(value, simdjson.Array):
            raise self.error(where, "is not a list", "a list of numbers, null for missing")
        try:
            samples = np.frombuffer(value.as_buffer(of_type="d"))
        except TypeError:
            return self._with_nulls(value.as_list(), where)
        # The buffer flattens lists of lists, which are no samples.
        if self._lists_in_lists and any(isinstance(each, simdjson.Array) for each in value):
            raise self.error(where, "contains lists", "a list of numbers")
        return samples

    def _with_nulls(self, values: list[Any], place: str) -> Floats:
        for number, value in enumerate(values):
            if value is not None and (
                isinstance(value, bool) or not isinstance(value, int | float)
            ):
                raise self.error(
                    f"{place}[{number}]", f"{value!r} is not a number", "null if missing"
                )
        missing = [number for number, value in enumerate(values) if value is None]
        first = f"{self.path}: {place}[{missing[0]}]"
        self.remarks.add(Remark("null samples, read as missing", first, len(missing)))
        return np.array(values, np.float64)

    def same(self, one: Any, other: Any) -> bool:
        """Whether two objects are equal to the letter."""
        keys = list(one.keys())
        if keys != list(other.keys()):
            return False
        try:
            return all(_buffer(one[key]) == _buffer(other[key]) for key in keys)
        except (TypeError, AttributeError):  # not only lists of numbers: slower
            return bool(one.mini == other.mini)

    def names(self, owner: Any, place: str) -> Iterator[str]:
        """The keys of an object.

        Raises:
            TraceError: one is there twice.
        """
        seen: set[str] = set()
        for name in owner.keys():  # noqa: SIM118  # a proxy iterates over something else
            if name in seen:
                raise self.error(
                    f"{place}.{name}", "is there twice", "every VM must have its own name"
                )
            seen.add(name)
            yield name


def _lists_in_lists(content: bytes) -> bool:
    """Whether a list may stand in another: a bracket that opens behind a comma or a bracket.

    A name may look so, too: then each list is looked through, which is slower and as right.
    """
    text = np.frombuffer(content, np.uint8)
    before = np.flatnonzero(text == ord("[")) - 1
    before = before[before >= 0]
    for _ in range(_MOST_BLANKS):
        seen = text[before]
        if np.isin(seen, _IN_A_LIST).any():
            return True
        before = before[np.isin(seen, _BLANKS) & (before > 0)] - 1
        if not before.size:
            return False
    return True


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _buffer(samples: Any) -> bytes:
    return bytes(samples.as_buffer(of_type="d"))
