"""Runs all nodes, each in its own thread, so that one that hangs delays no other."""

import threading
from collections.abc import Callable, Sequence
from contextlib import ExitStack, nullcontext
from functools import partial
from pathlib import Path
from typing import Any

from scroogevm.balloon.clocks import Clocks
from scroogevm.balloon.companion import Companion, Cycle
from scroogevm.balloon.journal import NAME as JOURNAL
from scroogevm.balloon.journal import BalloonJournal
from scroogevm.balloon.lock import NodeLock
from scroogevm.balloon.policy import Policy
from scroogevm.balloon.restoring import Say
from scroogevm.balloon.settings import BalloonSettings
from scroogevm.balloon.turns import Turns
from scroogevm.balloon.view import NAME, VERSION, BalloonNode, BalloonView, node_of
from scroogevm.balloon.watch import NodeWatch
from scroogevm.errors import OutputError, ScroogeError
from scroogevm.files import replace_file
from scroogevm.hypervisor import library
from scroogevm.hypervisor.hypervisor import Hypervisor
from scroogevm.hypervisor.questions import connect as open_libvirt
from scroogevm.outage import Outage

_SHOWN = 200
"""Acts that are shown."""
_KEPT = 30 * 86400.0
"""Seconds that acts are kept."""
_WIDTH = 16
"""Nodes that are looked at and changed at a time: more make each other slower."""


class BalloonFleet:
    """The companions of all nodes.

    Args:
        settings: checked already.
        policy: how sizes are chosen.
        say: prints a line.
        connect: opens a connection to libvirt.
        clocks: tell the time.

    Raises:
        MissingExtraError: libvirt's library is not installed.
        MisuseError: another companion holds a node, or the data directory.
        OutputError: the journal cannot be written.
    """

    def __init__(
        self,
        settings: BalloonSettings,
        policy: Policy,
        say: Say,
        connect: Callable[[str], Any] | None = None,
        clocks: Clocks | None = None,
    ) -> None:
        if connect is None:
            library.libvirt()  # told at once where it is missing, and not every cycle
        self._settings = settings
        self._policy = policy
        self._say = say
        self._clocks = clocks or Clocks()
        self._stop_asked = threading.Event()
        self._turns = Turns(_WIDTH, settings.interval)
        self._mutex = threading.Lock()
        self._nodes: dict[str, BalloonNode] = {}
        self._threads: list[threading.Thread] = []
        self._stack = ExitStack()
        self._journal: BalloonJournal | None = None
        self.error: BaseException | None = None
        self._unshown = Outage()
        self._unwritten = Outage()
        with ExitStack() as stack:
            if settings.mode == "apply":
                for uri in settings.nodes.values():
                    stack.enter_context(NodeLock(uri))
                journal = BalloonJournal(settings.data / JOURNAL)
                self._journal = stack.enter_context(journal)
                journal.forget(self._clocks.now() - _KEPT)
            self._hypervisors = {
                name: Hypervisor(
                    uri, settings.limit, connect or partial(open_libvirt, changes=self.acts)
                )
                for name, uri in settings.nodes.items()
            }
            self._stack = stack.pop_all()
        self._companions = [
            Companion(
                NodeWatch(name, one, settings.nodes[name], policy, settings, self._owner),
                self._journal,
                say,
                self._clocks,
                settings.period,
            )
            for name, one in self._hypervisors.items()
        ]

    def cycle(self) -> Sequence[BalloonNode]:
        """One cycle of every node, all at once.

        Raises:
            OutputError: the journal cannot be written.
        """
        threads = [
            threading.Thread(target=self._once, args=(one,), daemon=True)
            for one in self._companions
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if self.error is not None:
            raise self.error
        return list(self._nodes.values())

    def start(self) -> None:
        """Begin; each node first gets back what an earlier run took.

        The first cycles are spread over the interval, and so are all later ones.
        """
        self._warn_of_unnamed()
        apart = self._settings.interval / max(1, len(self._companions))
        for at, one in enumerate(self._companions):
            thread = threading.Thread(
                target=self._run, args=(one, at * apart), name=f"balloon: {one.node}", daemon=True
            )
            thread.start()
            self._threads.append(thread)

    def run(self, stop: threading.Event) -> None:
        """Go on until told to stop; then give everything back.

        A full disk does not end the loop: it is reported, and nothing is shrunk meanwhile.
        """
        self.start()
        try:
            while not stop.wait(self._settings.interval) and self.error is None:
                self._show()
        finally:
            self.stop()
        if self.error is not None:
            raise self.error

    def stop(self) -> None:
        """End, and give everything back."""
        self._stop_asked.set()
        end = self._clocks.steady() + 2 * self._settings.limit + 1
        for thread in self._threads:
            thread.join(max(0.0, end - self._clocks.steady()))
        try:
            for name in self.restore():
                self._say(
                    f"{name} did not get all its memory back; try `scroogevm balloon restore`"
                )
        except ScroogeError as error:
            self._say(f"{error}; the VMs were asked to take their memory back")
        self._show()
        self.close()

    def close(self) -> None:
        """Let go of everything."""
        self._stack.close()
        for one in self._hypervisors.values():
            one.close()

    def restore(self) -> Sequence[str]:
        """Give every VM back what was taken from it; names of those where that failed.

        Raises:
            OutputError: the journal cannot be written.
        """
        if self._journal is None:
            return []
        left: list[str] = []
        errors: list[ScroogeError] = []

        def give_back(one: Companion) -> None:
            try:
                held = one.restore(self._settings.patience)
            except ScroogeError as error:
                errors.append(error)
            else:
                left.extend(each.name for each in held)

        threads = [
            threading.Thread(target=give_back, args=(one,), daemon=True) for one in self._companions
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if errors:
            raise errors[0]
        return sorted(left)

    @property
    def _owner(self) -> str:
        return "" if self._journal is None else self._journal.owner

    def _warn_of_unnamed(self) -> None:
        held = {} if self._journal is None else self._journal.held()
        for node in sorted({node for node, _ in held} - {one.node for one in self._companions}):
            self._say(
                f"{node} has VMs that were shrunk, but is not one of the nodes; add it with --node"
            )

    def view(self) -> BalloonView:
        """All of it, as it is now."""
        acts = self._journal.acts(limit=_SHOWN) if self._journal is not None else []
        with self._mutex:
            nodes = [self._nodes[name] for name in sorted(self._nodes)]
        return BalloonView(
            VERSION,
            self._settings.mode,
            self._policy.name,
            self._clocks.now(),
            nodes,
            acts[::-1],
        )

    def _show(self) -> None:
        """Put what is shown into its file."""
        try:
            replace_file(self.place, self.view().to_json(), parents=True)
        except OutputError as error:
            if self._unshown.note(str(error)):
                self._say(str(error))
            return
        if self._unshown.end():
            self._say(f"{self.place} is written again")

    @property
    def acts(self) -> bool:
        """Whether VMs are changed."""
        return self._settings.mode == "apply"

    @property
    def interval(self) -> float:
        """Seconds from one cycle to the next."""
        return self._settings.interval

    @property
    def held(self) -> int:
        """VMs that are smaller than they were, or may be."""
        return 0 if self._journal is None else len(self._journal.held())

    @property
    def place(self) -> Path:
        """The file that shows it."""
        return self._settings.data / NAME

    def _run(self, one: Companion, delay: float) -> None:
        try:
            for held in one.restore(self._settings.patience):
                self._say(f"{one.node}: {held.name} has not reached the requested size yet")
        except OutputError as error:
            self._say(str(error))
        self._stop_asked.wait(delay)
        while not self._stop_asked.is_set():
            begun = self._clocks.steady()
            self._once(one)
            if self.error is not None:
                return
            self._stop_asked.wait(
                max(0.05, begun + self._settings.interval - self._clocks.steady())
            )

    def _once(self, one: Companion) -> None:
        # One that hung before, and may hang again, takes no turn from others.
        turn = self._turns.turn() if one.answers else nullcontext()
        try:
            with turn:
                made: Cycle = one.cycle()
        except OutputError as error:
            with self._mutex:
                new = self._unwritten.note(str(error))
            if new:
                self._say(f"{error}; no VM is shrunk until it can be written")
            return
        except BaseException as error:  # noqa: BLE001  # whoever waits raises it
            self.error = error
            return
        with self._mutex:
            self._nodes[one.node] = node_of(one.node, made)
