"""Builds what reads and writes OpenStack's Placement."""

from collections.abc import Callable, Collection, Sequence

from scroogevm.collect.speaker import Say
from scroogevm.openstack.canary import CanaryRecord, record
from scroogevm.openstack.client import PlacementClient, connect
from scroogevm.openstack.sink import PlacementPlace, PlacementSink
from scroogevm.web.reader import LedgerRow

__all__ = ["PlacementClient", "placement_client", "placement_sink"]


def placement_client(cloud: str | None, region: str | None) -> PlacementClient:
    """Placement of a cloud.

    Args:
        cloud: its name in clouds.yaml; None for the one that the environment names.
        region: None where there is one.

    Raises:
        MissingExtraError: what it needs is not installed.
        MisuseError: there is no such cloud.
    """
    return connect(cloud, region)


def placement_sink(
    place: PlacementPlace, say: Say, rows: Callable[[float], Sequence[LedgerRow]]
) -> PlacementSink:
    """The sink that writes offers into Placement.

    Args:
        place: the cloud, and what may be written.
        say: says a line.
        rows: what promises were worth since a time.
    """

    def ledger(nodes: Collection[str], since: float) -> CanaryRecord:
        found = rows(since)
        return record(((x.of, x.strategy, x.windows, x.violations) for x in found), nodes)

    return PlacementSink(place, say, ledger)
