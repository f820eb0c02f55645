"""A node is one provider for sure, or none."""

import pytest

from scroogevm.openstack.names import match
from scroogevm.openstack.records import Inventory, Provider

VCPU = {"VCPU": Inventory({"total": 1}), "MEMORY_MB": Inventory({"total": 1})}


def providers(*names: str) -> list[Provider]:
    return [Provider(f"uuid-{name}", name, 0, inventories=VCPU) for name in names]


@pytest.mark.parametrize(
    ("node", "names", "how"),
    [
        ("a", ["a", "b"], "same name"),
        ("A", ["a", "b"], "other case"),
        ("a", ["a.example.org"], "short name"),
        ("a.example.org", ["a"], "short name"),
        ("a", ["a", "a.example.org"], "same name"),
    ],
)
def test_a_name_is_found(node: str, names: list[str], how: str) -> None:
    found = match([node], providers(*names))[node]
    assert found.how == how
    assert found.provider is not None
    assert found.provider.name == names[0]


@pytest.mark.parametrize(
    ("node", "names", "problem"),
    [
        ("c", ["a", "b"], "no provider has this name"),
        ("a", ["a.one", "a.two"], "several providers match: a.one, a.two"),
        ("a.one", ["a.two"], "no provider has this name"),
        ("A", ["a", "á", "aA", "Aa"], ""),
    ],
)
def test_what_is_not_sure_is_none(node: str, names: list[str], problem: str) -> None:
    assert match([node], providers(*names))[node].problem == problem


def test_two_nodes_never_share_a_provider() -> None:
    found = match(["a", "a.one"], providers("a.one"))
    assert {one.provider for one in found.values()} == {None}
    assert "a, a.one would be the same provider" in found["a"].problem


def test_the_table_wins_and_must_be_right() -> None:
    known = providers("a", "b")
    table = {"a": "b", "x": "uuid-a", "y": "nobody"}
    found = match(["a", "x", "y"], known, table)
    assert [one.provider and one.provider.name for one in found.values()] == ["b", "a", None]
    assert "no provider has that name" in found["y"].problem


def test_a_provider_whose_units_lie_within_it_is_told() -> None:
    root = Provider("r", "a", 0)
    inner = Provider("n", "a_numa0", 0, parent="r", inventories=VCPU)
    found = match(["a", "a_numa0"], [root, inner])
    assert "is nested: VCPU or MEMORY_MB are those of a_numa0" in found["a"].problem
    assert found["a_numa0"].problem == "no provider has this name"  # it is no host
