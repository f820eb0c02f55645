"""The rule for a host that reads from swap."""

from dataclasses import dataclass

from scroogevm.balloon.facts import Host
from scroogevm.balloon.rule import Ask, HostRule
from scroogevm.registry import parameter


@dataclass(frozen=True)
class Swap(HostRule):
    """The host asks for a part of its memory while it reads memory back from swap."""

    formula = "wanted >= ask * total, room = 0 where swap_in > limit"
    place = 30

    limit: float = parameter(1.0, "read back from swap, MiB/s", low=0)
    ask: float = parameter(0.02, "taken in a cycle, share of the host's memory", low=0, high=1)

    def asks(self, host: Host) -> Ask:
        """Something above the limit."""
        return Ask(self.ask * host.total, 0.0) if host.swap_in > self.limit else Ask()

    def sentence(self, host: Host) -> str:
        """How much it reads."""
        return (
            f"The host reads {host.swap_in:.3g} MiB/s back from swap (limit {self.limit:g} MiB/s)."
        )
