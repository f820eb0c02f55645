"""One connection to libvirt, and its values of all VMs."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from threading import Thread
from typing import Any, TypeVar

from scroogevm.errors import MissingExtraError
from scroogevm.hypervisor import library
from scroogevm.hypervisor.limits import CallLimits, HeldError
from scroogevm.hypervisor.questions import (
    all_stats,
    answer_of,
    at_once,
    connect,
    is_gone,
    one,
    openstack_of,
    running,
)
from scroogevm.hypervisor.stats import is_whole

R = TypeVar("R")

WIDTH = 4
"""VMs asked at once, each on a connection of its own: on one where a call hangs, libvirt up to
version 9 may overlook for seconds that another was answered."""

HANGING = 4
"""Calls about all VMs that may hang before no further is made."""

HELD = 8
"""VMs that may hang before no further one is asked alone: libvirt has twenty threads for all its
clients, and each call that hangs keeps one of them."""

PER_VM = 0.02
"""Seconds that each VM adds to the limit of time of a call about all."""


@dataclass(frozen=True)
class Listed:
    """A VM that runs.

    Attributes:
        name: as libvirt has it.
        uuid: likewise.
        run: number that it has for as long as it runs; -1 where that is not known.
    """

    name: str
    uuid: str
    run: int = -1


Begin = Callable[[Sequence[Listed]], None]


@dataclass(eq=False)
class View:
    """What libvirt said.

    Attributes:
        up: whether it answered.
        problem: why not, or what was wrong besides.
        listed: the VMs that run.
        stats: of those that could be read, by UUID, named as libvirt does in its one big answer.
        late: those that did not answer in time, by UUID; their stats are what libvirt knows
            without them.
        openstack: name, flavor and project of those that OpenStack made, by UUID.
    """

    up: bool = False
    problem: str = ""
    listed: Sequence[Listed] = ()
    stats: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    late: Collection[str] = ()
    openstack: Mapping[str, tuple[str, str, str] | None] = field(default_factory=dict)


class LostError(Exception):
    """libvirt does not answer."""


class Hypervisor:
    """Asks libvirt, at most so long, and comes back when libvirt does.

    Args:
        uri: where libvirt is.
        seconds: limit of time of a call.
        connect: opens a connection; by default for reading alone.
    """

    def __init__(self, uri: str, seconds: float, connect: Callable[[str], Any] = connect) -> None:
        self._uri = uri
        self._seconds = seconds
        self._connect = connect
        self._limits = CallLimits()
        self._connection: Any = None
        self._idle: list[Any] = []
        self._domains: Mapping[str, Any] = {}
        self._openstack: dict[tuple[str, int], tuple[str, str, str] | None] = {}
        self._asked_guests: set[tuple[str, str]] = set()

    def look(self, begin: Begin) -> View:
        """Ask for everything.

        Args:
            begin: told the VMs that run just before their numbers are asked for, each time anew
                when they have to be asked for again, so that other numbers can be of the same
                moment.
        """
        try:
            domains = self._list()
        except MissingExtraError as error:
            return View(problem=str(error))
        except LostError as error:
            return View(problem=str(error))
        listed = [Listed(d.name(), d.UUIDString().lower(), int(d.ID())) for d in domains]
        view = View(up=True, listed=listed)
        self._domains = {vm.uuid: domain for vm, domain in zip(listed, domains, strict=True)}
        if self._domains:
            self._read(view, self._domains, begin)
        return view

    def ask(self, question: Callable[[Any], R], uuids: Sequence[str]) -> dict[str, R | Exception]:
        """What VMs answer, or raise, one by one; who does not answer in time is not in it.

        Args:
            question: is given libvirt's VM.
            uuids: of the VMs, each once.
        """
        limit = self._seconds + PER_VM * len(uuids)
        return self._limits.each(partial(self._alone, question), uuids, limit, WIDTH)

    def ask_guests(
        self, question: Callable[[Any], object], uuids: Sequence[str], seconds: float
    ) -> None:
        """Ask VMs something that their guests answer, and wait a while for that.

        A guest that hangs is not taken for a VM that does: the VM is asked for other things
        meanwhile. The question takes down what it is answered, which may be later than this ends.

        Args:
            question: is given libvirt's VM.
            uuids: of the VMs, each once.
            seconds: that are waited for answers.
        """
        keys = [("guest", uuid) for uuid in uuids]
        self._asked_guests = {key for key in self._asked_guests if self._limits.held(key)}
        width = WIDTH - len(self._asked_guests)
        if width > 0:
            self._asked_guests |= set(keys)
            limit = seconds + PER_VM * len(keys)
            self._limits.each(lambda key: self._alone(question, key[1]), keys, limit, width)

    def ask_in_turn(
        self, question: Callable[[Any], R], uuids: Sequence[str]
    ) -> dict[str, R | Exception]:
        """The same, of the VMs of the last look, one after the other on the one connection.

        It costs one call a VM and no thread, and suits what libvirt answers without the VM. Where
        one holds the others up, each is asked alone.
        """
        free = {
            uuid: self._domains[uuid]
            for uuid in uuids
            if uuid in self._domains and not self._limits.held(uuid)
        }
        if self._limits.held("in turn"):
            return self.ask(question, list(free))
        limit = self._seconds + PER_VM * len(free)

        def turns() -> dict[str, R | Exception]:
            return {uuid: answer_of(question, domain) for uuid, domain in free.items()}

        try:
            return self._limits.call("in turn", turns, limit)
        except HeldError:
            self._drop()
            return self.ask(question, list(free))

    def once(self, question: Callable[[Any], R]) -> R:
        """What the connection itself answers.

        Raises:
            HeldError: nothing in time.
            LostError: libvirt does not answer.
            MissingExtraError: the library is not installed.
        """
        self._list()
        return self._limits.call("once", partial(question, self._connection), self._seconds)

    def _read(self, view: View, domains: Mapping[str, Any], begin: Begin) -> None:
        limit = self._seconds + PER_VM * len(domains)
        free = {uuid: d for uuid, d in domains.items() if not self._limits.held(uuid)}
        begin(view.listed)
        try:
            view.stats.update(self._read_all(list(free.values()), limit, begin, view.listed))
        except HeldError:
            # Some VM blocks the answer. Which one is found by asking each: what hangs keeps the
            # old connection until it returns.
            try:
                again = {d.UUIDString().lower(): d for d in self._list(renew=True)}
            except LostError as error:
                view.up, view.problem = False, str(error)
                return
            self._domains = again
            domains = {uuid: again[uuid] for uuid in domains if uuid in again}
            free = {uuid: domain for uuid, domain in domains.items() if uuid in free}
            begin(view.listed)
        lacking = [uuid for uuid in free if not is_whole(view.stats.get(uuid, {}))]
        answered = self._read_each(view, lacking, limit)
        view.late = {uuid for uuid in domains if uuid not in free} | (set(lacking) - answered)
        self._read_late(view, domains)
        self._read_openstack(view, free, limit)

    def _read_all(
        self, domains: Sequence[Any], limit: float, begin: Begin, listed: Sequence[Listed]
    ) -> dict[str, Mapping[str, Any]]:
        """One call for all. It fails for all while one of them is being destroyed: ask again."""
        for attempt in (1, 2):
            try:
                records = self._limits.call(self._key(), lambda: all_stats(domains), limit)
            except library.libvirt().libvirtError:
                if attempt == 1:
                    begin(listed)
            else:
                return {domain.UUIDString().lower(): stats for domain, stats in records}
        return {}

    def _key(self) -> str:
        """A call about all that hangs does not keep the next, without whom it hangs for, back."""
        keys = [f"all, {number}" for number in range(HANGING)]
        return next((key for key in keys if not self._limits.held(key)), keys[0])

    def _read_each(self, view: View, uuids: Sequence[str], limit: float) -> set[str]:
        """Ask VMs one by one; those that answered, or are gone."""
        held = sum(self._limits.held(listed.uuid) for listed in view.listed)
        width = min(WIDTH, HELD - held)
        if width <= 0:
            return set()
        answers = self._limits.each(partial(self._alone, one), uuids, limit, width)
        gone = {uuid for uuid, answer in answers.items() if is_gone(answer)}
        view.listed = [listed for listed in view.listed if listed.uuid not in gone]
        found = {uuid: each for uuid, each in answers.items() if not isinstance(each, Exception)}
        view.stats.update(found)
        for uuid in gone:
            view.stats.pop(uuid, None)
        return gone | found.keys()

    def _read_late(self, view: View, domains: Mapping[str, Any]) -> None:
        """What libvirt knows of VMs that do not answer: their sizes and their cpu time."""
        late = [domains[uuid] for uuid in view.late if uuid not in view.stats]
        if late:
            try:
                records = self._limits.call("late", lambda: at_once(late), self._seconds)
            except HeldError:
                self._drop()
            except library.libvirt().libvirtError:
                pass
            else:
                view.stats.update({d.UUIDString().lower(): stats for d, stats in records})
        view.late = {uuid for uuid in view.late if not is_whole(view.stats.get(uuid, {}))}

    def _read_openstack(self, view: View, domains: Mapping[str, Any], limit: float) -> None:
        """Once each time that a VM is started: it does not change while a VM runs."""
        runs = {uuid: (uuid, int(domain.ID())) for uuid, domain in domains.items()}
        new = [uuid for uuid in runs if uuid in view.stats and runs[uuid] not in self._openstack]
        answers = self._limits.each(partial(self._alone, openstack_of), new, limit, WIDTH)
        known = {run: found for run, found in self._openstack.items() if run in runs.values()}
        for uuid, answer in answers.items():
            if not isinstance(answer, Exception):
                known[runs[uuid]] = answer
        self._openstack = known
        view.openstack = {uuid: found for (uuid, _), found in known.items()}

    def _alone(self, question: Callable[[Any], R], uuid: str) -> R:
        """Query one VM, on a connection that no other thread uses meanwhile."""
        idle = self._idle
        try:
            connection = idle.pop()
        except IndexError:
            connection = self._connect(self._uri)
        answer = question(connection.lookupByUUIDString(uuid))
        idle.append(connection)
        return answer

    def _list(self, *, renew: bool = False) -> Sequence[Any]:
        """The VMs that run, on a connection that works: the old one, or else a new one.

        Raises:
            LostError: there is no connection.
            MissingExtraError: the library is not installed.
        """
        if renew:
            self._drop()
        error = library.libvirt().libvirtError
        fresh = self._connection is None
        try:
            if fresh:
                self._connection = self._limits.call(
                    "connect", lambda: self._connect(self._uri), self._seconds
                )
            return list(
                self._limits.call("list", partial(running, self._connection), self._seconds)
            )
        except HeldError:
            self._drop()
            raise LostError(f"{self._uri} did not answer in {self._seconds:g} s") from None
        except error as problem:
            self._drop()
            if fresh:
                raise LostError(str(problem)) from None
        return self._list()

    def _drop(self) -> None:
        """Let connections go, in a thread, for even that may hang."""
        held = [self._connection, *self._idle]
        self._connection, self._idle, self._domains = None, [], {}
        Thread(target=held.clear, name="libvirt: close", daemon=True).start()

    def close(self) -> None:
        """Let all connections go."""
        self._drop()
