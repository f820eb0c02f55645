"""From telemetry over the service to Placement: candidates follow what is free, and vanish."""

import json
import subprocess
import sys
from math import floor
from pathlib import Path

from openstacks import Cloud
from operators import Operator
from scroogevm.openstack.client import connect
from scroogevm.openstack.rules import Rules
from scroogevm.openstack.sink import PLAN, PlacementPlace, PlacementSink
from scroogevm.openstack.writer import WritePace
from scroogevm.service.demo import DemoFleet
from scroogevm.stores import open_store
from servers import wait
from service.fleet import BEGIN, CORES, MIB, Fleet
from service.live import plan, run

HOURS = 6
SILENT = (3 * 3600.0, 4.5 * 3600.0)
RULES = Rules(share=1.0, rate=1e5, step=100.0, dead_band=0.0)


def test_candidates_follow_what_is_free_and_vanish_with_the_telemetry(
    cloud: Cloud, tmp_path: Path
) -> None:
    fleet = Fleet(silent={"n2": [SILENT]})
    with open_store(f"embedded:{tmp_path / 'store'}") as store:
        fleet.fill(store, BEGIN, BEGIN + HOURS * 3600)
        told = run(store, tmp_path, HOURS * 3600, groups=[plan(strategies=("greedy",))])
    for name in fleet.names:
        cloud.host(f"{name}.example.org", int(CORES), int(MIB))
    operator = Operator(tmp_path)
    operator.tell(told.statuses[0])
    operator.type("adopt")
    now = [0.0]
    place = PlacementPlace(lambda: connect(None), operator.data, RULES, "apply", 3600.0)
    sink = PlacementSink(place, print, pace=WritePace(lambda: now[0], lambda _: True))
    seen: dict[bool, list[int]] = {True: [], False: []}
    for status in told.statuses[-24::3]:
        now[0] = status.computed_at + 1
        sink.publish(status)
        offers = {name: one.resources for name, one in status.nodes.items()}
        free = {name: floor(one["cpu"].free + 1e-9) for name, one in offers.items()}
        for units in range(1, int(CORES) + 1, 3):
            found = cloud.candidates(units)
            expected = {f"{name}.example.org" for name, most in free.items() if most >= units}
            # Two decimals of 16 cores are less than a core.
            assert found <= expected
            assert found or not any(most > units for most in free.values())
        silent = SILENT[0] + 1200 <= status.window_end - BEGIN <= SILENT[1]
        seen[silent].append(free["n2"])
    sink.close()
    assert set(seen[True]) == {0}
    assert max(seen[False]) > 0


def test_serve_plans_and_writes_as_its_settings_file_says(cloud: Cloud, tmp_path: Path) -> None:
    names = DemoFleet(3).names
    for name in names:
        cloud.host(name, 64, 262_144)
    data = tmp_path / "data"
    settings = tmp_path / "scroogevm.toml"
    settings.write_text("[placement]\nmode = 'plan'\nshare = 1.0\nrate = 100000\n")
    words = [sys.executable, "-m", "scroogevm", "serve", "--demo", "3", "--data", str(data)]
    words += [
        "--scope",
        "6s",
        "--settle",
        "1s",
        "--warm-up",
        "60s",
        "--listen",
        "none",
        "--config",
        str(settings),
    ]
    with (tmp_path / "log").open("w") as log:
        process = subprocess.Popen(words, stderr=log)
    try:
        planned = wait((data / PLAN).exists, "a plan")
        assert planned
        made = json.loads((data / PLAN).read_text("utf-8"))
        assert made["mode"] == "plan"
        told = {one["node"] for one in (*made["changes"], *made["stays"])}
        assert told <= set(names)
        assert len(told) >= len(names) - 1  # in a demo one of them may be silent
    finally:
        process.terminate()
        process.wait(60)
    assert process.returncode == 0, (tmp_path / "log").read_text("utf-8")
    assert {cloud.ratio(name) for name in names} == {1.0}
