"""The table of quiescent windows of a page."""

from collections.abc import Mapping, Sequence
from typing import Any

from scroogevm.reports.record import Pair
from scroogevm.reports.styles import TITLES
from scroogevm.reports.verdict_table import Count


def count_rows(counts: Mapping[Pair, Count]) -> Sequence[Mapping[str, Any]]:
    """How many windows were quiescent, and which limits the others reached, for the template."""
    return [
        {
            "name": name,
            "resource": TITLES[resource],
            "share": f"{100 * (count.share or 0):.1f}",
            "shown": "-" if count.share is None else f"{100 * count.share:.1f} %",
            "judged": f"{count.judged:,}",
            "unjudged": f"{count.unjudged:,}",
            "because": count.because,
        }
        for (resource, name), count in counts.items()
    ]
