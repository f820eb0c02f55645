"""Alert rules and the Grafana dashboard speak of metrics that there are."""

import json
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from documents import ROOT
from scroogevm.balloon.view import BalloonNode, BalloonView, BalloonVM
from scroogevm.core.sketch import Sketch
from scroogevm.ledger import FIELDS, Totals
from scroogevm.offers.status import Inputs, NodeStatus, ResourceOffer, Status
from scroogevm.service.metrics import render
from scroogevm.web.reader import ServiceHealth, SinkHealth
from servers import require

PACKAGING = ROOT / "packaging"
RULES = PACKAGING / "prometheus" / "scroogevm-alerts.yml"


def exposition() -> str:
    """Metrics of a service that has told something."""
    offer = ResourceOffer("cores", 8.0, 4.0, 2.0, 2.0, 6.0, 1.25, "calibrated", "ok", 100.0)
    node = NodeStatus("n1", "all", 1e9, {"cpu": offer}, Inputs(1, 1, 1.0, 1, 1, 0, 0.0, 0.0))
    status = Status(1, 1, 1800.0, 1805.0, 1800.0, 1800.0, {"n1": node})
    phases = {"judge": 0.1}
    sinks = (SinkHealth("placement", 1, 0, "", {"reverted": 0}),)
    health = ServiceHealth(True, 1800.0, 0.0, phases, "", 0, 1024, sinks)
    sums = np.ones((len(FIELDS), 1, 1))
    totals = Totals(("offered",), ("n1",), sums, np.zeros((1, 1)), Sketch())
    vm = BalloonVM("u", "web", 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, "refuse", "stale", "old", "")
    shown = BalloonNode("n1", 1.0, 8.0, 1.0, 1.0, 1.0, "", 0.1, [vm])
    balloon = BalloonView(1, "plan", "pressure", 1.0, [shown], [])
    return render(status, health, {"cpu": totals}, balloon)


def known() -> Mapping[str, set[str]]:
    """Labels of each metric."""
    found: dict[str, set[str]] = {}
    for line in exposition().splitlines():
        if not line.startswith("#"):
            name, _, rest = line.partition("{")
            labels = set(re.findall(r'(\w+)="', rest))
            found.setdefault(name.split(" ")[0], set()).update(labels)
    return found


def spoken(text: str) -> set[str]:
    return set(re.findall(r"\bscroogevm_\w+", text))


def test_rules_and_dashboard_name_metrics_that_there_are() -> None:
    there = known()
    grafana = json.loads((PACKAGING / "grafana" / "scroogevm.json").read_text())
    exprs = [target["expr"] for panel in grafana["panels"] for target in panel["targets"]]
    assert len(exprs) > 10
    for text in (RULES.read_text(), *exprs):
        assert spoken(text) <= set(there)
        for name, labels in re.findall(r"(scroogevm_\w+)\{([^}]*)\}", text):
            assert set(re.findall(r"(\w+)=", labels)) <= there[name]


def test_every_metric_is_described() -> None:
    page = (ROOT / "docs" / "reference" / "api.md").read_text()
    for name in known():
        short = name.removeprefix("scroogevm_node").removeprefix("scroogevm_today")
        assert name in page or f"`{short}`" in page, name


def test_rules_fire_when_they_should() -> None:
    promtool = require("promtool")
    for words in (("check", "rules", RULES), ("test", "rules", _of_tests())):
        done = subprocess.run([promtool, *words], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


def test_every_alert_has_a_line_in_the_runbook() -> None:
    page = (ROOT / "docs" / "howto" / "operate.md").read_text()
    alerts = re.findall(r"alert: (\w+)", RULES.read_text())
    assert len(alerts) == 9
    assert [alert for alert in alerts if f"| `{alert}` |" not in page] == []


def _of_tests() -> Path:
    return RULES.with_name("scroogevm-alerts-test.yml")
