"""The memory that a host needs in a cycle, with the rule."""

from dataclasses import dataclass

from scroogevm.balloon.facts import Host
from scroogevm.balloon.policy import Policy
from scroogevm.balloon.rule import Ask
from scroogevm.balloon.targets import SizeReason


@dataclass(frozen=True)
class Asked:
    """What is asked.

    Attributes:
        ask: the most of what the mode and all demands ask, the least room that they leave.
        reason: the one that decided; none in a mode that does not look at the host.
    """

    ask: Ask
    reason: SizeReason | None

    @classmethod
    def of(cls, host: Host, policy: Policy) -> "Asked":
        """Ask the mode and all demands."""
        sentence = policy.mode.asking(host)
        if not sentence:
            return cls(policy.mode.asks(host), None)
        ask, reason = policy.mode.asks(host), SizeReason(policy.name, sentence)
        for name, demand in policy.demands.items():
            other = demand.asks(host)
            if other.wanted > ask.wanted or (other.room < ask.room and not ask.wanted):
                reason = SizeReason(name, demand.sentence(host))
            ask = Ask(max(ask.wanted, other.wanted), min(ask.room, other.room))
        return cls(ask, reason)
