"""The whole path: real guests under libvirt, a probe on each node, and the service.

Load rises, and demand follows. A new VM counts at its allocation. Load falls, and free grows no
faster than it may. Contention takes the offer back. A probe is killed, and its node is withdrawn
with the reason. Everything recovers.
"""

import json
import signal
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from browsers import dashboard, running
from collect.running import Running
from hypervisor.guests import Guest
from hypervisor.nodes import Node
from hypervisor.probes import Probe
from servers import wait

pytestmark = pytest.mark.hypervisor

STEP = 0.1
LIMIT = 90.0
CONFIG = """
[serve]
strategy = "rc-like"
shadow = ["persistence"]
guard = [
  "warm:windows=2", "lost:after=9", "step:most={step}", "covered:least=0.3",
  "contention:wait_first={wait},wait_second={wait},pressure_first=1,pressure_second=1,stall_first=1,stall_second=1",
]
"""
QUICK = ("--scope", "6s", "--history", "1", "--interval", "0.5", "--settle", "1", "--warm-up", "1m")


class Watched:
    """The service, and all that it told."""

    def __init__(self, service: Running, folder: Path, config: Path) -> None:
        self.service = service
        self._file = folder / "scroogevm-data" / "status.json"
        self._config = config
        self.told: dict[int, Mapping[str, Any]] = {}

    def limit(self, wait_share: float) -> None:
        """Let VMs wait so long for a cpu, per time run; taken up with the next window."""
        self._config.write_text(CONFIG.format(step=STEP, wait=wait_share))

    @property
    def url(self) -> str:
        """Of its dashboard."""
        return self.service.hears(r"dashboard: (\S+)")[1]

    def now(self) -> Mapping[str, Any]:
        """What is told by now, by node."""
        if not self._file.exists():
            return {}
        status = json.loads(self._file.read_text())
        self.told[status["window"]] = status["nodes"]
        return dict(status["nodes"])

    def cpu(self, node: str) -> dict[str, Any]:
        """Of a node; nothing before the first window."""
        found: dict[str, Any] = self.now().get(node, {}).get("resources", {}).get("cpu", {})
        return found

    def until(self, node: str, what: str, holds: Any) -> dict[str, Any]:
        """Wait until the offer of a node is like that."""

        def found() -> dict[str, Any] | None:
            offer = self.cpu(node)
            return offer if offer and holds(offer) else None

        offer: dict[str, Any] = wait(found, what, LIMIT, every=0.2)
        return offer


@contextmanager
def served(folder: Path, probes: Sequence[Probe]) -> Iterator[Watched]:
    config = folder / "config.toml"
    targets = [f"{probe.node.name}={probe.url}/metrics" for probe in probes]
    words = [word for target in targets for word in ("--target", target)]
    config.write_text(CONFIG.format(step=STEP, wait=100))
    with Running(
        folder,
        *words,
        *QUICK,
        "--listen",
        "127.0.0.1:0",
        command="serve",
        before=("--config", config),
    ) as service:
        yield Watched(service, folder, config)
        assert service.stop() == 0


def test_the_offer_follows_what_happens_on_real_nodes(
    tmp_path: Path, nodes: list[Node], guests: Mapping[str, Guest]
) -> None:
    with (
        Probe(nodes[0]) as first,
        Probe(nodes[1]) as second,
        served(tmp_path, (first, second)) as service,
    ):
        calm = service.until("n1", "an offer of n1", lambda offer: offer["state"] == "ok")
        service.until("n2", "an offer of n2", lambda offer: offer["state"] == "ok")
        assert calm["allocated"] == 2

        guests["web-1"].do("cpu 100")
        loaded = service.until(
            "n1", "demand to follow load", lambda o: o["demand"] > calm["demand"] + 0.5
        )
        assert loaded["free"] <= max(0.0, loaded["capacity"] - loaded["demand"]) + 1e-9

        late = nodes[0].guest("late")
        try:
            grown = service.until(
                "n1", "a new VM to count", lambda o: o["allocated"] == calm["allocated"] + 1
            )
            assert grown["demand"] >= loaded["demand"] + 0.5  # it counts at its vCPU
        finally:
            late.domain.destroy()
            guests["web-1"].do("cpu 0")
        service.until("n1", "demand to fall again", lambda o: o["demand"] < calm["demand"] + 0.3)
        grows_slowly(service.told, "n1")

        service.limit(0.0)
        guests["web-1"].do("cpu 50")
        service.service.send(signal.SIGHUP)
        waiting = service.until("n1", "contention", lambda o: o["state"] != "ok")
        guests["web-1"].do("cpu 0")
        assert "contention" in {reason["guard"] for reason in waiting["reasons"]}
        service.limit(100.0)
        service.service.send(signal.SIGHUP)
        service.until("n1", "contention to be over", lambda o: o["state"] == "ok")

        second.stop(signal.SIGKILL)
        lost = service.until("n2", "n2 to be lost", lambda o: o["state"] == "withdrawn")
        assert lost["free"] == 0
        assert any("nothing is offered" in reason["sentence"] for reason in lost["reasons"])
        # What the machine below takes may hold the other node, too.
        assert service.cpu("n1")["state"] in ("ok", "held")
        with running() as browser, dashboard(browser, service.url, "node/n2") as page:
            page.wait_for_selector("ol.chain >> text=nothing is offered")
            page.get_by_role("link", name="Fleet").first.click()
            row = page.locator(".rows .grid", has_text="n2")
            row.locator("text=withdrawn").wait_for()
        second.start()
        service.until("n2", "n2 to be there again", lambda o: o["state"] == "ok")
        service.service.hears("cpu of n2 is withdrawn")


def grows_slowly(told: Mapping[int, Mapping[str, Any]], node: str) -> None:
    """Free never grew by more than a step of capacity from one window to the next."""
    known = {window: nodes[node] for window, nodes in sorted(told.items()) if node in nodes}
    free = {window: one["resources"]["cpu"] for window, one in known.items()}
    pairs = [(free[window], free[window + 1]) for window in free if window + 1 in free]
    assert len(pairs) > 3
    for before, after in pairs:
        assert after["free"] <= before["free"] + STEP * after["capacity"] + 1e-9
