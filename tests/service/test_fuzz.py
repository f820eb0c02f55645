"""Settings and status files of any content: an answer or an error in one line, no traceback."""

import json
import string
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from offered import node, status
from scroogevm.cli import cli
from scroogevm.errors import MisuseError
from scroogevm.offers.status import Status
from scroogevm.statusfile import from_json, to_json

GOOD = """
[serve]
scope = "30m"
strategy = "greedy"
interval = "15s"
shadow = ["persistence"]
guard = ["step:most=0.2"]
locked = ["mem"]

[[serve.groups]]
name = "rack"
nodes = ["rack1-*"]
strategy = "calibrated:risk=0.05"

[[collect.targets]]
node = "n1"
url = "http://127.0.0.1:9177/metrics"
"""
KEYS = (
    "scope", "slice", "history", "strategy", "shadow", "guard", "locked", "groups", "targets",
    "name", "nodes", "url", "listen", "interval", "keep", "coverage", "settle", "grace", "x",
)  # fmt: skip

_values = st.recursive(
    st.one_of(
        st.booleans(),
        st.integers(-(2**70), 2**70),
        st.floats(),
        st.text(string.printable, max_size=12),
        st.sampled_from(["30m", "-1s", "1e400d", "step:most=", "greedy:(", "http://[", "nan"]),
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner),
    max_leaves=6,
)


def _toml(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {_toml(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    if isinstance(value, float):
        return repr(value)
    return json.dumps(value)


def _checked(path: Path) -> None:
    done = CliRunner().invoke(cli, ["config", "check", str(path)])
    if isinstance(done.exception, MisuseError):  # which the program tells in a line, see main
        assert "\n" not in str(done.exception)
        return
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code in (0, 2), done.output


_quiet = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@_quiet
@given(values=st.dictionaries(st.sampled_from(KEYS), _values, max_size=5))
@example(values={"groups": [{"name": "a", "nodes": [1]}]})
@example(values={"scope": 1e400})
def test_settings_of_any_kind_are_understood_or_refused(
    tmp_path: Path, values: dict[str, Any]
) -> None:
    path = tmp_path / "config.toml"
    lines = [f"{key} = {_toml(value)}" for key, value in values.items()]
    path.write_text("\n".join(["[serve]", *lines]), "utf-8")
    _checked(path)


@_quiet
@given(cut=st.integers(0, len(GOOD)), put=st.text(max_size=6), lost=st.integers(0, 12))
def test_damaged_settings_are_understood_or_refused(
    tmp_path: Path, cut: int, put: str, lost: int
) -> None:
    path = tmp_path / "config.toml"
    path.write_bytes((GOOD[:cut] + put + GOOD[cut + lost :]).encode("utf-8", "surrogatepass"))
    _checked(path)


def test_what_is_damaged_was_good(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(GOOD)
    done = CliRunner().invoke(cli, ["config", "check", str(path)])
    assert done.exit_code == 0, done.output


TOLD = to_json(status(node("n1"), node("n2"), at=1_000_000.0))


@settings(max_examples=300, deadline=None)
@given(
    place=st.integers(0, len(TOLD)),
    put=st.one_of(
        st.binary(max_size=4), st.sampled_from([b"NaN", b"null", b"-1", b"1e999", b'""'])
    ),
    lost=st.integers(0, 20),
)
def test_a_damaged_status_is_refused_or_as_good_as_any(place: int, put: bytes, lost: int) -> None:
    text = TOLD.encode()
    try:
        found = from_json(text[:place] + put + text[place + lost :], "status.json")
    except MisuseError as error:
        assert "\n" not in str(error)
        return
    assert isinstance(found, Status)
    for each in found.at(2e12).nodes.values():  # long expired
        assert all(offer.free == 0 for offer in each.resources.values())


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b"\xff", b"null", b"[" * 100_000])
def test_what_is_no_status_is_told_by_the_command(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "status.json"
    path.write_bytes(content)
    done = CliRunner().invoke(cli, ["status", "--file", str(path)])
    assert isinstance(done.exception, MisuseError), done.exception
    assert "is not the status of a fleet" in str(done.exception)
