"""What a benchmark saw, for the terminal and for the docs."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Result:
    """A table of measurements and what it says about a target.

    Attributes:
        title: what was measured.
        how: how, in a sentence or two.
        columns: headings.
        rows: cells, numbers as numbers.
        verdict: the ratio asked for, what was seen, whether it holds.
        plot: file name of a figure beside the page, if there is one.
    """

    title: str
    how: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Any]]
    verdict: str
    plot: str = ""

    def to_dict(self) -> dict[str, Any]:
        """For a program to read."""
        return asdict(self)

    def show(self) -> None:
        """Print it."""
        print(*self.columns, sep="\t")
        for row in self.rows:
            print(*(cell(value) for value in row), sep="\t")
        print(self.verdict, flush=True)


def page(result: Result, machine: str) -> str:
    """The Markdown that the docs include."""
    rule = ["---", *["--:"] * (len(result.columns) - 1)]
    rows = [result.columns, rule, *([cell(value) for value in row] for row in result.rows)]
    table = "\n".join(f"| {' | '.join(row)} |" for row in rows)
    figure = f"\n![{result.title}]({result.plot})\n" if result.plot else ""
    return (
        f"## {result.title}\n\n{result.how}\n\n{table}\n{figure}\n{result.verdict}\n\n"
        f"Measured {machine}.\n"
    )


def cell(value: Any) -> str:
    """A cell as people read it."""
    return f"{value:.3g}" if isinstance(value, float) and abs(value) < 1000 else _whole(value)


def _whole(value: Any) -> str:
    return f"{value:.0f}" if isinstance(value, float) else str(value)
