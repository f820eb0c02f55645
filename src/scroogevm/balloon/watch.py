"""Reads a node repeatedly, and builds the facts for the policy."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from scroogevm.balloon.description import UNKNOWN, Description, described
from scroogevm.balloon.facts import Guests, Host, NodeFacts
from scroogevm.balloon.following import SAME, Following, is_same_run
from scroogevm.balloon.gauges import Gauges
from scroogevm.balloon.host import HostGauges, is_here, remote
from scroogevm.balloon.journal import Held
from scroogevm.balloon.policy import Policy
from scroogevm.balloon.settings import BalloonSettings
from scroogevm.core.arrays import Floats
from scroogevm.hypervisor import library
from scroogevm.hypervisor.hypervisor import Hypervisor, Listed, LostError, View
from scroogevm.hypervisor.limits import HeldError

_KIB = 1 / 1024
"""MiB."""
_RUNNING = 1
"""libvirt's state of a VM that runs."""
_NS = 1e-9


class UnseenError(Exception):
    """Nothing is known of the node now."""


@dataclass
class NodeWatch:
    """One node.

    Attributes:
        name: of the node.
        hypervisor: that is asked.
        uri: where it is.
        policy: says over which time a working set is measured.
        settings: say how often it is looked at, and how small a VM may be.
        owner: names this program in marks; empty where nothing is changed.
        following: how requests go, by uuid.
        listed: VMs of the last look, in the order of its facts.
    """

    name: str
    hypervisor: Hypervisor
    uri: str
    policy: Policy
    settings: BalloonSettings
    owner: str = ""
    following: dict[str, Following] = field(default_factory=dict)
    listed: Sequence[Listed] = ()
    _host: HostGauges = field(init=False)
    _gauges: dict[str, Gauges] = field(default_factory=dict)
    _described: dict[str, tuple[int, Description]] = field(default_factory=dict)
    _asked: dict[str, float] = field(default_factory=dict)
    _spent: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._host = HostGauges(self.settings.procfs)

    def look(self, clock: float, now: float) -> NodeFacts:
        """The node as it is.

        Args:
            clock: seconds by a clock that never jumps.
            now: seconds since 1970.

        Raises:
            UnseenError: it does not answer.
        """
        view = self.seen()
        self.listed = view.listed
        self.describe(view, now)
        moving = self._moving(view)
        host = self._look_at_host(clock)
        self._spent = {vm.uuid: spent(view.stats.get(vm.uuid, {})) for vm in view.listed}
        for vm in view.listed:
            stats = view.stats.get(vm.uuid, {})
            self._follow(vm, stats, clock, now)
            self.adopt(vm, stats, now)
        here = {vm.uuid for vm in view.listed}
        for uuid in self.following.keys() - here:
            del self.following[uuid]  # it runs no more
        for known in (self._gauges, self._described, self._asked):
            for uuid in known.keys() - here:
                del known[uuid]
        return NodeFacts(self.name, host, self._guests(view, moving, clock), self.settings.interval)

    def seen(self) -> View:
        """What libvirt says.

        Raises:
            UnseenError: it does not answer.
        """
        view = self.hypervisor.look(lambda _: None)
        if not view.up:
            raise UnseenError(view.problem)
        return view

    def note_asked(self, held: Held, clock: float) -> None:
        """A balloon was asked for something."""
        self.following[held.uuid] = Following(held)
        self._asked[held.uuid] = clock

    def note_released(self, uuid: str, clock: float) -> None:
        """A VM had to be released: it rests."""
        if uuid in self._gauges:
            self._gauges[uuid].released = clock

    def deflates(self, uuid: str) -> bool:
        """Whether a guest may deflate its balloon by itself."""
        return self._description(uuid).deflates

    def has_agent(self, uuid: str) -> bool:
        """Whether a VM has a channel to a guest agent. Whether an agent is there, libvirt says."""
        return self._description(uuid).agent

    def owner_of(self, uuid: str) -> str:
        """Who has marked a VM, as its description said; empty for nobody."""
        mark = self._description(uuid).mark
        return "" if mark is None else mark.owner

    def spent_of(self, uuid: str) -> float:
        """Seconds of cpu that a VM had used at the last look; 0 where nobody knows."""
        found = self._spent.get(uuid, 0.0)
        return found if np.isfinite(found) else 0.0

    def describe_again(self, uuids: Sequence[str]) -> None:
        """Read descriptions anew at the next look: something in them was changed."""
        for uuid in uuids:
            self._described.pop(uuid, None)

    def adopt(self, vm: Listed, stats: Mapping[str, Any], now: float) -> None:
        """Take over what a VM's mark says was taken from it.

        It came from another node, or out of a file, or the journal that knew it is lost; or the
        lease of another program has run out.
        """
        mark, actual = self._description(vm.uuid).mark, _mib(stats, "balloon.current")
        if not self.owner or mark is None or vm.uuid in self.following:
            return
        ours = mark.owner == self.owner or mark.until <= now
        if ours and actual < mark.original - SAME and np.isfinite(spent(stats)):
            held = Held(
                self.name,
                vm.uuid,
                vm.name,
                vm.run,
                spent(stats),
                mark.original,
                actual,
                actual,
                now,
                reached=True,
            )
            self.following[vm.uuid] = Following(held)

    def describe(self, view: View, now: float) -> None:
        """Read the description of each VM once each time that it is started.

        Again, where another program held it until now.
        """
        new = [vm for vm in view.listed if self._is_unknown(vm, now)]
        found = self.hypervisor.ask(lambda domain: domain.XMLDesc(0), [vm.uuid for vm in new])
        for vm in new:
            text = found.get(vm.uuid)
            if isinstance(text, str):
                self._described[vm.uuid] = (vm.run, described(text))
            else:
                self._described.pop(vm.uuid, None)

    def _is_unknown(self, vm: Listed, now: float) -> bool:
        run, found = self._described.get(vm.uuid, (None, UNKNOWN))
        mark = found.mark
        over = mark is not None and mark.owner != self.owner and mark.until <= now
        return run != vm.run or (over and bool(self.owner) and vm.uuid not in self.following)

    def _moving(self, view: View) -> Mapping[str, bool]:
        """Which VMs libvirt has a job for; who does not say is taken for one."""
        jobs = self.hypervisor.ask_in_turn(
            lambda domain: int(domain.jobInfo()[0]), [vm.uuid for vm in view.listed]
        )
        virt = library.libvirt()

        def has_one(answer: object) -> bool:
            if isinstance(answer, virt.libvirtError):
                # A driver that knows no jobs has none.
                return bool(answer.get_error_code() != virt.VIR_ERR_NO_SUPPORT)
            return answer != 0

        return {vm.uuid: has_one(jobs.get(vm.uuid)) for vm in view.listed}

    def _look_at_host(self, clock: float) -> Host:
        if is_here(self.uri):
            return self._host.local(clock)
        try:
            return self.hypervisor.once(remote)
        except (HeldError, LostError, library.libvirt().libvirtError):
            return Host(np.nan, np.nan)

    def _follow(self, vm: Listed, stats: Mapping[str, Any], clock: float, now: float) -> None:
        """Take in what a VM shows, and how its balloon follows."""
        gauges = self._gauges.get(vm.uuid)
        if gauges is None or gauges.run != vm.run:
            gauges = self._gauges[vm.uuid] = Gauges(vm.run, clock)
        gauges.look(stats, clock, now, self.policy.look_back)
        going = self.following.get(vm.uuid)
        if going is None:
            return
        actual = _mib(stats, "balloon.current")
        if not is_same_run(going.held, vm.run, spent(stats)):
            del self.following[vm.uuid]  # it was started anew, as it is defined
        elif np.isfinite(actual):
            since = clock - self._asked.get(vm.uuid, clock)
            going = going.then(actual, since, deflates=self._description(vm.uuid).deflates)
            self.following[vm.uuid] = going
            gave = going.held.reached and going.held.asked < going.held.before - SAME
            gauges.ignored = 0 if gave else max(gauges.ignored, going.ignored)

    def _minimum(self, text: Description) -> float:
        flavors, least = self.settings.flavors, self.settings.minimum
        return float(np.fmax(text.minimum, max(least, flavors.get(text.flavor, 0.0))))

    def _description(self, uuid: str) -> Description:
        return self._described.get(uuid, (0, UNKNOWN))[1]

    def _guests(self, view: View, moving: Mapping[str, bool], clock: float) -> Guests:
        uuids = [vm.uuid for vm in view.listed]
        every = [view.stats.get(uuid, {}) for uuid in uuids]
        gauges = [self._gauges[uuid] for uuid in uuids]
        texts = [self._description(uuid) for uuid in uuids]
        going = [self.following.get(uuid) for uuid in uuids]

        def floats(values: Sequence[float]) -> Floats:
            return np.array(values, np.float64)

        def of(key: str) -> Floats:
            return floats([_mib(stats, key) for stats in every])

        maximum = [
            each.held.original if each is not None else _mib(stats, "balloon.maximum")
            for each, stats in zip(going, every, strict=True)
        ]
        return Guests(
            uuid=uuids,
            name=[vm.name for vm in view.listed],
            maximum=floats(maximum),
            actual=of("balloon.current"),
            minimum=floats([self._minimum(text) for text in texts]),
            available=of("balloon.available"),
            unused=of("balloon.unused"),
            usable=of("balloon.usable"),
            rss=of("balloon.rss"),
            need=floats([each.need(self.policy.percentile) for each in gauges]),
            looked=floats([each.looked for each in gauges]),
            age=floats([each.age(clock) for each in gauges]),
            swap_in=floats([each.swap_in for each in gauges]),
            faults=floats([each.faults for each in gauges]),
            pressure=np.full(len(uuids), np.nan),
            weight=floats([text.weight if text.weight > 0 else 1.0 for text in texts]),
            up=floats([clock - each.seen for each in gauges]),
            asked=floats([np.nan if each is None else each.held.asked for each in going]),
            since=floats([clock - self._asked.get(uuid, -np.inf) for uuid in uuids]),
            calm=floats(
                [np.inf if each.released is None else clock - each.released for each in gauges]
            ),
            ignored=np.array([each.ignored for each in gauges], np.int64),
            device=np.array([text.device for text in texts], np.bool_),
            period=floats([text.period for text in texts]),
            running=np.array(
                [
                    stats.get("state.state") == _RUNNING and uuid not in view.late
                    for uuid, stats in zip(uuids, every, strict=True)
                ],
                np.bool_,
            ),
            migrating=np.array([moving[uuid] for uuid in uuids], np.bool_),
            locked=np.array([text.locked for text in texts], np.bool_),
            hugepages=np.array([text.hugepages for text in texts], np.bool_),
            passthrough=np.array([text.passthrough for text in texts], np.bool_),
            taken=np.array([each is not None and each.held.taken for each in going], np.bool_),
        )


def spent(stats: Mapping[str, Any]) -> float:
    """Seconds of cpu that a VM has used; infinite where libvirt does not say."""
    found = stats.get("cpu.time")
    return np.inf if found is None else float(found) * _NS


def _mib(stats: Mapping[str, Any], key: str) -> float:
    found = stats.get(key)
    return np.nan if found is None else float(found) * _KIB
