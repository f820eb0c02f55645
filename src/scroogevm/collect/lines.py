"""Parses one line of the text format 0.0.4, or of OpenMetrics."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

_NAME = rb"[a-zA-Z_:][a-zA-Z0-9_:]*+"
_KEY = rb"[a-zA-Z_][a-zA-Z0-9_]*+"
_TEXT = rb'(?:[^"\\]|\\.)*+'
_PAIR = rb'[ \t]*+%b[ \t]*+=[ \t]*+"%b"[ \t]*+'
_BRACES = rb"[ \t]*+\{((?:%b(?:,|(?=\})))*+)[ \t]*+\}" % (_PAIR % (_KEY, _TEXT))
_SERIES = re.compile(rb"[ \t]*+(%b)(?:%b|(?=[ \t]))" % (_NAME, _BRACES))
_LABELS = re.compile(_PAIR % (b"(%b)" % _KEY, b"(%b)" % _TEXT))
_TAIL = re.compile(rb"[ \t]*+([^ \t\r#]++)(?:[ \t]++([-+0-9.eE]++))?(?:[ \t]++#.*+)?[ \t\r]*+")
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_ESCAPED = {"n": "\n"}
_MILLISECONDS = 1e11


@dataclass(frozen=True, slots=True)
class SeriesHead:
    """The text before a value.

    Attributes:
        name: of the metric.
        labels: by name.
        length: bytes up to the value, or up to the white space before it.
    """

    name: str
    labels: Mapping[str, str]
    length: int


def series(line: bytes, most_labels: int) -> SeriesHead | None:
    r"""The series of a line; None when the line is none of the format.

    >>> series(b'up{node="a",path="C:\\\\x"} 1', 9).labels
    {'node': 'a', 'path': 'C:\\x'}
    """
    found = _SERIES.match(line)
    if not found or number(line[found.end() :]) is None:
        return None
    pairs = _LABELS.findall(found[2] or b"")
    try:
        labels = {key.decode(): _unescaped(value.decode()) for key, value in pairs}
        name = found[1].decode()
    except UnicodeDecodeError:
        return None
    if not len(labels) == len(pairs) <= most_labels:
        return None
    return SeriesHead(name, labels, found.end())


def number(tail: bytes) -> float | None:
    """The value in what follows a series: without its timestamp and exemplar; None for nonsense.

    >>> number(b' 2.5 1395066363000 # {trace="x"} 0.7'), number(b" 1_000"), number(b" +Inf")
    (2.5, None, inf)
    """
    found = _TAIL.fullmatch(tail)
    if not found or b"_" in found[1]:
        return None
    try:
        return float(found[1])
    except ValueError:
        return None


def stamp(tail: bytes) -> float | None:
    """The time stamp in the text after a series, seconds since 1970; None if there is none.

    The text format has milliseconds, OpenMetrics seconds: no time until the year 5138 has so many
    seconds as the first has milliseconds since 1973.

    >>> stamp(b" 2.5 1395066363000"), stamp(b" 2.5 1395066363.5"), stamp(b" 2.5")
    (1395066363.0, 1395066363.5, None)
    """
    found = _TAIL.fullmatch(tail)
    if not found or found[2] is None:
        return None
    try:
        time = float(found[2])
    except ValueError:
        return None
    return time / 1000 if abs(time) > _MILLISECONDS else time


def _unescaped(text: str) -> str:
    if "\\" not in text:
        return text
    return _ESCAPE.sub(lambda found: _ESCAPED.get(found[1], found[1]), text)
