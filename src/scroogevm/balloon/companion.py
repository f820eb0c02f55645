"""Handles one node: reads it, decides, and changes VMs, cycle by cycle."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from scroogevm.balloon.acting import Acting
from scroogevm.balloon.agent import Agents
from scroogevm.balloon.clocks import Clocks
from scroogevm.balloon.decision import decide
from scroogevm.balloon.facts import NodeFacts
from scroogevm.balloon.journal import BalloonJournal, Held
from scroogevm.balloon.restoring import Restoring, Say
from scroogevm.balloon.targets import Targets
from scroogevm.balloon.watch import NodeWatch, UnseenError
from scroogevm.outage import Outage


@dataclass
class Cycle:
    """What came of a cycle.

    Attributes:
        time: when it was, seconds since 1970.
        facts: the node; None where it did not answer.
        targets: what the policy wants; likewise.
        problem: why it did not answer.
        failures: what libvirt said no to, by uuid.
        seconds: that it took.
    """

    time: float
    facts: NodeFacts | None = None
    targets: Targets | None = None
    problem: str = ""
    failures: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0


class Companion:
    """Watches one node, and changes its VMs where it may.

    Args:
        watch: looks at it.
        journal: where each shrink is kept before it is asked for; None where nothing is changed.
        say: prints a line.
        clocks: tell the time.
        period: seconds between refreshes that is set where a VM has none; None for never.
    """

    def __init__(
        self,
        watch: NodeWatch,
        journal: BalloonJournal | None,
        say: Say,
        clocks: Clocks | None = None,
        period: int | None = None,
    ) -> None:
        self._watch = watch
        self._say = say
        self._clocks = clocks or Clocks()
        self._outage = Outage()
        self._acting = None if journal is None else Acting(watch, journal, say, period)
        self._agents = (
            Agents(watch, self._clocks.steady)
            if journal is not None and watch.settings.agent
            else None
        )
        self._restoring = (
            None
            if journal is None or self._acting is None
            else Restoring(watch, journal, self._acting.marks, say, self._clocks)
        )

    @property
    def node(self) -> str:
        """Its name."""
        return self._watch.name

    @property
    def answers(self) -> bool:
        """Whether the node answered in the last cycle, or was not asked yet."""
        return not self._outage.problem

    def cycle(self) -> Cycle:
        """Look, judge, change.

        Raises:
            OutputError: the journal cannot be written; nothing was shrunk.
        """
        clock, now = self._clocks.steady(), self._clocks.now()
        made = Cycle(now)
        try:
            made.facts = self._watch.look(clock, now)
        except UnseenError as error:
            made.problem = str(error)
        else:
            made.targets = decide(made.facts, self._watch.policy)
            if self._agents is not None:
                made.facts = self._agents.told(made.facts, made.targets, clock)
                made.targets = decide(made.facts, self._watch.policy)
            if self._acting is not None:
                made.failures = self._acting.act(made.facts, made.targets, clock, now)
        self._tell(made)
        made.seconds = self._clocks.steady() - clock
        return made

    def restore(self, patience: float = 30.0) -> Sequence[Held]:
        """Give every VM of the node back what was taken from it; those where that failed.

        Args:
            patience: seconds to wait for balloons to follow.

        Raises:
            OutputError: the journal cannot be written; memory was given back nevertheless.
        """
        return () if self._restoring is None else self._restoring.restore(patience)

    def _tell(self, made: Cycle) -> None:
        """Say what is new."""
        if made.problem:
            if self._outage.note(made.problem):
                self._say(f"{self.node}: {made.problem}; it is tried again every cycle")
        elif self._outage.end():
            self._say(f"{self.node}: answers again")
