"""Counts quiescent windows, as rows of a table."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scroogevm.reports.verdict_table import Count

COUNTS = ("resource", "quiescent", "of judged", "not judged", "limits reached by")
"""Headings, behind that of the name."""


def count_rows(counts: Mapping[tuple[str, str], "Count"]) -> Sequence[Sequence[str]]:
    """A row for each name and resource, names together."""
    order = list(dict.fromkeys(name for _, name in counts))
    return [
        (
            name,
            resource,
            "-" if count.share is None else f"{count.share:.1%}",
            f"{count.judged:,}",
            f"{count.unjudged:,}",
            count.because or "-",
        )
        for (resource, name), count in sorted(
            counts.items(), key=lambda pair: order.index(pair[0][1])
        )
    ]
