"""The policy: a mode, with all rules and refusals."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from scroogevm.balloon.mode import MODES, Mode
from scroogevm.balloon.refusal import REFUSALS, Refusal
from scroogevm.balloon.rule import (
    RULES,
    BrakeRule,
    FloorRule,
    GuestRule,
    HostRule,
    OrderRule,
    PaceRule,
    ReleaseRule,
    Rule,
    ZoneRule,
)
from scroogevm.balloon.rules.need import Need
from scroogevm.errors import MisuseError
from scroogevm.registry import Spec


@dataclass(frozen=True)
class Policy:
    """How sizes are chosen.

    Attributes:
        name: of the mode.
        mode: that chooses.
        rules: by name, in their order.
        refusals: by name, in their order.
    """

    name: str
    mode: Mode
    rules: Mapping[str, Rule]
    refusals: Mapping[str, Refusal]

    @classmethod
    def of(cls, mode: str = "pressure", changed: Sequence[str] = ()) -> "Policy":
        """All rules and refusals, with their defaults for a mode. None can be left out.

        Args:
            mode: its name.
            changed: specs of the mode, of rules or refusals with other parameters,
                ``step:most=0.1``.

        Raises:
            MisuseError: there is no such mode, rule, refusal or parameter, or a name is repeated.
        """
        MODES.load(mode)
        specs = {name: Spec(name) for name in (mode, *RULES.names, *REFUSALS.names)}
        seen: set[str] = set()
        for spec in map(Spec.parse, changed):
            if spec.name in seen:
                raise MisuseError(f"rule {spec.name!r} is given twice", remedy="write it once")
            if spec.name not in specs:
                (REFUSALS if spec.name in REFUSALS.names else RULES).load(spec.name)
            seen.add(spec.name)
            specs[spec.name] = spec
        rules = {name: RULES.build(specs[name], mode) for name in RULES.names}
        refusals = {name: REFUSALS.build(specs[name], mode) for name in REFUSALS.names}
        return cls(
            mode,
            MODES.build(specs[mode]),
            dict(sorted(rules.items(), key=lambda item: item[1].place)),
            dict(sorted(refusals.items(), key=lambda item: item[1].place)),
        )

    @cached_property
    def look_back(self) -> float:
        """Seconds over which ``need`` is measured."""
        return self._need.look_back

    @cached_property
    def percentile(self) -> float:
        """Percentile of the use that ``need`` is, 0 to 100."""
        return self._need.percentile

    @cached_property
    def demands(self) -> Mapping[str, HostRule]:
        """What the host asks."""
        return {name: rule for name, rule in self.rules.items() if isinstance(rule, HostRule)}

    @cached_property
    def limits(self) -> Mapping[str, GuestRule]:
        """All rules that have something to say of a VM."""
        return {name: rule for name, rule in self.rules.items() if isinstance(rule, GuestRule)}

    @cached_property
    def floors(self) -> Mapping[str, FloorRule]:
        """What VMs need."""
        return {name: rule for name, rule in self.rules.items() if isinstance(rule, FloorRule)}

    @cached_property
    def brakes(self) -> Mapping[str, BrakeRule]:
        """How far VMs are shrunk in a cycle."""
        return {name: rule for name, rule in self.rules.items() if isinstance(rule, BrakeRule)}

    @cached_property
    def paces(self) -> Mapping[str, PaceRule]:
        """How far VMs are grown in a cycle."""
        return {name: rule for name, rule in self.rules.items() if isinstance(rule, PaceRule)}

    @cached_property
    def releases(self) -> Mapping[str, ReleaseRule]:
        """Who gets everything back at once."""
        return {name: rule for name, rule in self.rules.items() if isinstance(rule, ReleaseRule)}

    @cached_property
    def zone(self) -> tuple[str, ZoneRule]:
        """Name and rule of changes that are too small."""
        (found,) = ((n, rule) for n, rule in self.rules.items() if isinstance(rule, ZoneRule))
        return found

    @cached_property
    def order(self) -> tuple[str, OrderRule]:
        """Name and rule of who gives first."""
        (found,) = ((n, rule) for n, rule in self.rules.items() if isinstance(rule, OrderRule))
        return found

    @cached_property
    def _need(self) -> Need:
        (need,) = (rule for rule in self.rules.values() if isinstance(rule, Need))
        return need
