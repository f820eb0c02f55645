"""Settings of the service, all checked before anything starts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from scroogevm.errors import MisuseError, ScroogeError
from scroogevm.offers.chain import Chain
from scroogevm.ports import RESOURCES, STRATEGIES, Shape
from scroogevm.ranges import out_of_range
from scroogevm.registry import Spec
from scroogevm.service.feed import Pace
from scroogevm.service.plan import GroupPlan
from scroogevm.service.service import Timing

DRIVER = "calibrated:risk=0.01"
SHADOWS = ("greedy", "persistence")
EVERYONE = "all"
"""Name of the group that takes all other nodes."""
_SLOWEST_SETTLE = 5.0
_GROUP_KEYS = ("name", "nodes", "strategy", "shadows", "guards", "without", "locked")


@dataclass(frozen=True)
class GroupSettings:
    """How the nodes of a group are judged, as a user writes it.

    Attributes:
        name: of the group.
        nodes: names, or patterns such as ``rack1-*``.
        strategy: that gives the demand for offers.
        shadows: strategies that are only computed and scored.
        guards: guards with other parameters, such as ``step:most=0.2``.
        without: guards that are left out.
        locked: resources that cannot be oversold, such as ``mem`` on hugepages.
    """

    name: str = EVERYONE
    nodes: Sequence[str] = ("*",)
    strategy: str = DRIVER
    shadows: Sequence[str] = SHADOWS
    guards: Sequence[str] = ()
    without: Sequence[str] = ()
    locked: Sequence[str] = ()

    def plan(self, coverage: float) -> GroupPlan:
        """The plan, with strategies and guards built.

        Raises:
            MisuseError: there is no such strategy, guard or resource, or the strategy looks ahead.
        """
        specs = dict.fromkeys(text.strip() for text in (self.strategy, *self.shadows))
        driver = self.strategy.strip()
        built = {
            resource: {text: STRATEGIES.build(Spec.parse(text), resource) for text in specs}
            for resource in RESOURCES
        }
        if ahead := sorted({n for r in built.values() for n, s in r.items() if s.looks_ahead}):
            raise MisuseError(f"{', '.join(ahead)} looks ahead, so it can only be replayed")
        if odd := sorted(set(self.locked) - set(RESOURCES)):
            raise MisuseError(f"locked: {', '.join(odd)} is neither cpu nor mem")
        chains = {r: Chain.of(r, self.guards, self.without) for r in RESOURCES}
        return GroupPlan(
            self.name,
            self.nodes,
            dict.fromkeys(RESOURCES, driver),
            built,
            chains,
            self.locked,
            coverage,
        )


@dataclass(frozen=True)
class ServeSettings:
    """How the service runs; times in seconds.

    Attributes:
        data: directory of the journal, the status file and the embedded store.
        scope: seconds in a scope.
        slice: seconds in a slice; None for the scope.
        history: earlier windows kept beside the new one.
        coverage: share of a window's samples that a node needs for a new estimate.
        every: the group of all other nodes.
        groups: from tables of the settings file; they come first.
        interval: seconds between samples; None to read it from the store.
        settle: time from the end of a window until it is judged; None for two intervals.
        grace: time for which an offer stays valid after the next one is due.
        warm_up: period of the store that is judged at the first start.
        forget: time without samples after which a node is removed.
        keep: time for which values of windows are kept.
        node_series: whether own metrics contain the offers of each node.
    """

    data: Path
    scope: float = 1800.0
    slice: float | None = None
    history: int = 3
    coverage: float = 0.1
    every: GroupSettings = field(default_factory=GroupSettings)
    groups: Sequence[Mapping[str, Any]] = ()
    interval: float | None = None
    settle: float | None = None
    grace: float = 60.0
    warm_up: float = 30 * 86400.0
    forget: float = 7 * 86400.0
    keep: float = 30 * 86400.0
    node_series: bool = True

    @property
    def shape(self) -> Shape:
        """How time is cut."""
        return Shape(self.scope, self.scope if self.slice is None else self.slice, self.history)

    def timing(self, pace: Pace) -> Timing:
        """When windows are judged."""
        settle = max(2 * pace.own, _SLOWEST_SETTLE) if self.settle is None else self.settle
        return Timing(
            settle=settle,
            grace=self.grace,
            warm_up=self.warm_up,
            forget=self.forget,
            history=self.keep,
        )

    def plans(self) -> Sequence[GroupPlan]:
        """The groups, the one of all other nodes last.

        Raises:
            MisuseError: one or more settings are not valid; it lists all problems.
        """
        problems: list[str] = []
        groups = []
        for number, table in enumerate(self.groups, 1):
            group = self._group(table, f"serve.groups, {number}", problems)
            if group is not None:
                groups.append(group)
        names = [group.name for group in groups]
        problems += [
            f"group {n!r} is given twice" for n in dict.fromkeys(names) if names.count(n) > 1
        ]
        found = []
        for group in (*groups, self.every):
            try:
                found.append(group.plan(self.coverage))
            except ScroogeError as error:
                problems.append(f"group {group.name}: {error}")
        if problems:
            raise MisuseError("; ".join(problems))
        return found

    def check(self) -> None:
        """Check everything.

        Raises:
            MisuseError: one or more settings are not valid; it lists all problems.
        """
        scope, slice_ = self.shape.scope, self.shape.slice
        numbers = {"--scope": scope, "--slice": slice_, "--history": self.history}
        problems = out_of_range({**numbers, "--coverage": self.coverage})
        if not problems and abs(scope / slice_ - round(scope / slice_)) > 1e-9:
            problems.append(f"--scope {scope:g} is not a whole number of --slice {slice_:g}")
        if self.interval is not None and not 0 < self.interval <= slice_:
            problems.append(f"--interval {self.interval:g} is not from 0 to a slice, {slice_:g}")
        for name in ("settle", "grace", "warm_up", "forget", "keep"):
            value = getattr(self, name)
            if value is not None and not 0 <= value < 1e10:
                problems.append(f"--{name.replace('_', '-')} {value:g} is not >= 0")
        try:
            self.plans()
        except MisuseError as error:
            problems.append(str(error))
        if problems:
            raise MisuseError("; ".join(problems))

    def _group(
        self, table: Mapping[str, Any], where: str, problems: list[str]
    ) -> GroupSettings | None:
        """A group from a table of the settings file."""
        before = len(problems)
        for key, value in table.items():
            if key not in _GROUP_KEYS:
                near = get_close_matches(key, _GROUP_KEYS, n=1)
                meant = f"; did you mean {near[0]!r}?" if near else ""
                problems.append(f"{where}: {key} is unknown{meant}")
            elif key in ("name", "strategy"):
                if not (isinstance(value, str) and value.strip()):
                    problems.append(f"{where}: {key} is not a text")
            elif not (isinstance(value, list) and all(isinstance(each, str) for each in value)):
                problems.append(f"{where}: {key} is not a list of texts")
        missing = [key for key in ("name", "nodes") if not table.get(key)]
        problems += [f"{where}: {key} is missing" for key in missing]
        name = table.get("name")
        if isinstance(name, str) and (name == EVERYONE or "/" in name):
            problems.append(f"{where}: name {name!r} is already used, or contains a slash")
        if len(problems) > before:
            return None
        every = {key: getattr(self.every, key) for key in _GROUP_KEYS}
        return GroupSettings(**{**every, **table})
