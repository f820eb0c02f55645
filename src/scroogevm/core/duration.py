"""Parses durations such as 30d or 1h30m."""

import re

from scroogevm.errors import MisuseError

UNITS = {"w": 604_800.0, "d": 86_400.0, "h": 3_600.0, "m": 60.0, "s": 1.0}
"""Seconds in a unit."""

_NUMBER = r"[0-9]+(?:\.[0-9]+)?"
_PART = rf"({_NUMBER})\s*([{''.join(UNITS)}])"
_LONGEST = 1000 * 365 * UNITS["d"]


def seconds(text: str) -> float:
    """Seconds of a duration: ``30d``, ``12h``, ``1h30m``, or a plain number of seconds.

    Raises:
        MisuseError: the text is not a duration, or is out of range.

    >>> seconds("30d"), seconds("1h30m"), seconds("90")
    (2592000.0, 5400.0, 90.0)
    """
    plain = text.strip().lower()
    if re.fullmatch(_NUMBER, plain):
        found = float(plain)
    elif re.fullmatch(rf"(?:{_PART}\s*)+", plain):
        found = sum(float(number) * UNITS[unit] for number, unit in re.findall(_PART, plain))
    else:
        raise MisuseError(f"{text!r} is not a duration", remedy="write 30d, 12h, 90m, 45s or 1h30m")
    if not found <= _LONGEST:
        raise MisuseError(f"{text!r} is longer than 1000 years")
    return found
