"""Targets as the user wrote them, from options, settings and files."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from scroogevm.errors import MisuseError

_WORD = re.compile(r"(?:([^=/?]+)=)?(\S+)")
_TABLE = ("node", "url", "urls")


@dataclass(frozen=True)
class Wish:
    """One exporter as written, before it is checked.

    Attributes:
        where: the place where it was written, for messages.
        url: as it was written.
        node: as it was written; empty for the host in the URL.
        keys: whatever else was written.
    """

    where: str
    url: str
    node: str = ""
    keys: Mapping[str, Any] = field(default_factory=dict)


def from_word(word: str) -> Wish:
    """The wish of ``[NODE=]URL``.

    >>> from_word("n1=http://10.0.0.1:9100/metrics").node
    'n1'
    >>> from_word("http://n1:9100/metrics?x=1").node
    ''

    Raises:
        MisuseError: the text is not a target.
    """
    found = _WORD.fullmatch(word.strip())
    if not found:
        raise MisuseError("is not a target", where="--target", remedy="write URL or NODE=URL")
    return Wish("--target", found[2], found[1] or "")


def from_table(table: Mapping[str, Any], where: str) -> Iterator[Wish]:
    """The wishes of one ``[[collect.targets]]``.

    Raises:
        MisuseError: a target has no URL, or a value is not text.
    """
    if ("url" in table) is ("urls" in table):
        raise MisuseError("give url, or urls as a list", where=where)
    urls = table.get("urls", [table.get("url")])
    node = table.get("node", "")
    if not (isinstance(urls, list) and all(isinstance(url, str) for url in urls)):
        raise MisuseError(
            "urls is not a list of texts" if "urls" in table else "url is not text", where=where
        )
    if not isinstance(node, str):
        raise MisuseError("node is not text", where=where)
    keys = {key: value for key, value in table.items() if key not in _TABLE}
    for url in urls:
        yield Wish(where, url, node, keys)


def from_discovery(path: Path) -> Sequence[Wish]:
    """The wishes of a file of targets as Prometheus takes it (file_sd), in JSON.

    Of its labels, ``node`` names the node, and ``__scheme__``, ``__metrics_path__`` and
    ``__scrape_interval__`` mean what they mean to Prometheus.

    Raises:
        MisuseError: it cannot be read, or is none.
    """
    where = str(path)
    try:
        groups = json.loads(path.read_bytes())
    except OSError as error:
        raise MisuseError(f"cannot be read: {error.strerror}", where=where) from None
    except (ValueError, RecursionError):
        raise MisuseError("is not JSON", where=where) from None
    form = MisuseError(
        "is not a list of targets", where=where,
        remedy='write [{"targets": ["HOST:PORT"], "labels": {"node": "NAME"}}]',
    )  # fmt: skip
    if not isinstance(groups, list):
        raise form
    wishes = []
    for number, group in enumerate(groups, 1):
        targets = group.get("targets") if isinstance(group, dict) else None
        labels = group.get("labels", {}) if isinstance(group, dict) else None
        if not (_texts(targets) and isinstance(labels, dict) and _texts(list(labels.values()))):
            raise form
        wishes += [_discovered(f"{where}, {number}", each, labels) for each in targets or ()]
    return wishes


def _discovered(where: str, target: str, labels: Mapping[str, str]) -> Wish:
    url = target
    if "://" not in target:
        scheme = labels.get("__scheme__", "http")
        path = labels.get("__metrics_path__", "/metrics").removeprefix("/")
        url = f"{scheme}://{target}/{path}"
    keys = {}
    if "__scrape_interval__" in labels:
        keys["interval"] = labels["__scrape_interval__"]
    return Wish(where, url, labels.get("node", ""), keys)


def _texts(values: Any) -> bool:
    return isinstance(values, list) and all(isinstance(value, str) for value in values)
