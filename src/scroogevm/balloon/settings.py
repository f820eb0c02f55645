"""Settings of the companion, all checked before anything starts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from scroogevm.balloon.policy import Policy
from scroogevm.errors import MisuseError

_SCHEMES = ("qemu", "test", "xen", "lxc", "bhyve")
BalloonMode = Literal["plan", "apply"]


@dataclass(frozen=True)
class BalloonSettings:
    """How the companion runs; times in seconds, sizes in MiB.

    Attributes:
        nodes: libvirt URIs by name of the node.
        data: directory of the journal and of what is told.
        mode: ``plan``: nothing is changed; ``apply``.
        policy: name of the policy's mode.
        rules: rules and refusals with other parameters, such as ``step:most=0.1``.
        interval: from one cycle to the next.
        limit: that a call of libvirt may take.
        minimum: below which no VM is shrunk.
        flavors: likewise, by flavor of OpenStack.
        period: between refreshes of statistics that is set where a VM has none; None for never.
        agent: whether guest agents are asked for pressure, where VMs are changed.
        patience: that balloons have to follow when all is given back.
        procfs: where /proc of this machine is.
    """

    nodes: Mapping[str, str]
    data: Path
    mode: BalloonMode = "plan"
    policy: str = "pressure"
    rules: Sequence[str] = ()
    interval: float = 10.0
    limit: float = 3.0
    minimum: float = 512.0
    period: int | None = None
    agent: bool = False
    patience: float = 30.0
    flavors: Mapping[str, float] = field(default_factory=dict)
    procfs: Path = Path("/proc")

    def check(self) -> Policy:
        """The policy.

        Raises:
            MisuseError: with every problem there is.
        """
        problems = []
        if not self.nodes:
            problems.append(
                "no node is given; add --node NAME=URI, such as --node n1=qemu:///system"
            )
        for name, uri in self.nodes.items():
            scheme = urlsplit(uri).scheme.partition("+")[0]
            if scheme not in _SCHEMES:
                problems.append(
                    f"{name}: {uri!r} is not an address of libvirt, such as qemu:///system"
                )
        problems += [
            f"balloon.flavors: {name} = {value!r} is not a number of MiB"
            for name, value in self.flavors.items()
            if isinstance(value, bool) or not isinstance(value, int | float) or not value >= 0
        ]
        if problems:
            raise MisuseError("; ".join(problems))
        return Policy.of(self.policy, self.rules)


def nodes_of(words: Sequence[str]) -> Mapping[str, str]:
    """Nodes of ``[NAME=]URI``; a node without a name is called as its host.

    >>> dict(nodes_of(["qemu:///system", "n2=qemu+ssh://root@10.0.0.2/system"]))
    {'localhost': 'qemu:///system', 'n2': 'qemu+ssh://root@10.0.0.2/system'}

    Raises:
        MisuseError: two have one name.
    """
    found: dict[str, str] = {}
    for word in words:
        name, is_, uri = word.partition("=")
        if not is_ or "://" in name:
            name, uri = urlsplit(word).hostname or "localhost", word
        if name in found:
            raise MisuseError(f"two nodes have the name {name!r}", where="--node")
        found[name] = uri
    return found
