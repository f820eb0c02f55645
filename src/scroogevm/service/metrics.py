"""The service's own metrics."""

from collections import Counter
from collections.abc import Iterator, Mapping

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from scroogevm import __version__
from scroogevm.balloon.view import BalloonView
from scroogevm.ledger import FIELDS, Totals
from scroogevm.offers.status import NODE_STATES, Status
from scroogevm.own_metrics import exposition
from scroogevm.web.reader import ServiceHealth

_OF_NODES: Mapping[str, str] = {
    "capacity": "capacity of a node, cores or MiB",
    "allocated": "allocation of its VMs",
    "demand": "expected demand in the next window",
    "free": "what may be allocated to further VMs; 0 if the offer has expired",
    "ratio": "allocated and free units for each real unit",
}
_TODAY: Mapping[str, str] = {
    "windows": "node-windows that were judged today (UTC)",
    "violations": "node-windows of today with usage above the promise",
    "severity": "sum of shortfall / capacity over these node-windows",
}


def render(
    status: Status | None,
    health: ServiceHealth,
    today: Mapping[str, Totals],
    balloon: BalloonView | None = None,
    *,
    node_series: bool = True,
) -> str:
    """The metrics of one moment.

    Args:
        status: as it is valid now; None if there is none yet.
        health: of the service.
        today: totals of the day, by resource.
        balloon: state of the memory companion; None for none.
        node_series: whether the offers of each node are among them.
    """
    every = [*_about(health), *_states(status), *_totals(today), *_balloon(balloon)]
    if node_series:
        every += _nodes(status)
    return exposition(every)


def _about(health: ServiceHealth) -> Iterator[Metric]:
    info = GaugeMetricFamily("scroogevm_build_info", "version of the service", labels=["version"])
    info.add_metric([__version__], 1.0)
    yield info
    yield GaugeMetricFamily("scroogevm_ready", "1 if offers are valid", value=health.ready)
    if health.window_end is not None:
        yield GaugeMetricFamily(
            "scroogevm_window_end_timestamp_seconds",
            "end of the newest judged window",
            value=health.window_end,
        )
    yield GaugeMetricFamily(
        "scroogevm_window_lag_seconds", "delay of the newest window", value=health.lag
    )
    phases = GaugeMetricFamily(
        "scroogevm_loop_duration_seconds", "duration of each phase of the loop", labels=["phase"]
    )
    for phase, seconds in health.phases.items():
        phases.add_metric([phase], seconds)
    yield phases
    yield GaugeMetricFamily(
        "scroogevm_trouble", "1 if windows wait for store or disk", value=bool(health.trouble)
    )
    yield CounterMetricFamily(
        "scroogevm_late_samples", "samples that came too late for their window", value=health.late
    )
    failures = CounterMetricFamily(
        "scroogevm_sink_failures", "deliveries of a status that failed", labels=["sink"]
    )
    for sink in health.sinks:
        failures.add_metric([sink.name], sink.failures)
    yield failures
    numbers = GaugeMetricFamily(
        "scroogevm_sink_number", "other counts of a sink", labels=["sink", "number"]
    )
    for sink in health.sinks:
        for name, value in sink.numbers.items():
            numbers.add_metric([sink.name, name], value)
    yield numbers
    yield GaugeMetricFamily(
        "scroogevm_journal_bytes", "size of the journal", value=health.journal_bytes
    )


def _states(status: Status | None) -> Iterator[Metric]:
    if status is None:
        return
    counts = GaugeMetricFamily("scroogevm_nodes", "nodes by state", labels=["state"])
    number = Counter(node.state for node in status.nodes.values())
    for state in NODE_STATES:
        counts.add_metric([state], number[state])
    yield counts


def _nodes(status: Status | None) -> Iterator[Metric]:
    if status is None:
        return
    for name, meaning in _OF_NODES.items():
        family = GaugeMetricFamily(f"scroogevm_node_{name}", meaning, labels=["node", "resource"])
        for node in status.nodes.values():
            for resource, offer in node.resources.items():
                value = getattr(offer, name)
                if value is not None:
                    family.add_metric([node.node, resource], value)
        yield family
    states = GaugeMetricFamily(
        "scroogevm_node_offer_state", "1 for the state of an offer", labels=["node", "state"]
    )
    for node in status.nodes.values():
        states.add_metric([node.node, node.state], 1.0)
    yield states


def _balloon(view: BalloonView | None) -> Iterator[Metric]:
    if view is None:
        return
    amounts = {
        "taken": "memory that the companion took from VMs, MiB",
        "wanted": "memory that the node needs, MiB",
    }
    for name, meaning in amounts.items():
        family = GaugeMetricFamily(f"scroogevm_balloon_{name}", meaning, labels=["node"])
        for node in view.nodes:
            value = getattr(node, name)
            if value is not None:
                family.add_metric([node.node], value)
        yield family
    answers = GaugeMetricFamily(
        "scroogevm_balloon_node_up", "1 if libvirt of the node answers", labels=["node"]
    )
    acts = GaugeMetricFamily(
        "scroogevm_balloon_vms", "VMs by the action of the last cycle", labels=["node", "act"]
    )
    refusals = GaugeMetricFamily(
        "scroogevm_balloon_refused_vms",
        "VMs that are not changed, by reason",
        labels=["node", "rule"],
    )
    for node in view.nodes:
        answers.add_metric([node.node], float(not node.problem))
        for act, number in Counter(vm.act for vm in node.vms).items():
            acts.add_metric([node.node, act], number)
        for rule, number in Counter(vm.rule for vm in node.vms if vm.act == "refuse").items():
            refusals.add_metric([node.node, rule], number)
    yield from (answers, acts, refusals)


def _totals(today: Mapping[str, Totals]) -> Iterator[Metric]:
    for name, meaning in _TODAY.items():
        family = GaugeMetricFamily(
            f"scroogevm_today_{name}", meaning, labels=["strategy", "resource"]
        )
        for resource, total in today.items():
            sums = total.sums[FIELDS.index(name)]
            for at, strategy in enumerate(total.strategies):
                family.add_metric([strategy, resource], float(sums[at].sum()))
        yield family
