"""The rule for a host whose tasks wait for memory."""

from dataclasses import dataclass

from scroogevm.balloon.facts import Host
from scroogevm.balloon.rule import Ask, HostRule
from scroogevm.offers.guard import percent
from scroogevm.registry import parameter


@dataclass(frozen=True)
class Stall(HostRule):
    """The host asks for a part of its memory while its tasks wait for memory.

    Nothing is given back from half of a limit on.
    """

    formula = "wanted >= ask * total where some > limit, or full > limit; room = 0 above half of it"
    source = "PSI: free memory does not show the cost of reclaiming it"
    place = 20

    some: float = parameter(0.1, "share of time in which some task waited", low=0, high=1)
    full: float = parameter(0.02, "share of time in which every task waited", low=0, high=1)
    ask: float = parameter(0.02, "taken in a cycle, share of the host's memory", low=0, high=1)

    def asks(self, host: Host) -> Ask:
        """Something above a limit."""
        if host.some > self.some or host.full > self.full:
            return Ask(self.ask * host.total, 0.0)
        if host.some > self.some / 2 or host.full > self.full / 2:
            return Ask(0.0, 0.0)
        return Ask()

    def sentence(self, host: Host) -> str:
        """How long tasks wait."""
        return (
            f"Tasks of the host wait for memory: some {percent(host.some)} of the time (limit "
            f"{percent(self.some)}), all {percent(host.full)} (limit {percent(self.full)})."
        )
