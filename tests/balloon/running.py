"""A companion of recorded nodes, whose cycles and clock a test drives."""

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from balloon.recorded import RecordedNode, connecting
from scroogevm.balloon.clocks import Clocks
from scroogevm.balloon.fleet import BalloonFleet
from scroogevm.balloon.settings import BalloonSettings
from scroogevm.balloon.view import BalloonVM

RULES = ("just-booted:settle=0", "unfamiliar:least=0", "slow-return:most=1", "cooldown:rest=0")


class Fleet:
    """Nodes, and a companion of theirs whose clock a test moves."""

    def __init__(self, stack: ExitStack, data: Path, count: int, **more: Any) -> None:
        self.time, self.said = 1000.0, list[str]()
        self.nodes = [RecordedNode.of(f"n{at}", 2) for at in range(count)]
        uris = {one.name: f"qemu+ssh://{one.name}/system" for one in self.nodes}
        given = {"mode": "apply", "rules": RULES, **more}
        settings = BalloonSettings(uris, data, **given)
        clocks = Clocks(lambda: self.time, lambda: self.time)
        connect = connecting(self.nodes)
        self.fleet = BalloonFleet(settings, settings.check(), self.said.append, connect, clocks)
        stack.callback(self.fleet.close)

    def cycle(self) -> dict[str, dict[str, BalloonVM]]:
        """Ten seconds later, with new statistics: VMs by node and name."""
        self.time += 10
        for one in self.nodes:
            one.refresh()
        return {one.node: {vm.name: vm for vm in one.vms} for one in self.fleet.cycle()}

    def shrunk(self) -> RecordedNode:
        """The first node, whose VMs were shrunk, and which asks for no more by now."""
        node = self.nodes[0]
        for _ in range(2):
            self.cycle()
        assert all(vm.actual < vm.maximum for vm in node.vms.values())
        node.free = 0.22
        self.cycle()
        node.asked.clear()
        return node


Make = Callable[..., Fleet]
