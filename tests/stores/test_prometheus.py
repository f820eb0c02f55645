"""The Prometheus store against a real server that has a history of exporters."""

import pickle
from collections.abc import Iterator
from pathlib import Path

import httpx
import numpy as np
import pytest

from scroogevm.errors import MisuseError, StoreError
from scroogevm.ports import Store
from scroogevm.stores._scraped import plan
from scroogevm.stores.prometheus import Prometheus
from scroogevm.stores.victoriametrics import VictoriaMetrics
from servers import Prometheus as PrometheusServer
from servers import VictoriaMetrics as VictoriaMetricsServer
from stores.exporters import History, always, guest, machine, steady

T = 1_700_000_000.0
EVERY = ["cpu", "mem", "cpu_usage", "mem_usage"]
RESET = 300.0


def began_anew(time: float) -> float:
    return 2.0 * time if time < RESET else 2.0 * (time - RESET)


@pytest.fixture(scope="module")
def history() -> str:
    """Ten minutes of: a node with two exporters, one scraped twice over, one with other labels."""
    past = History()
    node, vms = range(0, 600, 10), range(3, 600, 10)
    for name, busy in (("n1", 0.5), ("n2", 0.25)):
        host = machine(4, busy, 16384, 12288)
        past.scrape(node, {"instance": f"{name}:9100", "job": "node"}, host, T)
        both = guest("web", 2, steady(1.5), 4096) | guest("db", 1, began_anew, 2048)
        past.scrape(vms, {"instance": f"{name}:9177", "job": "libvirt"}, both, T)
    for replica, shift in (("a", 0.0), ("b", 4.0)):
        labels = {"instance": "ha:9100", "job": "node", "prometheus_replica": replica}
        times = [time + shift for time in (node if replica == "a" else range(0, 300, 10))]
        past.scrape(times, labels, machine(2, 0.5, 1024, 512), T)
    past.scrape(
        node,
        {"instance": "10.0.0.9:9100", "job": "node", "rack": "r7-host9.example"},
        machine(2, 0.5, 1024, 512),
        T,
    )
    past.scrape(
        range(0, 600, 10),
        {"instance": "old:9100", "job": "node"},
        {
            "my_pre_global_probe_epoch": lambda time: (T + 20 * (time // 20)) * 1000,
            "my_pre_global_cpu_total": lambda _: 8.0,
            "my_pre_global_cpu_user": lambda time: 3e9 * (20 * (time // 20)),
            "my_pre_global_cpu_kernel": lambda time: 1e9 * (20 * (time // 20)),
            "my_pre_global_memory_total": lambda _: 2.0**20,
            "my_pre_global_memory_available": lambda _: 2.0**19,
            "my_pre_domain_db_2_cpu_alloc": lambda _: 2.0,
            "my_pre_domain_db_2_cpu_cputime": lambda time: 1e9 * (20 * (time // 20)),
            "my_pre_domain_db_2_memory_alloc": lambda _: 2.0**18,
        },
        T,
    )
    for prometheus, shift in (("a", 0.0), ("b", 4.0)):  # no label that we know
        labels = {"instance": "twice:9100", "job": "node", "monitor": prometheus}
        both = machine(2, 0.5, 1024, 512) | guest("web", 2, steady(1.5), 4096)
        past.scrape([time + shift for time in node], labels, both, T)
    for job in ("a", "b"):
        labels = {"instance": "jobs:9100", "job": job}
        past.scrape(node, labels, machine(2, 0.5, 1024, 512) | guest("web", 2, steady(1.5), 1), T)
    for port, half in (("9100", range(0, 300, 10)), ("9101", range(300, 600, 10))):
        labels = {"instance": f"moved:{port}", "job": "node"}
        past.scrape(half, labels, machine(2, 0.5, 1024, 512) | guest("web", 2, steady(1.5), 1), T)
    past.scrape(node, {"job": "rules"}, machine(2, 0.5, 1024, 512), T)
    for job, said in FORK.items():
        past.scrape(node, {"instance": f"10.0.0.8:{job}", "job": job}, said, T)
    return past.text


FORK = {
    "9100": machine(4, 0.5, 16384, 12288),
    "9177": {
        'dom_cpu_ns{name="web",uuid="1"}': steady(1.5e9),
        'dom_vcpus{name="web",uuid="1"}': always(2),
        'dom_balloon_kib{name="web",uuid="1"}': always(4096 * 1024),
    },
}
"""What a fork says that no dialect knows, beside a node_exporter."""

NAMES = """
[collect.names]
dom_cpu_ns = { term = "cpu_time", vm = "name", factor = 1e-9 }
dom_vcpus = { term = "vcpus", vm = "name" }
dom_balloon_kib = { term = "mem_current", vm = "name", factor = 0.0009765625 }

[nodes]
"10.0.0.8" = "n8"
"""


@pytest.fixture(scope="module")
def prometheus(history: str) -> Iterator[PrometheusServer]:
    with PrometheusServer(history=history) as server:
        yield server


@pytest.fixture(scope="module")
def victoriametrics(history: str) -> Iterator[VictoriaMetricsServer]:
    lines = []
    for line in history.splitlines():
        if not line.startswith("#"):
            rest, _, time = line.rpartition(" ")
            lines.append(f"{rest} {round(float(time) * 1000)}")
    with VictoriaMetricsServer() as server:
        httpx.post(
            f"{server.url}/api/v1/import/prometheus", content="\n".join(lines)
        ).raise_for_status()
        server.flush()
        yield server


KINDS = {"prometheus": Prometheus, "victoriametrics": VictoriaMetrics}


@pytest.fixture(params=sorted(KINDS))
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def store(request: pytest.FixtureRequest, kind: str) -> Iterator[Store]:
    with KINDS[kind](request.getfixturevalue(kind).url) as opened:
        yield opened


def test_nodes_are_hosts_of_targets_with_samples_in_the_time(store: Store) -> None:
    assert store.nodes(T, T + 600) == [
        "10.0.0.8",
        "10.0.0.9",
        "ha",
        "jobs",
        "moved",
        "n1",
        "n2",
        "old",
        "twice",
    ]
    assert store.nodes(T - 600, T - 1) == []
    assert store.nodes(T, T) == []


def test_two_exporters_of_a_node_become_rows_with_common_times(store: Store) -> None:
    nodes, vms = store.read(["n1"], T + 100, T + 200, EVERY)
    assert list(nodes.owners) == [("n1",)]
    assert (nodes.time - T).tolist() == list(range(100, 200, 10))
    np.testing.assert_allclose(nodes.values["cpu"], 4)
    np.testing.assert_allclose(nodes.values["cpu_usage"], 0.5)
    np.testing.assert_allclose(nodes.values["mem"], 16384)
    np.testing.assert_allclose(nodes.values["mem_usage"], 4096)
    assert list(vms.owners) == [("n1", "db"), ("n1", "web")]
    assert (vms.time - T).tolist() == 2 * list(range(100, 200, 10))
    np.testing.assert_allclose(vms.values["cpu_usage"], [2.0] * 10 + [1.5] * 10)
    np.testing.assert_allclose(vms.values["mem"], [2048] * 10 + [4096] * 10)
    assert np.isnan(vms.values["mem_usage"]).all()


def test_several_nodes_are_read_together_and_unknown_ones_have_no_rows(store: Store) -> None:
    nodes, vms = store.read(["n2", "nobody", "n1"], T + 100, T + 200, EVERY)
    assert list(nodes.owners) == [("n1",), ("n2",)]
    np.testing.assert_allclose(nodes.values["cpu_usage"], [0.5] * 10 + [0.25] * 10)
    assert len(vms) == 40
    assert len(store.read(["n1.", "1"], T, T + 600).nodes) == 0


def test_a_counter_that_began_anew_gives_no_rate_there(store: Store) -> None:
    vms = store.read(["n1"], T + RESET - 50, T + RESET + 50, ["cpu_usage"]).vms
    of_db = vms.values["cpu_usage"][vms.owner == 0]
    assert np.isnan(of_db).sum() == 1
    np.testing.assert_allclose(of_db[~np.isnan(of_db)], 2.0)


def test_the_first_rates_of_a_time_come_from_what_was_before_it(store: Store) -> None:
    usage = store.read(["n1"], T, T + 30, ["cpu_usage"]).nodes.values["cpu_usage"]
    assert np.isnan(usage).tolist() == [True, False, False]  # nothing was before the history
    usage = store.read(["n1"], T + 10, T + 30, ["cpu_usage"]).nodes.values["cpu_usage"]
    np.testing.assert_allclose(usage, 0.5)


def test_of_two_servers_that_scrape_the_same_one_is_believed(store: Store) -> None:
    nodes = store.read(["ha"], T + 100, T + 400, EVERY).nodes
    assert (nodes.time - T).tolist() == list(range(100, 400, 10))
    np.testing.assert_allclose(nodes.values["cpu_usage"], 0.5)
    np.testing.assert_allclose(nodes.values["cpu"], 2)


@pytest.mark.parametrize("node", ["twice", "jobs"])
def test_what_is_there_twice_is_not_summed(store: Store, node: str) -> None:
    nodes, vms = store.read([node], T + 100, T + 400, EVERY)
    assert len(nodes) == 30
    np.testing.assert_allclose(nodes.values["cpu"], 2)
    np.testing.assert_allclose(nodes.values["cpu_usage"], 0.5)
    np.testing.assert_allclose(nodes.values["mem_usage"], 512)
    assert list(vms.owners) == [(node, "web")]
    assert len(vms) == 30
    np.testing.assert_allclose(vms.values["cpu"], 2)
    np.testing.assert_allclose(vms.values["cpu_usage"], 1.5)


def test_a_target_that_moved_to_another_port_is_followed(store: Store) -> None:
    with type(store)(store.location, longest=15.0) as opened:  # type: ignore[attr-defined, call-arg]
        nodes, vms = opened.read(["moved"], T, T + 600, EVERY)
    for rows in (nodes, vms):
        assert len(rows.owners) == 1
        assert len(rows) >= 58
        assert np.isnan(rows.values["cpu_usage"]).sum() <= 2
        assert (np.diff(rows.time) > 0).all()


def test_series_without_a_node_belong_to_none(store: Store) -> None:
    assert "" not in store.nodes(T, T + 600)


def test_the_predecessors_probe_is_read_by_its_own_clock_and_repeats_are_left_out(
    store: Store,
) -> None:
    nodes, vms = store.read(["old"], T + 100, T + 200, EVERY)
    assert (nodes.time - T).tolist() == [100, 120, 140, 160, 180]
    np.testing.assert_allclose(nodes.values["cpu_usage"], 4)
    np.testing.assert_allclose(nodes.values["mem_usage"], 512)
    assert list(vms.owners) == [("old", "db_2")]
    np.testing.assert_allclose(vms.values["cpu_usage"], 1)


def test_another_label_and_pattern_name_the_node(prometheus: PrometheusServer) -> None:
    pattern = r".*-(.*)\.example"
    with Prometheus(prometheus.url, node_label="rack", node_pattern=pattern) as store:
        assert store.nodes(T, T + 600) == ["host9"]
        assert len(store.read(["host9"], T, T + 60).nodes) == 6


def test_further_matchers_leave_other_jobs_out(prometheus: PrometheusServer) -> None:
    with Prometheus(prometheus.url, match='job="libvirt"') as store:
        assert store.nodes(T, T + 600) == ["n1", "n2"]
        nodes, vms = store.read(["n1"], T + 100, T + 200)
        assert len(nodes) == 0
        assert len(vms) == 20
        assert (vms.time[0] - T) == 103


def test_another_label_names_the_vms(prometheus: PrometheusServer) -> None:
    with Prometheus(prometheus.url, vm_label="uuid") as store:
        assert list(store.read(["n1"], T, T + 60).vms.owners) == [("n1", "u-db"), ("n1", "u-web")]


def test_a_file_of_names_says_what_a_fork_means_and_what_its_node_is_called(
    request: pytest.FixtureRequest, kind: str, tmp_path: Path
) -> None:
    names = tmp_path / "names.toml"
    names.write_text(NAMES)
    url = request.getfixturevalue(kind).url
    with pickle.loads(pickle.dumps(KINDS[kind](url, names_file=str(names)))) as store:  # noqa: S301  # our own
        assert "n8" in store.nodes(T, T + 600)
        assert "10.0.0.8" not in store.nodes(T, T + 600)
        nodes, vms = store.read(["n8"], T + 100, T + 200, EVERY)
    np.testing.assert_allclose(nodes.values["mem"], 16384)
    assert list(vms.owners) == [("n8", "web")]
    np.testing.assert_allclose(vms.values["cpu"], 2)
    np.testing.assert_allclose(vms.values["cpu_usage"], 1.5)
    np.testing.assert_allclose(vms.values["mem"], 4096)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("x = ", "is not TOML"),
        ("collect = 3", "collect is not a table"),
        ("[nodes]\na = 3", 'nodes are written "LABEL" = "NAME"'),
        ("[collect.dialects]\ninovex = 3", "inovex is not a table"),
        ("[collect.dialects.inovexx]", "did you mean 'inovex'"),
        ('[collect.names]\nx = { term = "cpu_tim" }', "did you mean 'cpu_time'"),
    ],
)
def test_a_file_of_names_that_makes_no_sense_is_refused_at_once(
    tmp_path: Path, content: str, said: str
) -> None:
    names = tmp_path / "names.toml"
    names.write_text(content)
    with pytest.raises(MisuseError, match=said) as caught:
        Prometheus("http://h:9090", names_file=str(names))
    assert str(names) in str(caught.value)


def test_empty_years_around_are_crossed(store: Store) -> None:
    assert len(store.read(["n1"], T - 1e8, T + 1e8, ["cpu"]).nodes) == 60


def test_pieces_join_without_gap_or_repeat(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = store.read(["n1", "n2", "ha"], T, T + 600, EVERY)
    monkeypatch.setattr(plan, "SAMPLES", 300)
    cut = store.read(["n1", "n2", "ha"], T - 1e3, T + 1e3, EVERY)
    for one, other in zip(whole, cut, strict=True):
        assert list(one.owners) == list(other.owners)
        np.testing.assert_array_equal(one.owner, other.owner)
        np.testing.assert_array_equal(one.time, other.time)
        for name in EVERY:
            np.testing.assert_allclose(one.values[name], other.values[name])


def test_a_server_that_gives_little_at_once_is_asked_for_less(history: str) -> None:
    class Narrow(PrometheusServer):
        def words(self) -> list[str]:
            return [*super().words(), "--query.max-samples=2000"]

    with Narrow(history=history) as server, Prometheus(server.url) as store:
        nodes = store.read(["n1", "n2"], T, T + 600, EVERY).nodes
        assert len(nodes) == 120
    with pytest.raises(StoreError, match=r"too many samples.*raise the limit") as caught:
        _none_at_all(history)
    assert "node n1, 2023-11-14" in str(caught.value)


def _none_at_all(history: str) -> None:
    class Narrower(PrometheusServer):
        def words(self) -> list[str]:
            return [*super().words(), "--query.max-samples=20"]

    with Narrower(history=history) as server, Prometheus(server.url) as store:
        store.read(["n1"], T, T + 600, EVERY)


def test_a_prometheus_takes_no_samples(prometheus: PrometheusServer) -> None:
    with Prometheus(prometheus.url) as store, pytest.raises(MisuseError, match="it scrapes"):
        store.write([])
    assert not Prometheus.writable


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"node_pattern": "("}, "not a regular expression"),
        ({"node_pattern": ".*"}, "no group"),
        ({"node_label": 'a"b'}, "not the name of a label"),
        ({"user": "me"}, "need each other"),
        ({"headers": "X-Scope-OrgID"}, "NAME: VALUE"),
    ],
)
def test_parameters_that_make_no_sense_are_refused(wrong: dict[str, str], said: str) -> None:
    with pytest.raises(MisuseError, match=said):
        Prometheus("http://h:9090", **wrong)  # type: ignore[arg-type]


def test_a_matcher_that_is_no_promql_is_named(prometheus: PrometheusServer) -> None:
    with (
        Prometheus(prometheus.url, match="job=") as store,
        pytest.raises(StoreError, match="parse error"),
    ):
        store.nodes(T, T + 60)
