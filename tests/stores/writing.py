"""Writes to an embedded store until it is killed; says of each time that was acknowledged."""

import sys

import numpy as np

from scroogevm.core.samples import Sample
from scroogevm.stores import open_store
from scroogevm.stores.embedded import Embedded

START, STEP, NODES = 1_700_000_000, 20, ("a", "b")


def sample(node: str, number: int) -> Sample:
    """What is known of a node at a time, so that a reader can tell whether it is whole."""
    vms = [f"v{one}" for one in range(1 + number % 3)]
    return Sample(
        node, START + STEP * number, {"cpu": float(number)}, vms,
        {"cpu_usage": np.arange(float(len(vms))) + number},
    )  # fmt: skip


def quick(location: str) -> Embedded:
    """A store that keeps everything and waits for no disk."""
    return Embedded(location, retention=0.0, synced=False)


def fill(location: str, samples: int) -> None:
    """Write so many samples of each node."""
    with quick(location) as store:
        for number in range(samples):
            store.write([sample(node, number) for node in NODES])


def main() -> None:
    location, first = sys.argv[1], int(sys.argv[2])
    with open_store(location, {"retention": "0"}) as store:
        for number in range(first, 1_000_000):
            store.write([sample(node, number) for node in NODES])
            sys.stdout.write(f"{number}\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
