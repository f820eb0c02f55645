"""Reads the predecessor's settings (``.env``): exporters, interval, store."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from scroogevm.collect.target_spec import Wish
from scroogevm.errors import MisuseError

_LINE = re.compile(
    r"""^[ \t]*(?:export[ \t]+)?(\w+)[ \t]*=[ \t]*(?:'([^']*)'|"((?:[^"\\]|\\.)*)"|([^\n]*))""",
    re.MULTILINE,
)


@dataclass(frozen=True)
class BalloonEnv:
    """The settings of ballooning in a ``.env``.

    Attributes:
        nodes: libvirt URIs by name of the node.
        rules: specs of the policy's rules.
        interval: seconds between cycles; None if not set.
        minimum: MiB; likewise.
    """

    nodes: Mapping[str, str] = field(default_factory=dict)
    rules: Sequence[str] = ()
    interval: float | None = None
    minimum: float | None = None


@dataclass(frozen=True)
class Env:
    """The settings in a ``.env``.

    Attributes:
        wishes: the exporters; each URL is the name of its node.
        interval: seconds between scrapes; None for what the probe announces.
        store: the InfluxDB, as ``--store`` takes it; empty when there is none.
        token: for it, never shown.
        scope: seconds in a scope; None if not set, and so below.
        slice: seconds in a slice.
        history: earlier windows kept beside the new one.
        balloon: settings of ballooning.
    """

    wishes: Sequence[Wish]
    interval: float | None = None
    store: str = ""
    token: str = field(default="", repr=False)
    scope: float | None = None
    slice: float | None = None
    history: int | None = None
    balloon: BalloonEnv = field(default_factory=BalloonEnv)


def read_env(path: Path) -> Env:
    """Read a file of the predecessor's.

    Raises:
        MisuseError: it cannot be read, or a value is not what the predecessor took.
    """
    where = str(path)
    try:
        values = _values(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise MisuseError(f"cannot be read: {error.strerror}", where=where) from None
    except UnicodeDecodeError:
        raise MisuseError("is not text", where=where) from None
    server, bucket = values.get("INFLUXDB_URL", ""), values.get("INFLUXDB_BUCKET", "")
    store = f"influxdb:{server.rstrip('/')}/{bucket}" if server and bucket else ""
    return Env(
        _stubs(values.get("AGGREG_STUB_LIST", "[]"), where),
        _delay(values.get("AGGREG_FETCH_DELAY", "0"), where),
        store,
        values.get("INFLUXDB_TOKEN", ""),
        _number(values, "SCHED_SCOPE_S", where),
        _number(values, "SCHED_SCOPE_SLICE_S", where),
        _number(values, "SCHED_SCOPE_HISTORICAL", where),
        _balloon(values, where),
    )


def _balloon(values: Mapping[str, str], where: str) -> BalloonEnv:
    """Its program read the look-back in seconds, its example set it in minutes: both are taken."""
    minutes = _number(values, "BALLOONING_SCOPE_MN", where)
    seconds = _number(values, "BALLOONING_SCOPE_S", where)
    look_back = seconds if seconds is not None else None if minutes is None else 60 * minutes
    grace = _number(values, "BALLOONING_GRACE_PERIOD_S", where)
    gain = _number(values, "BALLOONING_THRESHOLD_GAIN_MB", where)
    mode = {"grace": grace, "gain": gain}
    given = ",".join(f"{name}={value}" for name, value in mode.items() if value is not None)
    rules = [f"predecessor:{given}"] if given else []
    if look_back is not None:
        rules.append(f"need:look_back={look_back}")
    interval = _number(values, "BALLOONING_SCOPE_SLEEP_S", where)
    minimum = _number(values, "BALLOONING_MIN_CONFIG_MB", where)
    return BalloonEnv(_hosts(values.get("LIBVIRT_NODES", ""), where), rules, interval, minimum)


def _hosts(text: str, where: str) -> Mapping[str, str]:
    """Nodes by the URL of their exporter, as in the rest of the file."""
    if not text:
        return {}
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict) or not all(isinstance(uri, str) for uri in found.values()):
        raise MisuseError(
            "is not an object",
            where=f"{where}: LIBVIRT_NODES",
            remedy='write {"URL": "LIBVIRT URI"}',
        )
    return {str(name): uri for name, uri in found.items()}


def _values(text: str) -> Mapping[str, str]:
    """By name; the last one counts.

    >>> dict(_values("export B='[1]' # one"))
    {'B': '[1]'}
    """
    found = {}
    for name, single, double, plain in _LINE.findall(text):
        found[name] = single or re.sub(r"\\(.)", r"\1", double) or _plain(plain)
    return found


def _plain(text: str) -> str:
    return re.sub(r"(^|\s)#.*", "", text).strip()


def _stubs(text: str, where: str) -> Sequence[Wish]:
    where = f"{where}: AGGREG_STUB_LIST"
    try:
        pairs = json.loads(text)
    except (ValueError, RecursionError):
        pairs = None
    form = isinstance(pairs, list) and all(
        isinstance(pair, list) and len(pair) == 2 and all(isinstance(each, str) for each in pair)
        for pair in pairs
    )
    if not form or pairs is None:
        raise MisuseError("is not a list", where=where, remedy='write [["URL", "PREFIX"]]')
    return [Wish(where, url, url, _prefixed(prefix)) for url, prefix in pairs]


def _prefixed(prefix: str) -> Mapping[str, object]:
    return {"dialects": {"vmprobe": {"prefix": prefix}}} if prefix else {}


def _delay(text: str, where: str) -> float | None:
    """Seconds of what is in milliseconds; 0 was what the probe announces."""
    if not text.isdecimal() or len(text) > 9:
        raise MisuseError(
            f"{text!r} is not a number of milliseconds", where=f"{where}: AGGREG_FETCH_DELAY"
        )
    return int(text) / 1000 or None


def _number(values: Mapping[str, str], name: str, where: str) -> int | None:
    """A whole number; None where the key is not written."""
    text = values.get(name, "")
    if not text:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) <= 9):
        raise MisuseError(f"{text!r} is not a whole number", where=f"{where}: {name}")
    return int(text)
