"""Parses times: a date, or how long ago."""

from datetime import UTC, datetime

from scroogevm.core.duration import seconds
from scroogevm.errors import MisuseError


def date(text: str, where: str) -> float:
    """Seconds since 1970 of ``2026-01-31`` or ``2026-01-31T12:00``, in UTC if it has no zone.

    Raises:
        MisuseError: it is no date.

    >>> date("1970-01-02", "--before")
    86400.0
    """
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        raise MisuseError(
            f"{text!r} is not a date", where=where, remedy="write 2026-01-31 or 2026-01-31T12:00"
        ) from None
    return (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp()


def moment(text: str, now: float, where: str) -> float:
    """Seconds since 1970 of a date, or of ``30d`` ago.

    Raises:
        MisuseError: it is neither.

    >>> moment("1d", 100_000.0, "--since"), moment("1970-01-01", 100_000.0, "--since")
    (13600.0, 0.0)
    """
    if "-" in text:
        return date(text, where)
    try:
        return now - seconds(text)
    except MisuseError as error:
        raise MisuseError(
            error.problem, where=where, remedy="write how long ago, 30d or 12h, or a date"
        ) from None
