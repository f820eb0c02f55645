"""Turns a ``Status`` into the JSON of the status file, and reads it with checks."""

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from scroogevm.errors import MisuseError
from scroogevm.offers.status import VERSION, Status
from scroogevm.text import plain

if TYPE_CHECKING:
    from pydantic import TypeAdapter

LARGEST = 1 << 30
"""Bytes of a status file that are read at most."""


def to_json(status: Status) -> str:
    """A status as JSON; a number that nobody knows is null."""
    return _adapter().dump_json(status).decode()


def from_json(text: str | bytes, where: str) -> Status:
    """The status that a text holds.

    Args:
        text: JSON.
        where: what to call it in messages.

    Raises:
        MisuseError: it is not the status, or one of another version.
    """
    from pydantic import ValidationError  # noqa: PLC0415  # most commands need no such thing

    try:
        status = _adapter().validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"]))
        more = f", and {error.error_count() - 1} more" if error.error_count() > 1 else ""
        raise MisuseError(
            f"is not the status of a fleet: {first['msg']}{more}",
            where=f"{where}: {place}" if place else where,
            remedy="`scroogevm serve` writes status.json",
        ) from None
    if status.version != VERSION:
        raise MisuseError(f"version {status.version} cannot be read, only {VERSION}", where=where)
    return status


def read_status(path: Path) -> Status:
    """The status that a file holds, as it was written: see ``Status.at``.

    Raises:
        MisuseError: it cannot be read, or is none.
    """
    try:
        with path.open("rb") as file:
            text = file.read(LARGEST + 1)
    except OSError as error:
        raise MisuseError(
            f"cannot be read: {plain(error)}",
            where=str(path),
            remedy="`scroogevm serve` writes one into its data directory",
        ) from None
    if len(text) > LARGEST:
        raise MisuseError(f"is larger than {LARGEST} bytes", where=str(path))
    return from_json(text, str(path))


@cache
def _adapter() -> "TypeAdapter[Status]":
    from pydantic import TypeAdapter  # noqa: PLC0415  # most commands need no such thing

    return TypeAdapter(Status)
