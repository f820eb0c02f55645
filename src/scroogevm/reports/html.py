"""Fills the templates of pages, which lie in ``assets``."""

from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

from scroogevm.ports import Shape
from scroogevm.reports.names import printable


def page(template: str, **values: Any) -> str:
    """A page.

    Args:
        template: its file.
        values: by the names that the template has for them. Text stays text: whatever it has in
            it, it ends no element and no attribute. ``Markup`` is taken as it is.
    """
    return _templates().get_template(template).render(**values)


def asset(name: str) -> Markup:
    """A file that pages are made of, to be taken as it is."""
    return Markup(_read(name))  # noqa: S704  # our own


def cut_of(shape: Shape) -> str:
    """How windows were cut, in words."""
    parts = f" of {shape.slices} slices" if shape.slices > 1 else ""
    return f"scopes of {shape.scope:g} s{parts}; {shape.kept} windows are kept"


@cache
def _templates() -> Environment:
    found = Environment(
        loader=FunctionLoader(_read),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.globals["asset"] = asset
    return found


def _read(name: str) -> str:
    return (files("scroogevm.reports") / "assets" / name).read_text(encoding="utf-8")


def _shown(value: Any) -> Any:
    """What an expression of a template shows: letters that have no picture are replaced."""
    return printable(value) if isinstance(value, str) and not isinstance(value, Markup) else value
