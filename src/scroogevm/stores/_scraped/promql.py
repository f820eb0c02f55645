"""Builds selectors of PromQL."""

import re
from collections.abc import Iterable


def selector(names: Iterable[str], label: str, values: Iterable[str], more: str = "") -> str:
    """Series of some metrics.

    Args:
        names: regular expressions of their names.
        label: that they have.
        values: which it has, one of them; none for any but the empty one.
        more: further matchers, as they are written in PromQL.

    >>> selector(["a_total", "b_.*"], "instance", ["n1:9100"], 'job="x"')
    '{__name__=~"a_total|b_.*",instance=~"n1:9100",job="x"}'
    """
    allowed = "|".join(re.escape(value) for value in values) or ".+"
    matchers = [f'__name__=~"{_said("|".join(names))}"', f'{label}=~"{_said(allowed)}"']
    return "{" + ",".join([*matchers, *filter(None, [more.strip(" ,{}")])]) + "}"


def _said(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
