"""Stores of samples: one module for each kind, opened by KIND:LOCATION."""

import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scroogevm.ports import Store

DEFAULT = "embedded"
"""The kind of a store that is given as a path alone."""


def open_store(text: str, options: Iterable[str] | Mapping[str, str] = ()) -> "Store":
    """The store that ``KIND:LOCATION``, or a path alone, means.

    Args:
        text: such as ``influxdb:http://host:8086/DB``; a path is an embedded store.
        options: parameters of that kind of store, by name or as ``KEY=VALUE``.

    Raises:
        MisuseError: there is no such kind, or an option that it does not take.

    >>> open_store("/var/lib/scroogevm", ["retention=7"]).retention
    7.0
    """
    from scroogevm.errors import SpecError  # noqa: PLC0415  # keeps the package empty
    from scroogevm.ports import STORES  # noqa: PLC0415  # the family looks for its plug-ins here
    from scroogevm.registry import Spec  # noqa: PLC0415  # likewise

    kind, location = _split(text)
    given = options if isinstance(options, Mapping) else dict(map(_pair, options))
    pairs = {name.replace("-", "_"): Spec(value) for name, value in given.items()}
    spec = Spec(kind, {"location": Spec(location), **pairs})
    try:
        store: Store = STORES.build(spec)
    except SpecError as error:  # a misplaced option may be a secret, so it is not shown
        where = f"store {kind}" + error.where.removeprefix(f"store {spec}")
        raise SpecError(error.problem, where=where, remedy=error.remedy) from None
    return store


def _split(text: str) -> tuple[str, str]:
    from scroogevm.errors import MisuseError  # noqa: PLC0415  # keeps the package empty

    found = re.match(r"([a-z][a-z0-9-]*):", text)
    kind, location = (found[1], text[found.end() :]) if found else (DEFAULT, text)
    if kind in ("http", "https"):
        text = re.sub("//[^/]*@", "//", text)  # this part may be a secret
        raise MisuseError(
            "does not contain the kind of the store",
            where=text,
            remedy="write the kind before it, such as prometheus:" + text,
        )
    if not location.strip():
        raise MisuseError(f"{text!r} is not a store", remedy="write a directory, or KIND:LOCATION")
    return kind, location


def _pair(text: str) -> tuple[str, str]:
    from scroogevm.errors import MisuseError  # noqa: PLC0415  # keeps the package empty

    name, equals, value = text.partition("=")
    if not equals or not name or name == "location":
        raise MisuseError(f"{text!r} is not an option of a store", remedy="write KEY=VALUE")
    return name, value
