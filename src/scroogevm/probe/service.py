"""Runs the probe: reads, serves, writes the textfile, and logs changes."""

import signal
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from math import inf
from pathlib import Path
from threading import Event
from types import FrameType

from scroogevm.errors import MisuseError, OutputError
from scroogevm.files import replace_file
from scroogevm.outage import Outage
from scroogevm.probe import exposition, vmprobe
from scroogevm.probe.access import ServerAccess
from scroogevm.probe.capabilities import CAPABILITIES, said
from scroogevm.probe.latest import Latest
from scroogevm.probe.probe import Places, Probe
from scroogevm.probe.server import Server
from scroogevm.probe.snapshot import Snapshot

Say = Callable[[str], None]


@dataclass(frozen=True)
class Outlets:
    """Where the numbers go.

    Attributes:
        access: how they are served, if they are.
        textfile: which file they are written to, if any.
        prefix: of vmprobe's names, where those are wanted.
    """

    access: ServerAccess | None = None
    textfile: Path | None = None
    prefix: str | None = None

    def render(self, snapshot: Snapshot, *, openmetrics: bool = False) -> str:
        """The numbers, under the names that are wanted."""
        if self.prefix is not None:
            return vmprobe.render(snapshot, self.prefix)
        return exposition.render(snapshot, openmetrics=openmetrics)


@dataclass
class ProbeLog:
    """Says what cannot be seen, and later what changed: each once.

    Attributes:
        say: says a line.
    """

    say: Say
    _blind: Mapping[str, str] | None = field(default=None, init=False)
    _outage: Outage = field(default_factory=Outage, init=False)

    def hear(self, snapshot: Snapshot) -> None:
        """Take note of a reading."""
        before, self._blind = self._blind, snapshot.blind
        known = before or {}
        new = {name: why for name, why in snapshot.blind.items() if name not in known}
        for line in said(new):
            self.say(line)
        for name in CAPABILITIES:
            if name in known and name not in snapshot.blind:
                self.say(f"{name} can be read again")

    def trouble(self, problem: str) -> None:
        """Say why the textfile cannot be written; nothing for a problem: it is written again."""
        if problem:
            if self._outage.note(problem):
                self.say(problem)
        elif self._outage.end():
            self.say("the textfile is written again")


def serve(places: Places, outlets: Outlets, say: Say) -> None:
    """Read and show until told to end.

    Raises:
        ProbeError: nobody can listen where it shall be served.
        MisuseError: the certificate or token cannot be used.
        OutputError: the textfile cannot be written, right at the beginning.
    """
    probe = Probe(places)
    speaker = ProbeLog(say)

    def read() -> Snapshot:
        snapshot = probe.read()
        speaker.hear(snapshot)
        return snapshot

    # Some of what vmprobe says is a change since the last round, so rounds are the probe's own.
    rounds = outlets.textfile is not None or outlets.prefix is not None
    latest = Latest(read, inf if rounds else places.interval / 2)
    server = None
    if outlets.access:
        server = Server(
            outlets.access,
            lambda openmetrics: outlets.render(latest.get(), openmetrics=openmetrics),
            openmetrics=outlets.prefix is None,
        )
    with _signals(server, say) as ended:
        _write(outlets, latest.renew())
        if server:
            server.start()
            say(f"serving {server.url}")
        try:
            _wait(places, outlets, latest, speaker, ended, rounds=rounds)
        finally:
            if server:
                server.stop()
            probe.close()


def _wait(
    places: Places,
    outlets: Outlets,
    latest: Latest,
    speaker: ProbeLog,
    ended: Event,
    *,
    rounds: bool,
) -> None:
    """Wait for the end; where rounds are ours, read at steady times, and skip what is too late."""
    for pause in _steady(places.interval, time.monotonic):
        if ended.wait(pause if rounds else None):
            return
        try:
            _write(outlets, latest.renew())
            speaker.trouble("")
        except OutputError as error:
            speaker.trouble(str(error))


def _write(outlets: Outlets, snapshot: Snapshot) -> None:
    if outlets.textfile:
        # All may read it: node_exporter runs as another user.
        replace_file(outlets.textfile, outlets.render(snapshot), mode=0o644)


def _steady(interval: float, clock: Callable[[], float]) -> Iterator[float]:
    """Seconds until the next of the times that lie an interval apart."""
    began = clock()
    while True:
        yield interval - (clock() - began) % interval


@contextmanager
def _signals(server: Server | None, say: Say) -> Iterator[Event]:
    """An event that a signal to end sets; a hang-up has token and certificate read again."""
    ended = Event()

    def end(number: int, frame: FrameType | None) -> None:
        del number, frame
        ended.set()

    def reload(number: int, frame: FrameType | None) -> None:
        del number, frame
        with suppress_misuse(say):
            if server:
                server.reload()

    wanted = {signal.SIGTERM: end, signal.SIGINT: end, signal.SIGHUP: reload}
    before = {number: signal.signal(number, handler) for number, handler in wanted.items()}
    try:
        yield ended
    finally:
        for number, old in before.items():
            with suppress(TypeError, ValueError):
                signal.signal(number, old)


@contextmanager
def suppress_misuse(say: Say) -> Iterator[None]:
    """Say what is wrong with a file that was read again, and go on with what was in it before."""
    try:
        yield
    except MisuseError as error:
        say(f"{error}; the last reading is kept")
