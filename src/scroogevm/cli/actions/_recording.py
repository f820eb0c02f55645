"""Records the samples of a store as a trace, as options say."""

import time
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

from scroogevm.cli.actions._moments import moment
from scroogevm.cli.actions._output import progress, remark
from scroogevm.core.duration import seconds
from scroogevm.errors import MisuseError
from scroogevm.ports import Shape
from scroogevm.traces.recording import RecordingResult, StoreQuery
from scroogevm.wiring.recording import record

_WORDS = ("from", "since", "until", "node", "interval", "scope", "slice", "history")
_WAY = ("timeout", "user", "password_file", "token_file", "ca_file")


def record_store(options: dict[str, Any], place: Path, *, force: bool) -> RecordingResult:
    """Write what a store has as a trace, and show how far it is.

    Args:
        options: of the command.
        place: the directory to write.
        force: whether a trace that is there may be replaced.
    """
    done = record(
        _query(options),
        options["store_option"],
        place,
        lambda total: progress("Reading", total),
        overwrite=force,
        restart=options["restart"],
    )
    for line in done.lines:
        remark(line)
    return done


def _query(options: dict[str, Any]) -> StoreQuery:
    """What of a store these options mean.

    Raises:
        MisuseError: a time makes no sense.
    """
    now = time.time()
    interval = options["interval"]
    since = moment(options["since"], now, "--since")
    if since >= now:
        raise MisuseError("is in the future", where="--since")
    until = now if options["until"] is None else moment(options["until"], now, "--until")
    scope = 1800.0 if options["scope"] is None else options["scope"]
    slice_ = scope if options["slice"] is None else options["slice"]
    history = 3 if options["history"] is None else options["history"]
    return StoreQuery(
        origin=options["from"],
        since=since,
        until=min(now, until),
        nodes=options["node"],
        interval=None if interval is None else seconds(interval),
        shape=Shape(scope, slice_, history),
        words=[*(str(options[name]) for name in _WORDS), _digest(options["store_option"])],
    )


def _digest(options: Sequence[str]) -> str:
    """What in parameters of a store decides what it says; a header may be a secret."""
    pairs = (option.partition("=") for option in options)
    told = sorted(f"{name}={value}" for name, _, value in pairs if name not in _WAY)
    return sha256("\n".join(told).encode()).hexdigest()
