"""What a reader noticed and could live with: said once for each kind, with a count."""

from collections import Counter
from collections.abc import Iterator


class Remarks:
    """Counts oddities by kind and remembers the first place of each.

    >>> remarks = Remarks()
    >>> remarks.add("null samples, read as missing", "a.json: node.raw_data[0].cpu_usage", 2)
    >>> list(remarks)
    ['2 null samples, read as missing (first: a.json: node.raw_data[0].cpu_usage)']
    """

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._first: dict[str, str] = {}

    def add(self, kind: str, where: str, number: int = 1) -> None:
        """Note ``number`` oddities of a kind."""
        self._counts[kind] += number
        self._first.setdefault(kind, where)

    def __iter__(self) -> Iterator[str]:
        for kind, number in self._counts.items():
            yield f"{number} {kind} (first: {self._first[kind]})"
