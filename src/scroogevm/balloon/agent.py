"""Reads the memory pressure within guests, through the QEMU guest agent.

A guest may run any program as its agent, so each of its answers is bounded and parsed strictly.
"""

import base64
import json
import re
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from scroogevm.balloon.facts import NodeFacts
from scroogevm.balloon.targets import Targets
from scroogevm.balloon.watch import NodeWatch
from scroogevm.hypervisor import library

FILE = "/proc/pressure/memory"
COUNT = 512
"""Bytes of it that are read: it has some 130."""
LARGEST = 2048
"""Characters that an answer may have: so many bytes in base64 are 684."""
WAIT = 1.0
"""Seconds that a cycle waits for the agents of a node, besides what their number adds."""
_SECONDS = 5
"""That libvirt waits for an answer. More than a cycle does: an answer to ``guest-file-open`` that
nobody waits for would leave the file open in the guest."""
_REST = 60.0
"""Seconds that an agent is left alone when it did not tell; twice as long each time."""
_LONGEST = 900.0
"""Likewise, at most."""

_AVERAGE = r"avg10=\d{1,3}\.\d\d avg60=\d{1,3}\.\d\d avg300=\d{1,3}\.\d\d total=\d{1,20}\n"
_FORM = re.compile(rf"some {_AVERAGE}(?:full {_AVERAGE})?", re.ASCII)
_LARGEST_HANDLE = 1 << 63


class _Answer(NamedTuple):
    """What an agent told last.

    Attributes:
        asked: when it was asked, by a clock that never jumps.
        value: share of time; NaN where it did not tell.
        rest: seconds for which it is not asked again.
    """

    asked: float
    value: float
    rest: float


class Agents:
    """The agents of a node's guests.

    Only those are asked whose answer can change something: of VMs that are held small, or are
    about to be shrunk. libvirt marks a VM as tainted when its agent was asked.

    An agent that hangs delays a cycle once by a second, and then is left alone for longer and
    longer. An answer that comes later than that is used in the next cycle.

    Args:
        watch: looks at the node, on connections that may change it.
        steady: tells seconds, and never jumps.

    Raises:
        MissingExtraError: libvirt's library is not installed.
    """

    def __init__(self, watch: NodeWatch, steady: Callable[[], float]) -> None:
        library.agent()  # told at once where it is missing, and not every cycle
        self._watch = watch
        self._steady = steady
        self._answers: dict[tuple[str, int], _Answer] = {}

    def told(self, facts: NodeFacts, targets: Targets, clock: float) -> NodeFacts:
        """The facts, with the pressure that agents tell.

        Args:
            facts: without it.
            targets: that the policy wants by these.
            clock: seconds by a clock that never jumps.
        """
        guests, interval = facts.guests, facts.interval
        runs = {vm.uuid: (vm.uuid, vm.run) for vm in self._watch.listed}
        for key in set(self._answers) - set(runs.values()):
            del self._answers[key]  # it runs no more, or was started anew
        wanted = [
            uuid
            for uuid, act, asked in zip(guests.uuid, targets.act, guests.asked, strict=True)
            if (act == "shrink" or (act in ("keep", "grow") and np.isfinite(asked)))
            and self._watch.has_agent(uuid)
        ]
        due = [uuid for uuid in wanted if self._is_due(runs[uuid], clock)]
        if due:
            ask = partial(self._ask, runs=runs, clock=clock, interval=interval)
            self._watch.hypervisor.ask_guests(ask, due, WAIT)
        fresh = {uuid: self._value(runs[uuid], clock - 2 * interval) for uuid in wanted}
        pressure = np.array([fresh.get(uuid, np.nan) for uuid in guests.uuid], np.float64)
        return replace(facts, guests=replace(guests, pressure=pressure))

    def _is_due(self, run: tuple[str, int], clock: float) -> bool:
        last = self._answers.get(run)
        return last is None or clock >= last.asked + last.rest

    def _value(self, run: tuple[str, int], since: float) -> float:
        last = self._answers.get(run)
        return np.nan if last is None or last.asked < since else last.value

    def _ask(
        self, domain: Any, runs: dict[str, tuple[str, int]], clock: float, interval: float
    ) -> None:
        """Ask one, in a thread of its own, and keep what it tells."""
        run = runs[domain.UUIDString().lower()]
        value = pressure_of(domain)
        if np.isfinite(value) and self._steady() - clock <= interval:
            self._answers[run] = _Answer(clock, value, 0.0)
            return
        last = self._answers.get(run)
        rest = _REST if last is None or not last.rest else min(2 * last.rest, _LONGEST)
        self._answers[run] = _Answer(clock, np.nan, rest)


def pressure_of(domain: Any) -> float:
    """Share of the last ten seconds in which some task of a guest waited for memory, 0 to 1.

    NaN where its agent does not tell: it is not there, may not read files, does not answer in time,
    or answers something else; or the guest's kernel has no PSI.

    Raises:
        libvirtError: the connection is lost.
    """
    try:
        handle = _handle(_say(domain, "guest-file-open", path=FILE, mode="r"))
        try:
            found = _say(domain, "guest-file-read", handle=handle, count=COUNT)
        finally:
            _say(domain, "guest-file-close", handle=handle)
        return share(content(found))
    except (ValueError, RecursionError):
        return np.nan
    except library.libvirt().libvirtError:
        if not domain.connect().isAlive():
            raise
        return np.nan


def returned(text: str) -> object:
    """What an answer of an agent holds.

    >>> returned('{"return": 1000}')
    1000

    Raises:
        ValueError: it is no answer, or is too large.
        RecursionError: it is nested too deep.
    """
    if len(text) > LARGEST:
        raise ValueError("too large")
    found = json.loads(text)
    if not isinstance(found, dict) or "return" not in found:
        raise ValueError("nothing is returned")
    return found["return"]


def content(found: object) -> str:
    """The whole file, as ``guest-file-read`` returns it.

    >>> content({"count": 3, "buf-b64": "YWJj", "eof": True})
    'abc'

    Raises:
        ValueError: it is not that, or only the first part of a file.
    """
    if not isinstance(found, dict) or found.get("eof") is not True:
        raise ValueError("not a whole file")
    text = found.get("buf-b64")
    if not isinstance(text, str):
        raise ValueError("no content")  # noqa: TRY004  # whoever asks takes one kind of error
    read = base64.b64decode(text, validate=True)
    if found.get("count") != len(read) or len(read) > COUNT:
        raise ValueError("another size")
    return read.decode("ascii")


def share(text: str) -> float:
    """The part of the last ten seconds, 0 to 1, of the kernel's file.

    >>> share("some avg10=12.50 avg60=3.00 avg300=1.00 total=812345" + chr(10))
    0.125

    Raises:
        ValueError: the file has another form.
    """
    if not _FORM.fullmatch(text):
        raise ValueError("not a file of pressure")
    percent = float(text.removeprefix("some avg10=").partition(" ")[0])
    if percent > 100:
        raise ValueError("more than all of the time")
    return percent / 100


def _handle(found: object) -> int:
    """The number of an open file.

    Raises:
        ValueError: it is none.
    """
    if type(found) is not int or not 0 <= found < _LARGEST_HANDLE:
        raise ValueError("not a number of a file")
    return found


def _say(domain: Any, command: str, **arguments: object) -> object:
    """Have an agent obey a command; what it returns.

    Raises:
        ValueError: the answer makes no sense.
        RecursionError: likewise.
        libvirtError: there is none, or the agent refuses.
    """
    text = json.dumps({"execute": command, "arguments": arguments})
    return returned(library.agent()(domain, text, _SECONDS, 0))
