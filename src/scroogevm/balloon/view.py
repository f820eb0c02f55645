"""The state of the companion, for its file, the command line, the API and the page."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from math import isfinite
from pathlib import Path
from typing import Any, Literal, Protocol, runtime_checkable

from scroogevm.balloon.companion import Cycle
from scroogevm.balloon.journal import Acted
from scroogevm.errors import MisuseError
from scroogevm.text import plain

NAME = "balloon.json"
VERSION = 1
_LARGEST = 1 << 28


@dataclass(frozen=True)
class BalloonVM:
    """A VM in the last cycle. MiB; None if unknown.

    Attributes:
        uuid: of the VM.
        name: in libvirt.
        promised: its allocation.
        actual: the size that its balloon leaves.
        used: by its guest.
        usable: memory that its guest can free without swapping.
        need: its working set.
        target: the size that its balloon should leave.
        act: ``shrink``, ``grow``, ``release``, ``keep`` or ``refuse``.
        rule: who decided that.
        reason: why, in plain words.
        failure: what libvirt said no to; empty for nothing.
        pressure: share of time in which tasks of its guest waited for memory, 0 to 1.
    """

    uuid: str
    name: str
    promised: float | None
    actual: float | None
    used: float | None
    usable: float | None
    need: float | None
    target: float | None
    act: str
    rule: str
    reason: str
    failure: str
    pressure: float | None = None


@dataclass(frozen=True)
class BalloonNodeFacts:
    """A node in the last cycle, without its VMs.

    Attributes:
        node: its name.
        time: of the cycle, seconds since 1970.
        total: MiB that it has; None if unknown, and so below.
        available: MiB that it can free without swapping.
        wanted: MiB that the host wants from its VMs; 0 if it needs nothing.
        taken: MiB that this program took from VMs, below their allocation.
        problem: why it did not answer; empty if it did.
        seconds: duration of the cycle.
    """

    node: str
    time: float
    total: float | None
    available: float | None
    wanted: float | None
    taken: float | None
    problem: str
    seconds: float


@dataclass(frozen=True)
class BalloonNode(BalloonNodeFacts):
    """A node in the last cycle.

    Attributes:
        vms: its VMs.
    """

    vms: Sequence[BalloonVM]


@dataclass(frozen=True)
class BalloonView:
    """All of it.

    Attributes:
        version: of this form.
        mode: ``plan``: nothing is changed; ``apply``.
        policy: name of the policy's mode.
        time: when it was made, seconds since 1970.
        nodes: by name.
        acts: the newest ones, newest first.
    """

    version: int
    mode: Literal["plan", "apply"]
    policy: str
    time: float
    nodes: Sequence[BalloonNode]
    acts: Sequence[Acted]

    def to_dict(self) -> dict[str, Any]:
        """For a program to read."""
        return asdict(self)

    def to_json(self) -> str:
        """As its file has it."""
        return json.dumps(self.to_dict(), indent=1, allow_nan=False)


@runtime_checkable
class BalloonSource(Protocol):
    """Knows the companion. Any thread may ask."""

    def view(self) -> BalloonView:
        """As it is now."""


def node_of(name: str, cycle: Cycle) -> BalloonNode:
    """What a cycle shows."""
    facts, targets = cycle.facts, cycle.targets
    if facts is None or targets is None:
        return BalloonNode(
            name, cycle.time, None, None, None, None, cycle.problem, cycle.seconds, ()
        )
    guests = facts.guests
    vms = []
    taken = 0.0
    for vm in range(guests.count):
        reasons = targets.reasons[vm]
        last = reasons[-1] if reasons else None
        if isfinite(guests.asked[vm]):
            taken += max(0.0, float(guests.maximum[vm] - guests.actual[vm]))
        vms.append(
            BalloonVM(
                uuid=guests.uuid[vm],
                name=guests.name[vm],
                promised=_known(guests.maximum[vm]),
                actual=_known(guests.actual[vm]),
                used=_known(guests.used[vm]),
                usable=_known(guests.usable[vm]),
                need=_known(guests.need[vm]),
                target=_known(targets.size[vm]),
                act=targets.act[vm],
                rule=last.rule if last else "",
                reason=last.sentence if last else "",
                failure=cycle.failures.get(guests.uuid[vm], ""),
                pressure=_known(guests.pressure[vm]),
            )
        )
    return BalloonNode(
        node=name,
        time=cycle.time,
        total=_known(facts.host.total),
        available=_known(facts.host.available),
        wanted=_known(targets.wanted),
        taken=taken,
        problem="",
        seconds=cycle.seconds,
        vms=vms,
    )


def read_view(path: Path) -> Mapping[str, Any]:
    """What a companion's file says.

    Raises:
        MisuseError: the file is missing, or is not a state of the companion.
    """
    try:
        with path.open("rb") as file:
            found = json.loads(file.read(_LARGEST))
    except OSError as error:
        raise MisuseError(
            f"cannot be read: {plain(error)}",
            where=str(path),
            remedy="`scroogevm balloon run` writes it into its data directory",
        ) from None
    except ValueError as error:
        raise MisuseError(f"is not JSON: {error}", where=str(path)) from None
    if not isinstance(found, dict) or found.get("version") != VERSION:
        raise MisuseError(
            "is not the state of a companion, or has another version", where=str(path)
        )
    return found


def _known(value: float) -> float | None:
    return round(float(value), 3) if isfinite(value) else None
