"""Writes one provider: first to the journal, then to Placement, then the answer to the journal."""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from scroogevm.errors import PlacementError
from scroogevm.openstack.client import PlacementClient
from scroogevm.openstack.journal import Outcome, Purpose, Write, WriteJournal
from scroogevm.openstack.records import InventoryRecord, Provider


def _sleep(seconds: float) -> bool:
    time.sleep(seconds)
    return True


@dataclass(frozen=True)
class WritePace:
    """The clock of a writer.

    Attributes:
        now: seconds since 1970.
        wait: waits a number of seconds; False if it must stop.
    """

    now: Callable[[], float] = time.time
    wait: Callable[[float], bool] = _sleep


class Writer:
    """Writes providers, no more often than allowed.

    Args:
        client: of Placement.
        journal: of writes.
        rate: writes a minute.
        pace: the clock.

    Attributes:
        lock: held from before a write is kept until its answer is: who compares journal and
            Placement takes it.
    """

    def __init__(
        self, client: PlacementClient, journal: WriteJournal, rate: float, pace: WritePace
    ) -> None:
        self.client = client
        self.journal = journal
        self.pace = pace
        self.lock = threading.RLock()
        self._apart = 60.0 / rate
        self._next = 0.0

    def turn(self) -> bool:
        """Wait until the next write may be sent; False if it must stop."""
        now = self.pace.now()
        ahead = min(self._next - now, self._apart)  # a clock that was set back must not halt us
        if ahead > 0 and not self.pace.wait(ahead):
            return False
        self._next = max(now, now + ahead) + self._apart
        return True

    def write(
        self,
        provider: Provider,
        ratios: Mapping[str, float],
        *,
        node: str,
        purpose: Purpose,
        reason: str,
    ) -> tuple[Outcome | None, str]:
        """Write ratios of a provider; what came of it, None if unknown yet.

        Args:
            provider: as it was read; another generation is a conflict.
            ratios: by class, of which it has an inventory.
            node: its name in the telemetry.
            purpose: what for.
            reason: why.

        Raises:
            OutputError: the journal cannot be written; nothing was sent.
        """
        after: dict[str, InventoryRecord] = {
            kind: one.with_ratio(ratios[kind]) if kind in ratios else one.record
            for kind, one in provider.inventories.items()
        }
        with self.lock:
            number = self.journal.begin(
                provider, after, node=node, purpose=purpose, reason=reason, now=self.pace.now()
            )
            answer = self.client.put(provider, after)
            if answer.verdict == "unknown":
                (write,) = [one for one in self.journal.open_writes() if one.id == number]
                return self.settle(write, answer.detail)
            self.journal.answer(number, answer.verdict, answer.detail, self.pace.now())
        return answer.verdict, answer.detail

    def settle(self, write: Write, detail: str = "") -> tuple[Outcome | None, str]:
        """Find out what came of a PUT whose answer is missing; None where Placement is away.

        The generation that went with it makes it harmless if it arrives later: what has been
        written since makes Placement refuse it.
        """
        try:
            heads = {one.uuid: one for one in self.client.heads()}
            head = heads.get(write.uuid)
            there = self.client.inventories(head).inventories if head is not None else {}
        except PlacementError as error:
            return None, detail or str(error)
        ratios = {kind: there[kind].ratio for kind in write.ratios() if kind in there}
        wanted = {kind: after for kind, (_, after) in write.ratios().items()}
        was = {kind: before for kind, (before, _) in write.ratios().items()}
        if head is None:
            outcome: Outcome = "lost"
            said = "the provider does not exist any more"
        elif ratios == wanted:
            outcome, said = "written", "no answer came, but it was written"
        elif ratios == was:
            outcome, said = "lost", "no answer came, and it was not written"
        else:
            shown = ", ".join(f"{kind} {ratio:g}" for kind, ratio in ratios.items())
            outcome, said = "conflict", f"no answer came, and Placement has {shown or 'nothing'}"
        said = f"{said} ({detail})" if detail else said
        self.journal.answer(write.id, outcome, said, self.pace.now())
        return outcome, said
