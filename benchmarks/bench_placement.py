"""A plan for 2,000 nodes on a real Placement: the time to read and to plan, and the memory."""

import os
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import psutil

from benchmarks.report import Result

NODES = 2000
VMS = 3
TESTS = Path(__file__).parent.parent / "tests"


def run(docs: Path) -> Result:
    del docs
    sys.path.insert(0, str(TESTS))
    import offered  # noqa: PLC0415  # lies with the tests
    import openstacks  # noqa: PLC0415  # likewise
    from scroogevm.openstack.client import connect  # noqa: PLC0415  # an extra
    from scroogevm.openstack.memory import Memory, Start  # noqa: PLC0415  # likewise
    from scroogevm.openstack.plan import make_plan  # noqa: PLC0415  # likewise
    from scroogevm.openstack.rules import Rules  # noqa: PLC0415  # likewise

    rows: list[tuple[Any, ...]] = []
    with openstacks.Placement() as placement, tempfile.TemporaryDirectory() as folder:
        cloud = openstacks.Cloud(placement)
        fill(cloud)
        placement.stop()
        placement.workers = 2
        placement.start()
        entry = openstacks.noauth(placement)
        path = openstacks.clouds_yaml(Path(folder), {"bench": entry})
        os.environ["OS_CLIENT_CONFIG_FILE"] = str(path)
        told = offered.status(
            *(
                offered.node(name, offered.resource(64, 4 * VMS, 80), vms=VMS)
                for name in cloud.names
            )
        )
        with connect("bench") as client:
            for number in range(1, 4):
                began = time.perf_counter()
                survey = client.survey()
                read = time.perf_counter()
                memory = Memory(
                    starts={
                        (one.uuid, kind): Start(one.name, one.name, inventory.record, 0.0)
                        for one in survey.providers
                        for kind, inventory in one.inventories.items()
                    }
                )
                ready = time.perf_counter()
                plan = make_plan(told, survey, memory, Rules(), now=time.time())
                ended = time.perf_counter()
                resident = psutil.Process().memory_info().rss / 2**20
                whole = read - began + ended - ready
                rows.append((number, read - began, ended - ready, whole, resident))
        if len(plan.changes) != NODES * Rules().share:
            raise RuntimeError(f"{len(plan.changes)} changes are no full plan")
        cloud.close()
    slowest = max(row[3] for row in rows)
    grown = rows[-1][4] - rows[0][4]
    return Result(
        title="A plan for Placement",
        how=f"{NODES:,} nodes with {VMS} VMs each in a real Placement of two processes on SQLite, "
        "on the same two cores. The first plan reads inventories and consumers of each node. Later "
        "plans read all consumers, and only the inventories that changed.",
        columns=("plan", "read, s", "think, s", "whole, s", "resident, MiB"),
        rows=rows,
        verdict=f"A full plan takes {slowest:.1f} s. The aim is 20 s. Between the first and the "
        f"third plan, the process grew by {grown:.1f} MiB. Placement takes nearly all of the time.",
    )


def fill(cloud: Any) -> None:
    """Make hosts and VMs."""
    for at in range(NODES):
        cloud.host(f"compute-{at:04}.example.org")
    for some in _batches([uuid for uuid in cloud.names.values() for _ in range(VMS)], 200):
        body = {
            str(uuid4()): {
                "allocations": {uuid: {"resources": {"VCPU": 4, "MEMORY_MB": 8192}}},
                "project_id": "p",
                "user_id": "u",
                "consumer_generation": None,
                "consumer_type": "INSTANCE",
            }
            for uuid in some
        }
        cloud.ask("POST", "/allocations", json=body)


def _batches(items: list[str], size: int) -> Iterator[list[str]]:
    for first in range(0, len(items), size):
        yield items[first : first + size]
