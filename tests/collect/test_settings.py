"""What is asked for, wherever it is written, and what is wrong with it, all at once."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from scroogevm.collect.env import read_env
from scroogevm.collect.settings import CollectSettings, TargetConfig
from scroogevm.collect.target import Target
from scroogevm.errors import MisuseError


def target(asked: TargetConfig) -> Target:
    ((found,),) = asked.nodes().values()
    return found


def problem(asked: TargetConfig) -> str:
    with pytest.raises(MisuseError) as caught:
        asked.nodes()
    assert caught.value.exit_code == 2
    return str(caught.value)


@pytest.mark.parametrize(
    ("word", "node", "url"),
    [
        ("http://n1:9100/metrics", "n1", "http://n1:9100/metrics"),
        ("n1:9100", "n1", "http://n1:9100/metrics"),
        ("https://n1/", "n1", "https://n1/metrics"),
        ("web=10.0.0.1:9100/x", "web", "http://10.0.0.1:9100/x"),
        ("http://[::1]:9100", "::1", "http://[::1]:9100/metrics"),
        ("http://n1/federate?match=a=b", "n1", "http://n1/federate?match=a=b"),
    ],
)
def test_a_word_names_node_and_url(word: str, node: str, url: str) -> None:
    assert {name: found[0].url for name, found in TargetConfig([word]).nodes().items()} == {
        node: url
    }


def test_exporters_of_one_host_are_one_node() -> None:
    nodes = TargetConfig(["http://n1:9100/metrics", "http://n1:9177/metrics", "n2:9100"]).nodes()
    assert {name: len(targets) for name, targets in nodes.items()} == {"n1": 2, "n2": 1}


def test_credentials_of_a_url_are_used_and_shown_nowhere() -> None:
    found = target(TargetConfig(["http://ann:s3cr%65t@n1/metrics?token=t0ken"]))
    assert found.authorization == "Basic YW5uOnMzY3JldA=="
    assert "s3cr" not in repr(found) + found.url
    assert "t0ken" not in found.shown
    said = problem(TargetConfig(["http://ann:s3cret@:0/metrics"]))
    assert "s3cret" not in said


def test_a_target_has_secrets_of_its_own_or_those_of_all(tmp_path: Path) -> None:
    for name in ("all", "own"):
        (tmp_path / name).write_text(f"{name}-secret\n")
    tables = [
        {"url": "http://n1"},
        {"url": "http://n2", "token_file": str(tmp_path / "own")},
        {"url": "http://n3", "user": "ann", "password-file": str(tmp_path / "own")},
    ]
    asked = TargetConfig(tables=tables, defaults={"token-file": str(tmp_path / "all")})
    found = {node: targets[0].authorization for node, targets in asked.nodes().items()}
    assert found["n1"] == "Bearer all-secret"
    assert found["n2"] == "Bearer own-secret"
    assert found["n3"].startswith("Basic ")


def test_a_secret_that_changed_makes_another_target(tmp_path: Path) -> None:
    token = tmp_path / "token"
    asked = TargetConfig(["n1"], defaults={"token-file": str(token)})
    token.write_text("one")
    before = asked.nodes()
    assert asked.nodes() == before
    token.write_text("two")
    assert asked.nodes() != before


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ({}, "give url, or urls"),
        ({"url": "http://n", "urls": []}, "give url, or urls"),
        ({"urls": "http://n"}, "urls is not a list of texts"),
        ({"url": 3}, "url is not text"),
        ({"url": "http://n", "node": 3}, "node is not text"),
        ({"url": "ftp://n"}, "names no exporter"),
        ({"url": "http://n:99999"}, "names no exporter"),
        ({"url": "http://n", "intervall": 5}, "did you mean 'interval'?"),
        ({"url": "http://n", "interval": 0}, "is not from 0.05 to 3600 s"),
        ({"url": "http://n", "interval": "often"}, "is not a duration"),
        ({"url": "http://n", "interval": True}, "is not a number of seconds"),
        ({"url": "http://n", "token-file": 3}, "token-file is not text"),
        ({"url": "http://n", "token-file": "/none"}, "cannot be read: No such file"),
        ({"url": "http://n", "ca-file": "/none"}, "cannot be read: No such file"),
        ({"url": "http://n", "user": "ann"}, "need each other"),
        ({"url": "http://a:b@n", "token-file": "/none"}, "exclude each other"),
        ({"url": "http://n", "dialects": 3}, "dialects is not a table of tables"),
        ({"url": "http://n", "dialects": {"vmprob": {}}}, "did you mean 'vmprobe'?"),
        ({"url": "http://n", "dialects": {"vmprobe": {"x": "y"}}}, "unknown parameter 'x'"),
    ],
)
def test_what_a_table_says_wrong(table: Mapping[str, Any], words: str) -> None:
    assert words in problem(TargetConfig(tables=[table]))


def test_all_problems_are_told_at_once(tmp_path: Path) -> None:
    words = ["ftp://n", "http://n", "http://n", "two words"]
    said = problem(TargetConfig(words, [{"url": 3}], targets_file=tmp_path / "none"))
    for each in (
        "names no exporter",
        "n has http://n/metrics twice",
        "is not a target",
        "url is not text",
        "none: cannot be read",
    ):
        assert each in said
    assert len(said.splitlines()) == 1


def test_nothing_to_scrape_is_said() -> None:
    assert "no target is given" in problem(TargetConfig())


def test_parameters_of_dialects_and_names_of_ones_own() -> None:
    asked = TargetConfig(
        tables=[{"url": "http://n", "dialects": {"vmprobe": {"prefix": "a_domain"}}}],
        dialects={"inovex": {"vm-label": "uuid"}},
        names={"my_cores": {"term": "cores"}},
    )
    dialects = {dialect.name: dialect for dialect in target(asked).dialects}
    assert dialects["inovex"].vm_label == "uuid"  # type: ignore[attr-defined]
    assert dialects["vmprobe"].prefix == "a_domain"  # type: ignore[attr-defined]
    assert dialects["names"].places("my_cores", {})[0].term == "cores"


def discovery(folder: Path, content: object) -> TargetConfig:
    path = folder / "targets.json"
    path.write_text(json.dumps(content))
    return TargetConfig(targets_file=path)


def test_a_file_of_targets_as_prometheus_takes_it(tmp_path: Path) -> None:
    labels = {
        "__scheme__": "https",
        "__metrics_path__": "/m",
        "__scrape_interval__": "15s",
        "x": "y",
    }
    groups = [
        {"targets": ["n1:9100", "n1:9177"]},
        {"targets": ["10.0.0.2:9100"], "labels": {**labels, "node": "n2"}},
    ]
    nodes = discovery(tmp_path, groups).nodes()
    assert [found.url for found in nodes["n1"]] == [
        "http://n1:9100/metrics",
        "http://n1:9177/metrics",
    ]
    assert (nodes["n2"][0].url, nodes["n2"][0].interval) == ("https://10.0.0.2:9100/m", 15)
    assert discovery(tmp_path, []).nodes() == {}


@pytest.mark.parametrize(
    "content", [{}, [3], [{"targets": "n1"}], [{"targets": ["n1"], "labels": {"node": 3}}]]
)
def test_a_file_of_targets_that_is_none(tmp_path: Path, content: object) -> None:
    assert "is not a list of targets" in problem(discovery(tmp_path, content))
    (tmp_path / "targets.json").write_text("[")
    assert "is not JSON" in problem(TargetConfig(targets_file=tmp_path / "targets.json"))


ENV = """
# what the predecessor's example looks like
AGGREG_STUB_LIST='[["http://n1:9100/metrics", "vmprobe"], ["http://n2:9100/metrics", ""]]'
AGGREG_FETCH_DELAY=2500  # ms
export INFLUXDB_URL="http://127.0.0.1:8086/"
INFLUXDB_TOKEN=t0k=en#1
INFLUXDB_ORG=org
INFLUXDB_BUCKET=osub
"""


def test_the_predecessors_settings(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_text(ENV)
    asked = TargetConfig(env=path)
    nodes = asked.nodes()
    assert list(nodes) == ["http://n1:9100/metrics", "http://n2:9100/metrics"]
    (first,) = nodes["http://n1:9100/metrics"]
    assert first.interval == 2.5
    vmprobe = next(dialect for dialect in first.dialects if dialect.name == "vmprobe")
    assert vmprobe.places("vmprobe_global_cpu_total", {})
    assert not vmprobe.places("other_global_cpu_total", {})
    assert CollectSettings(asked).place == "influxdb:http://127.0.0.1:8086/osub"
    env = read_env(path)
    assert env.token == "t0k=en#1"  # noqa: S105  # of a test
    assert "t0k" not in repr(env)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("AGGREG_STUB_LIST=[[1, 2]]", "is not a list"),
        ("AGGREG_STUB_LIST=nodes", "is not a list"),
        ("AGGREG_FETCH_DELAY=soon", "is not a number of milliseconds"),
    ],
)
def test_what_the_predecessor_would_not_have_taken(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / ".env"
    path.write_text(text)
    assert words in problem(TargetConfig(env=path))


def test_numbers_are_checked_with_the_targets() -> None:
    settings = CollectSettings(TargetConfig(["ftp://n"]), time_limit=0, listen="0.0.0.0:1")
    with pytest.raises(MisuseError) as caught:
        settings.check()
    for each in ("--time-limit 0", "--listen", "names no exporter"):
        assert each in str(caught.value)
