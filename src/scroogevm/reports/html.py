"""Builds pieces of HTML for pages."""

from collections.abc import Mapping
from html import escape
from importlib.resources import files

from scroogevm.ports import Shape
from scroogevm.reports.names import printable
from scroogevm.reports.provenance import About


def text(plain: str) -> str:
    """Text that stays text, in an element or in an attribute."""
    return escape(printable(plain), quote=True)


def definitions(pairs: Mapping[str, str]) -> str:
    """Terms with their meanings."""
    return "".join(f"<dt>{text(k)}</dt><dd>{text(v)}</dd>" for k, v in pairs.items())


def heading(name: str) -> str:
    """A name as a heading has it."""
    return name.replace("_", " ")


def asset(name: str) -> str:
    """A file that pages are made of."""
    return (files("scroogevm.reports") / "assets" / name).read_text(encoding="utf-8")


def asked_rows(about: About, by: str) -> str:
    """A row for each strategy or test: parameters, formula, source.

    Args:
        about: the strategies or tests.
        by: what the formula says.
    """
    rows = []
    for name, facts in about.asked.items():
        cells = {
            "parameters": facts.parameters_text,
            by: facts.formula,
            "source": facts.source,
        }
        shown = "".join(f'<td data-name="{k}">{text(v)}</td>' for k, v in cells.items())
        rows.append(f'<tr><th scope="row">{text(name)}</th>{shown}')  # a row's end may be left out
    return "".join(rows)


def cut_of(shape: Shape) -> str:
    """How windows were cut, in words."""
    parts = f" of {shape.slices} slices" if shape.slices > 1 else ""
    return f"scopes of {shape.scope:g} s{parts}; {shape.kept} windows are kept"
