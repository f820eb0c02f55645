"""The InfluxDB store against a real 1.x; test_influxdb_later has what 2.x and 3.x say."""

import pickle
import string
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scroogevm.core.samples import NODE, VM, Sample
from scroogevm.errors import MisuseError, StoreError
from scroogevm.stores import influxdb
from scroogevm.stores._influxdb.lines import lines, tagged, untagged
from scroogevm.stores._server import batches
from scroogevm.stores.influxdb import InfluxDB
from servers import Influx1, VictoriaMetrics
from stores.aggregator import Aggregator
from stores.canned import Said, canned

T = 1_700_000_000.0
HOSTILE = (
    "web 1",
    "a,b=c d",
    'quo"te',
    "it's",
    "back\\",
    "mid\\dle",
    "x\\ y",
    "new\nline",
    "ünï ☃",
    "%!x",
    "%20",
    "tab\t",
    "a" * 300,
)


@pytest.fixture(scope="module")
def server() -> Iterator[Influx1]:
    with Influx1() as server:
        yield server


def store_on(server: Influx1, database: str, **more: object) -> InfluxDB:
    return InfluxDB(f"{server.url}/{database}", create=True, **more)  # type: ignore[arg-type]


def sample(node: str = "n1", time: float = T, vms: tuple[str, ...] = ("a", "b")) -> Sample:
    return Sample(
        node,
        time,
        {name: 1.5 + i for i, name in enumerate(NODE)},
        vms,
        {name: np.arange(float(len(vms))) + 0.5 + i for i, name in enumerate(VM)},
    )


def test_names_that_the_protocol_escapes_or_cannot_say_come_back_as_they_were(
    server: Influx1,
) -> None:
    with store_on(server, "hostile") as store:
        store.write([sample(node, vms=HOSTILE) for node in HOSTILE])
        assert store.nodes(T, T + 1) == sorted(HOSTILE)
        read = store.read(HOSTILE, T, T + 1, ["cpu"])
    assert [owner[0] for owner in read.nodes.owners] == sorted(HOSTILE)
    assert set(read.vms.owners) == {(node, vm) for node in HOSTILE for vm in HOSTILE}


@given(st.text(st.characters(codec=None) | st.sampled_from(' ,="\\%!\n')))
def test_any_name_is_tagged_so_that_it_comes_back(name: str) -> None:
    value = tagged(name)
    assert untagged(value) == name
    assert value
    assert "\n" not in value
    assert not value.endswith("\\")


@given(st.text(string.ascii_letters + string.digits + ":/._-@ ,=", min_size=1))
def test_an_ordinary_name_stays_what_the_predecessor_wrote(name: str) -> None:
    assert tagged(name) == name


def test_missing_values_are_left_out_and_come_back_missing(server: Influx1) -> None:
    given_ = Sample(
        "n1",
        T,
        {"cpu": 4.0, "cpu_usage": np.nan, "mem": np.inf},
        ["a", "b"],
        {"cpu": np.array([2.0, np.nan]), "mem_usage": np.array([np.nan, np.nan])},
    )
    with store_on(server, "missing") as store:
        store.write([given_])
        read = store.read(["n1"], T, T + 1)
    assert read.nodes.values["cpu"].tolist() == [4.0]
    assert np.isnan(read.nodes.values["cpu_usage"]).all()
    assert np.isnan(read.nodes.values["mem"]).all()
    assert read.vms.owners == [("n1", "a"), ("n1", "b")]
    assert np.isnan(read.vms.values["cpu"]).tolist() == [False, True]
    (domain,) = server.query("SELECT * FROM domain", "missing")
    assert domain["columns"] == ["time", "cpu", "domain", "there", "url"]


def test_what_we_write_has_the_names_and_units_of_the_predecessor(server: Influx1) -> None:
    with store_on(server, "names") as store:
        store.write([sample(vms=("a", "b"))])
    (node,) = server.query("SELECT * FROM node", "names")
    point = dict(zip(node["columns"], node["values"][0], strict=True))
    assert point["url"] == "n1"
    assert point["vm_number"] == 2
    assert point["mem"] == pytest.approx(2.5 * 1024 / 1000)
    assert point["oc_cpu"] == pytest.approx((0.5 + 1.5) / 1.5)
    (domain,) = server.query("SELECT * FROM domain", "names")
    assert {"url", "domain", "cpu", "cpu_usage", "mem", "mem_rss", "mem_usage"} < set(
        domain["columns"]
    )


def test_a_bucket_of_the_predecessor_reads_into_cores_and_mib(server: Influx1) -> None:
    url = "http://10.0.0.7:9100/metrics"
    aggregator = Aggregator()
    for i in range(4):
        busy = {"kernel": 1e9 * i, "user": 4e9 * i}  # 5 s of cpu time in each 2 s
        node = busy | {"cpus": 8, "total": 16 << 20, "available": 12 << 20}
        cputime = 3e9 * i if i < 3 else 0.0  # began anew in the last round
        vm = {"vcpus": 2, "alloc": 4 << 20, "unused": 3 << 20, "rss": 2 << 20, "cputime": cputime}
        aggregator.round(url, int(T * 1000) + 2000 * i, node, {"web_1": vm})
    server.query("CREATE DATABASE old")
    server.write("\n".join(aggregator.lines), "old")

    with InfluxDB(f"{server.url}/old") as store:
        assert store.nodes(T, T + 60) == [url]
        nodes, vms = store.read(
            [url], T, T + 60, ["cpu", "mem", "cpu_usage", "mem_usage", "mem_rss"]
        )

    assert nodes.time.tolist() == [T, T + 2, T + 4, T + 6]
    assert nodes.values["cpu"].tolist() == [8.0] * 4
    np.testing.assert_allclose(nodes.values["mem"], 16384)
    np.testing.assert_allclose(nodes.values["mem_usage"], 4096)
    np.testing.assert_allclose(nodes.values["cpu_usage"], [np.nan, 2.5, 2.5, 2.5])
    assert vms.owners == [(url, "web_1")]
    np.testing.assert_allclose(vms.values["cpu_usage"], [np.nan, 1.5, 1.5, np.nan])
    np.testing.assert_allclose(vms.values["mem"], 4096)
    np.testing.assert_allclose(vms.values["mem_usage"], 1024)
    np.testing.assert_allclose(vms.values["mem_rss"], 2048)


def test_ours_and_the_predecessors_points_live_in_one_bucket(server: Influx1) -> None:
    server.query("CREATE DATABASE both")
    figures = {"cpus": 8, "kernel": 0, "user": 0, "total": 1 << 20, "available": 1 << 19}
    aggregator = Aggregator()
    aggregator.round("n1", int(T * 1000), figures, {})
    server.write("\n".join(aggregator.lines), "both")
    with store_on(server, "both") as store:
        store.write([sample("n1", T + 5)])
        read = store.read(["n1"], T, T + 60, ["mem"])
    np.testing.assert_allclose(read.nodes.values["mem"], [1024, 2.5])


def test_a_long_time_is_read_in_pieces_that_join_without_gap_or_repeat(
    server: Influx1, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(influxdb, "_SPAN", 7_000)
    monkeypatch.setattr(batches, "BYTES", 2000)
    with store_on(server, "pieces") as store:
        store.write([sample("n1", T + i) for i in range(50)])
        read = store.read(["n1"], T + 3, T + 40, ["cpu"])
    assert read.nodes.time.tolist() == [T + i for i in range(3, 40)]
    assert len(read.vms) == 2 * 37


def test_a_retention_policy_is_written_and_read(server: Influx1) -> None:
    server.query("CREATE DATABASE kept")
    server.query("CREATE RETENTION POLICY long ON kept DURATION INF REPLICATION 1")
    with InfluxDB(f"{server.url}/kept/long") as store:
        store.write([sample()])
        assert store.nodes(T, T + 1) == ["n1"]
    with InfluxDB(f"{server.url}/kept") as store:
        assert store.nodes(T, T + 1) == []


def test_a_database_is_created_only_when_asked_for(server: Influx1) -> None:
    with (
        InfluxDB(f"{server.url}/absent") as store,
        pytest.raises(StoreError, match="database not found") as caught,
    ):
        store.write([sample()])
    assert caught.value.temporary  # nothing is wrong with the samples
    with store_on(server, 'odd" name') as store:
        store.write([sample()])
        assert store.nodes(T, T + 1) == ["n1"]


def test_reading_a_database_that_is_not_there_names_it_and_the_node(server: Influx1) -> None:
    with (
        InfluxDB(f"{server.url}/absent") as store,
        pytest.raises(StoreError, match=r"node n1, 2023-11-14T22:13:20Z .*absent"),
    ):
        store.read(["n1"], T, T + 60)


def test_a_field_of_another_type_refuses_the_samples_for_good(server: Influx1) -> None:
    server.query("CREATE DATABASE text")
    server.write(f'node,url=n1 cpu="eight" {int(T * 1000)}', "text")
    with InfluxDB(f"{server.url}/text") as store:
        with pytest.raises(StoreError, match="conflict") as caught:
            store.write([sample()])
        assert not caught.value.temporary
        with pytest.raises(StoreError, match="not numbers"):
            store.read(["n1"], T, T + 1)


def test_a_victoriametrics_that_plays_influxdb_is_found_out() -> None:
    with (
        VictoriaMetrics() as server,
        InfluxDB(f"{server.url}/osub") as store,
        pytest.raises(StoreError, match=r"is not InfluxDB.*victoriametrics:URL"),
    ):
        store.read(["n1"], T, T + 1)


def test_a_server_without_a_ping_is_no_influxdb() -> None:
    with (
        canned(lambda _: Said(404, b"404 page not found")) as server,
        InfluxDB(f"{server.url}/osub") as store,
        pytest.raises(StoreError, match=r"is not InfluxDB.*prometheus:URL"),
    ):
        store.nodes(T, T + 1)


def test_credentials_are_sent_and_wrong_ones_are_named_but_not_shown(tmp_path: Path) -> None:
    right, wrong = tmp_path / "right", tmp_path / "wrong"
    right.write_text("secret\n")
    wrong.write_text("hunter2\n")
    with Influx1(auth=True) as server:
        with store_on(server, "db", user="admin", password_file=str(right)) as store:
            store.write([sample()])
            assert store.nodes(T, T + 1) == ["n1"]
            assert "secret" not in repr(store)
        with store_on(server, "db", user="admin", password_file=str(wrong)) as store:
            with pytest.raises(StoreError, match="does not accept the credentials") as caught:
                store.nodes(T, T + 1)
            assert "hunter2" not in str(caught.value)
            assert not caught.value.temporary
        with (
            store_on(server, "db") as store,
            pytest.raises(StoreError, match="does not accept the credentials"),
        ):
            store.write([sample()])


def test_a_server_that_was_down_is_used_again_by_the_same_store(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("scroogevm.stores._server.http.sleep", lambda _: None)
    with Influx1() as server, store_on(server, "db") as store:
        store.write([sample()])
        server.stop()
        with pytest.raises(StoreError, match="cannot be reached") as caught:
            store.write([sample("n2")])
        assert caught.value.temporary
        with pytest.raises(StoreError, match="cannot be reached"):
            store.nodes(T, T + 1)
        server.start()
        store.write([sample("n2")])
        assert store.nodes(T, T + 1) == ["n1", "n2"]


def test_a_store_that_was_used_goes_to_another_process(server: Influx1) -> None:
    with store_on(server, "pickled") as store:
        store.write([sample()])
        with pickle.loads(pickle.dumps(store)) as other:  # noqa: S301  # our own
            assert other.nodes(T, T + 1) == ["n1"]


@pytest.mark.parametrize(
    ("location", "said"),
    [
        ("http://h:8086", "does not contain a database"),
        ("http://h:8086/a/b/c", "does not contain a database"),
        ("http://h:8086/?db=", "does not contain a database"),
        ("h:8086/db", "is not the location of a server"),
        ("ftp://h/db", "is not the location of a server"),
        ("http://h:99999999/db", "is not the location of a server"),
        ("http://[::1/db", "not a URL"),
        ("http://me:hunter2@h/db", "a URL must not contain a password"),
    ],
)
def test_a_location_that_makes_no_sense_is_refused_without_showing_a_secret(
    location: str, said: str
) -> None:
    with pytest.raises(MisuseError, match=said) as caught:
        InfluxDB(location)
    assert "hunter2" not in str(caught.value)


def test_a_prefix_before_the_api_stays_when_the_database_is_a_parameter() -> None:
    store = InfluxDB("https://h/mon/?db=osub&rp=day")
    assert store.base == "https://h/mon/"
    assert store._target == {"db": "osub", "rp": "day"}


def test_a_sample_of_which_nothing_is_known_is_still_seen() -> None:
    assert list(lines(Sample("n1", 1.0, {}), 1.0)) == ["node,url=n1 vm_number=0i 1000"]
