"""Names that a user writes down."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from scroogevm.errors import MisuseError
from scroogevm.ports import DIALECTS
from scroogevm.registry import parameters
from scroogevm.telemetry import names, terms
from scroogevm.telemetry.dialect import Place, every_dialect
from scroogevm.telemetry.names import with_names

DOMAIN = {"domain": "web"}


def test_the_example_of_the_module_is_understood() -> None:
    text = str(names.__doc__).split("```")[1].removeprefix("toml")
    own, *others = with_names(every_dialect(), tomllib.loads(text)["collect"]["names"])
    assert own.places("libvirt_dom_cpu_seconds", DOMAIN) == (Place("web", "cpu_time"),)
    (place,) = own.places("libvirt_dom_balloon_kib", DOMAIN)
    assert place.factor == 1 / 1024
    assert own.places("host_cpu_seconds", {"mode": "user"}) == (Place(None, "cpu_time"),)
    assert not own.places("host_cpu_seconds", {"mode": "idle"})
    assert not own.places("libvirt_dom_cpu_seconds", {})
    assert not own.places("libvirt_domain_vcpu_steal_seconds", DOMAIN)
    (inovex,) = (dialect for dialect in others if dialect.name == "inovex")
    assert inovex.places("libvirt_domain_vcpu_steal_seconds", DOMAIN)
    assert inovex.places("libvirt_domain_info_virtual_cpus", DOMAIN)


def test_a_name_that_a_dialect_has_too_is_meant_as_the_user_says() -> None:
    table = {"node_load1": {"term": "cores", "dialect": "node-exporter"}}
    table |= {"node_memory_MemTotal_bytes": {"term": "mem_available", "dialect": "node-exporter"}}
    (dialect,) = (d for d in with_names(every_dialect(), table) if d.name == "node-exporter")
    assert dialect.places("node_load1", {}) == (Place(None, "cores"),)
    (place,) = dialect.places("node_memory_MemTotal_bytes", {})
    assert place.term == "mem_available"


def test_own_names_are_believed_before_all_others_and_asked_for() -> None:
    own, *others = with_names(every_dialect(), {"my.cpu": {"term": "vcpus", "vm": "vm"}})
    assert own.rank < min(other.rank for other in others)
    assert len(others) == len(every_dialect())
    assert [re.fullmatch(p, "my.cpu") is not None for p in own.patterns([], [*terms.VM])] == [True]
    assert not own.patterns([*terms.NODE], [])


def test_no_names_change_nothing() -> None:
    assert with_names(every_dialect(), {}) == every_dialect()


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        (3, "is 3, not a table"),
        ({}, "term is missing"),
        ({"term": "cpu_tim"}, "'cpu_tim' is not a term of a node, did you mean 'cpu_time'?"),
        ({"term": "vcpus"}, "vm must be the label that names the VM"),
        ({"term": "cores", "vm": "domain"}, "leave vm out"),
        ({"term": ["cores"]}, "is not a term of a node"),
        ({"term": "zzz"}, "there are clock, interval, cores"),
        ({"term": "cores", "vn": "x"}, "unknown key 'vn': there are term, vm, factor"),
        ({"term": "cores", "wher": {}}, "unknown key 'wher', did you mean 'where'?"),
        ({"term": "vcpus", "vm": ""}, "vm is '', not the name of a label"),
        ({"term": "cores", "factor": 0}, "factor is 0, not above 0"),
        ({"term": "cores", "factor": float("nan")}, "factor is nan, not above 0"),
        ({"term": "cores", "factor": True}, "factor is True, not a number"),
        ({"term": "cores", "factor": "2"}, "factor is '2', not a number"),
        ({"term": "cores", "count": 1}, "count is 1, not true or false"),
        ({"term": "cores", "where": {"mode": 1}}, "where is {'mode': 1}, not values of labels"),
        ({"term": "cores", "where": "idle"}, "where is 'idle', not values of labels"),
        ({"term": "cores", "dialect": "inovx"}, "unknown dialect 'inovx', did you mean 'inovex'?"),
        ({"term": "cores", "dialect": ["inovex"]}, "unknown dialect ['inovex']"),
    ],
)
def test_what_makes_no_sense_is_refused(entry: Any, problem: str) -> None:
    with pytest.raises(MisuseError, match=re.escape(problem)) as caught:
        with_names(every_dialect(), {"my_metric": entry})
    assert str(caught.value).startswith("collect.names: my_metric: ")


def test_all_problems_are_told_at_once() -> None:
    table = {"a": {"term": "zzz", "factor": -1}, "b": 4, "c": {"term": "cores"}}
    with pytest.raises(MisuseError) as caught:
        with_names(every_dialect(), table, where="settings.toml: collect.names")
    text = str(caught.value)
    assert text.startswith("settings.toml: collect.names: a: 'zzz'")
    assert text.count("; ") == 2
    assert "c: " not in text


def test_what_the_how_to_shows_is_understood() -> None:
    page = Path(__file__).parents[2] / "docs" / "howto" / "name-table.md"
    shown = re.findall(r"```toml\n(.*?)```", page.read_text("utf-8"), re.DOTALL)
    *tables, named = (tomllib.loads(text)["collect"] for text in shown)
    assert len(tables) == 2
    for name, values in named["dialects"].items():
        assert (
            set(values) == {"vm_label"} <= {item.name for item in parameters(DIALECTS.load(name))}
        )
    for table in (each["names"] for each in tables):
        dialects = with_names(every_dialect(), table)
        for name in table:
            assert any(dialect.places(name, {**DOMAIN, "mode": "user"}) for dialect in dialects)
