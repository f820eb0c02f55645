"""Computes the room of a fleet: for the largest VM, and for evacuating the fullest node."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import floor

import numpy as np

from scroogevm.openstack.records import RESOURCE_OF, Provider

KINDS = tuple(RESOURCE_OF)


@dataclass(frozen=True)
class Headroom:
    """What still fits.

    Attributes:
        room: units by class that may be promised besides, over all nodes.
        largest: amounts by class of the largest VM; empty if there is none.
        places: nodes that would take one more like it.
        evacuated: the provider with most in use; empty where none is used.
        vms: VMs on it.
        moved: of these, those that fit on the others.
    """

    room: Mapping[str, int]
    largest: Mapping[str, int]
    places: int
    evacuated: str
    vms: int
    moved: int


def headroom(providers: Sequence[Provider], ratios: Mapping[tuple[str, str], float]) -> Headroom:
    """What fits into a fleet.

    VMs of the largest node are placed one by one, the largest first, each on the first node that
    has room: that all fit is sure then, that some do not is not.

    Args:
        providers: its nodes.
        ratios: those that differ from what Placement has, by uuid and class.
    """
    room = np.array([_room(one, ratios) for one in providers]).reshape(len(providers), len(KINDS))
    most = np.array([_most(one) for one in providers]).reshape(room.shape)
    vms = [_sizes(one) for one in providers]
    every = [size for sizes in vms for size in sizes]
    largest = max(every, default=None)
    held = [sum(size[0] for size in sizes) for sizes in vms]
    victim = int(np.argmax(held)) if every else -1
    return Headroom(
        room={kind: int(room[:, at].sum()) for at, kind in enumerate(KINDS)},
        largest=dict(zip(KINDS, largest, strict=True)) if largest else {},
        places=int(_fits(room, most, largest).sum()) if largest else 0,
        evacuated=providers[victim].name if every else "",
        vms=len(vms[victim]) if every else 0,
        moved=_moved(vms[victim], np.delete(room, victim, 0), np.delete(most, victim, 0))
        if every
        else 0,
    )


Size = tuple[int, ...]


def _room(provider: Provider, ratios: Mapping[tuple[str, str], float]) -> Size:
    def of(kind: str) -> int:
        inventory = provider.inventories.get(kind)
        if inventory is None:
            return 0
        ratio = ratios.get((provider.uuid, kind), inventory.ratio)
        return max(0, floor(inventory.net * ratio) - provider.used[kind])

    return tuple(of(kind) for kind in KINDS)


def _most(provider: Provider) -> Size:
    there = provider.inventories
    return tuple(there[kind].max_unit if kind in there else 0 for kind in KINDS)


def _sizes(provider: Provider) -> Sequence[Size]:
    return [
        tuple(amounts.get(kind, 0) for kind in KINDS) for amounts in provider.allocations.values()
    ]


def _fits(
    room: "np.ndarray[tuple[int, int], np.dtype[np.int64]]", most: object, size: Size
) -> "Flags":
    wanted = np.array(size)
    return np.asarray(((room >= wanted) & (most >= wanted)).all(axis=1))


Flags = np.ndarray[tuple[int], np.dtype[np.bool_]]


def _moved(
    sizes: Sequence[Size], room: "np.ndarray[tuple[int, int], np.dtype[np.int64]]", most: object
) -> int:
    """VMs that were placed; what they take is taken from ``room``."""
    placed = 0
    for size in sorted(sizes, reverse=True):
        fitting = np.flatnonzero(_fits(room, most, size))
        if len(fitting):
            room[fitting[0]] -= size
            placed += 1
    return placed
