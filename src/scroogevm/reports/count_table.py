"""The table of quiescent windows of a page."""

from collections.abc import Mapping

from scroogevm.reports.html import text
from scroogevm.reports.record import Pair
from scroogevm.reports.styles import TITLES
from scroogevm.reports.verdict_table import Count


def count_table(counts: Mapping[Pair, Count], column: str) -> str:
    """How many windows were quiescent, and which gaps made the others not so."""
    headings = (column, "resource", "quiescent", "of judged", "not judged", "limits reached by")
    head = "".join(f'<th scope="col">{text(name)}</th>' for name in headings)
    body = "".join(_count(*pair, count) for pair, count in counts.items())
    return (
        '<div class="scroll" tabindex="0" role="region" aria-label="Verdicts counted">'
        f'<table class="counts" data-testid="counts"><thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )


def _count(resource: str, name: str, count: Count) -> str:
    share = "-" if count.share is None else f"{100 * count.share:.1f} %"
    bar = f' class="bar savings" style="--share:{100 * (count.share or 0):.1f}%"'
    return (
        f'<tr><th scope="row">{text(name)}</th><td>{TITLES[resource]}</td><td{bar}>{share}</td>'
        f"<td>{count.judged:,}</td><td>{count.unjudged:,}</td><td>{text(count.because) or '-'}</td>"
    )
