"""Reads kernel files, which may be absent, forbidden, or vanish while they are read."""

from pathlib import Path


def text(path: Path) -> str | None:
    """What a file says, or None where nothing can be read."""
    try:
        return path.read_bytes().decode("utf-8", "replace")
    except (OSError, ValueError):
        return None


def number(path: Path) -> int | None:
    """The one number that a file holds, or None if there is none."""
    found = text(path)
    try:
        return None if found is None else int(found)
    except ValueError:
        return None


def keyed(content: str | None) -> dict[str, int]:
    """Numbers by the word before them, one a line; lines of another form are passed over.

    >>> keyed("MemTotal:  12 kB" + chr(10) + "nr_throttled 3" + chr(10) + "odd")
    {'MemTotal': 12, 'nr_throttled': 3}
    """
    found = {}
    for line in (content or "").splitlines():
        words = line.split()
        if len(words) > 1 and words[1].isdecimal():
            found[words[0].removesuffix(":")] = int(words[1])
    return found


def total(content: str | None, kind: str) -> float | None:
    """Seconds of pressure of a kind, ``some`` or ``full``, since boot.

    >>> total("some avg10=0.00 avg60=0.00 avg300=0.00 total=2500000", "some")
    2.5
    """
    for line in (content or "").splitlines():
        first, _, rest = line.partition(" ")
        _, found, micros = rest.rpartition("total=")
        if first == kind and found and micros.isdecimal():
            return int(micros) / 1e6
    return None
