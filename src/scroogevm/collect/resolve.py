"""Resolves the configured targets: checks them, reads secrets, reports all problems together."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from math import isfinite
from typing import Any
from urllib.parse import unquote

import httpx

from scroogevm.collect.target import Nodes, Target, Trust, basic, bearer
from scroogevm.collect.target_spec import Wish
from scroogevm.core.duration import seconds
from scroogevm.errors import MisuseError, ScroogeError
from scroogevm.secret import read_secret
from scroogevm.telemetry.dialect import Dialect
from scroogevm.telemetry.names import Options, dialects

KEYS: Mapping[str, str] = {
    "interval": "between scrapes: seconds, or 15s; by default what is announced, else 5 s",
    "token-file": "file with a bearer token",
    "user": "user, for HTTP basic authentication",
    "password-file": "file with the user's password",
    "ca-file": "certificates to trust instead of the system's, in PEM",
    "cert-file": "client certificate, for exporters that require one",
    "key-file": "its key, if it is not in the same file",
    "dialects": "parameters of dialects: a table for each, as in collect.dialects",
}
"""The options of a target, in addition to node and URL."""

_SECRETS = ("token-file", "user", "password-file")
_FILES = ("ca-file", "cert-file", "key-file")
_TEXTS = (*_SECRETS, *_FILES)


@dataclass
class Resolver:
    """Makes targets.

    Attributes:
        defaults: what holds for targets that say nothing else, by key.
        names: names that the user wrote down.
        dialects: parameters of dialects, for all targets.
    """

    defaults: Mapping[str, Any] = field(default_factory=dict)
    names: Mapping[str, Any] = field(default_factory=dict)
    dialects: Options = field(default_factory=dict)
    _built: dict[str, Sequence[Dialect]] = field(default_factory=dict, init=False)

    def nodes(self, wishes: Iterable[Wish]) -> Nodes:
        """The targets of each node.

        Raises:
            MisuseError: with every problem there is.
        """
        problems: dict[str, None] = {}
        nodes: dict[str, list[Target]] = {}
        for wish in wishes:
            try:
                node, target = self._target(wish)
            except ScroogeError as error:
                problems[str(error)] = None
                continue
            if any(target.url == other.url for other in nodes.get(node, ())):
                problems[f"{wish.where}: {node} has {target.shown} twice"] = None
            nodes.setdefault(node, []).append(target)
        if problems:
            raise MisuseError("; ".join(problems))
        return nodes

    def _target(self, wish: Wish) -> tuple[str, Target]:
        wish = replace(wish, keys=_known(wish.keys, wish.where))
        keys = {**self.defaults, **wish.keys}
        url = _url(wish)
        bare = url.copy_with(userinfo=b"", fragment=None)
        return wish.node or url.host, Target(
            str(bare),
            _interval(keys.get("interval"), wish.where),
            _authorization(url, wish, self.defaults),
            Trust.of(*(keys.get(name, "") for name in _FILES)),
            self._dialects(keys.get("dialects", {}), wish.where),
        )

    def _dialects(self, options: Any, where: str) -> Sequence[Dialect]:
        if not (isinstance(options, dict) and all(isinstance(o, dict) for o in options.values())):
            raise MisuseError("dialects is not a table of tables", where=where)
        merged = {
            name: {**self.dialects.get(name, {}), **options.get(name, {})}
            for name in dict.fromkeys([*self.dialects, *options])
        }
        key = repr(sorted(merged.items()))
        if key not in self._built:
            self._built[key] = dialects(merged, self.names)
        return self._built[key]


def _known(keys: Mapping[str, Any], where: str) -> dict[str, Any]:
    """With dashes in their names."""
    found = {key.replace("_", "-"): value for key, value in keys.items()}
    for key, value in found.items():
        if key not in KEYS:
            near = get_close_matches(key, KEYS, n=1)
            remedy = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(KEYS)}"
            raise MisuseError(f"unknown key {key!r}", where=where, remedy=remedy)
        if key in _TEXTS and not isinstance(value, str):
            raise MisuseError(f"{key} is not text", where=where)
    return found


def _url(wish: Wish) -> httpx.URL:
    """With scheme and path, where they were left out."""
    text = wish.url if "://" in wish.url else f"http://{wish.url}"
    try:
        url = httpx.URL(text)
        good = url.scheme in ("http", "https") and bool(url.host) and 0 < (url.port or 1) < 65536
    except (httpx.InvalidURL, ValueError):
        good = False
    if not good:
        raise MisuseError(
            "names no exporter", where=_where(wish), remedy="write http://HOST:PORT/metrics"
        )
    return url if url.path not in ("", "/") else url.copy_with(path="/metrics")


def _where(wish: Wish) -> str:
    """The place and the name of a target, without secrets."""
    shown = wish.url.rpartition("@")[2].partition("?")[0]
    return f"{wish.where} {shown}"


def _interval(value: Any, where: str) -> float | None:
    """Seconds: a number of them, or text such as ``15s``."""
    if value is None:
        return None
    if isinstance(value, str):
        value = seconds(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise MisuseError(f"interval {value!r} is not a number of seconds", where=where)
    if not (isfinite(value) and 0.05 <= value <= 3600):
        raise MisuseError(f"interval {value:g} is not from 0.05 to 3600 s", where=where)
    return float(value)


def _authorization(url: httpx.URL, wish: Wish, defaults: Mapping[str, Any]) -> str:
    """The options of the target, or else those for all targets."""
    own = {key: value for key, value in wish.keys.items() if key in _SECRETS}
    said = own if own or url.userinfo else defaults
    token, user, password = (str(said.get(key, "")) for key in _SECRETS)
    if sum(map(bool, (token, user, url.userinfo))) > 1:
        raise MisuseError("a token and a user exclude each other", where=_where(wish))
    if bool(user) != bool(password):
        raise MisuseError("user and password-file need each other", where=_where(wish))
    if url.userinfo:
        return basic(unquote(url.username), unquote(url.password))
    if token:
        return bearer(token)
    return basic(user, read_secret(password)) if user else ""
