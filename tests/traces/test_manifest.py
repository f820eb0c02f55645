"""A manifest says what a trace is, and whatever is wrong in one is told in one line."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from scroogevm.errors import TraceError
from scroogevm.traces.manifest import FORMAT, MANIFEST, VERSION, Manifest, Part

GOOD = Manifest(
    scope=3600,
    slice=1800,
    interval=60,
    history=2,
    origin=120.0,
    end=120.0 + 24 * 3600,
    vm_cpu_usage="fraction",
    source={"seed": 1, "command": "generate"},
    parts=(Part("00000", 3, 40), Part("00001", 1, 7)),
)
in_place = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


def read(folder: Path, content: object) -> Manifest:
    (folder / MANIFEST).write_text(json.dumps(content))
    return Manifest.read(folder)


def content() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(GOOD.to_json())
    return loaded


def refused(folder: Path, wrong: object, field: str = "") -> TraceError:
    with pytest.raises(TraceError) as caught:
        read(folder, wrong)
    assert len(str(caught.value).splitlines()) == 1
    assert caught.value.where.startswith(str(folder / MANIFEST))
    assert caught.value.where.endswith(field)
    assert caught.value.remedy
    return caught.value


def test_what_is_written_reads_back_the_same(tmp_path: Path) -> None:
    assert read(tmp_path, content()) == GOOD
    assert GOOD.to_json() == GOOD.to_json()
    assert content()["format"] == FORMAT
    assert content()["version"] == VERSION


def test_windows_are_the_whole_slices_between_origin_and_end() -> None:
    assert GOOD.windows == 48
    assert replace(GOOD, end=GOOD.end - 1).windows == 47
    assert replace(GOOD, slice=0.1, scope=0.1, interval=0.1, origin=0, end=0.3).windows == 3


def test_fields_with_a_default_may_be_absent(tmp_path: Path) -> None:
    short = content()
    for name in ("history", "origin", "vm_cpu_usage", "source"):
        del short[name]
    assert read(tmp_path, short) == replace(
        GOOD, history=3, origin=0.0, vm_cpu_usage="cores", source={}
    )


@pytest.mark.parametrize("name", ["scope", "slice", "interval", "end", "parts"])
def test_fields_without_a_default_may_not(tmp_path: Path, name: str) -> None:
    short = content()
    del short[name]
    assert refused(tmp_path, short, name).problem == "is missing"


WRONG: dict[str, list[Any]] = {
    "format": [None, "other", 1, [], {}],
    "version": [None, 0, 3, "1", True, [], {}],
    "scope": [0, -1, True, "3600", None, [], float("nan"), float("inf"), 10**400, 2000, 900],
    "slice": [0, -1, False, "1800", None, {}, float("nan"), float("inf"), 7200, 1e-9],
    "interval": [0, -5, "60", None, float("nan"), float("inf"), 1801, 1e-9],
    "history": [-1, 1.5, "3", None, True, float("nan"), 10**400],
    "origin": ["0", None, [], float("nan"), float("-inf"), 10**400, 1e12],
    "end": ["0", None, [], float("nan"), float("inf"), 10**400, 1e14, 0],
    "vm_cpu_usage": ["percent", None, 1, [], {}],
    "source": [None, "words", 3, []],
    "parts": [
        None, 3, "parts", {}, {"name": "a"}, [None], [3], ["a"], [[]], [{}],
        [{"name": "a", "nodes": 1}],
        [{"name": "a", "nodes": 1, "vm_rows": 1, "more": 1}],
        [{"name": 1, "nodes": 1, "vm_rows": 1}],
        [{"name": "", "nodes": 1, "vm_rows": 1}],
        [{"name": "../a", "nodes": 1, "vm_rows": 1}],
        [{"name": "/etc/a", "nodes": 1, "vm_rows": 1}],
        [{"name": "a\n", "nodes": 1, "vm_rows": 1}],
        [{"name": "a", "nodes": -1, "vm_rows": 1}],
        [{"name": "a", "nodes": 1, "vm_rows": "1"}],
        [{"name": "a", "nodes": 1, "vm_rows": 1.5}],
        [{"name": "a", "nodes": 1, "vm_rows": 1}] * 2,
    ],
}  # fmt: skip
CASES = [
    pytest.param(name, value, id=f"{name}-{number}")
    for name, values in WRONG.items()
    for number, value in enumerate(values)
]


@pytest.mark.parametrize(("name", "value"), CASES)
def test_every_malformed_field_gives_one_line(tmp_path: Path, name: str, value: object) -> None:
    refused(tmp_path, content() | {name: value})


def test_an_unknown_field_is_named_with_those_that_are_known(tmp_path: Path) -> None:
    error = refused(tmp_path, content() | {"intervall\n": 60}, r"'intervall\n'")
    assert "interval" in error.remedy


def test_times_that_do_not_fit_say_the_rule(tmp_path: Path) -> None:
    assert refused(tmp_path, content() | {"scope": 2700}).remedy == (
        "a scope is a whole number of slices"
    )
    assert refused(tmp_path, content() | {"end": 0}).remedy == "origin <= end"


@pytest.mark.parametrize(
    "text", ["", "{", "nonsense", "[]", "3", "null", "\x00", "[" * 100_000, "9" * 5000]
)
def test_what_is_no_manifest_gives_one_line(tmp_path: Path, text: str) -> None:
    (tmp_path / MANIFEST).write_text(text)
    with pytest.raises(TraceError) as caught:
        Manifest.read(tmp_path)
    assert len(str(caught.value).splitlines()) == 1


def test_bytes_that_are_no_text_give_one_line(tmp_path: Path) -> None:
    (tmp_path / MANIFEST).write_bytes(b'{"format": "\xff\xfe\x80"}')
    with pytest.raises(TraceError, match="is not JSON"):
        Manifest.read(tmp_path)


def test_a_directory_without_a_manifest_says_what_one_holds(tmp_path: Path) -> None:
    with pytest.raises(
        TraceError, match=r"cannot be read: .*; a trace directory contains trace.json"
    ):
        Manifest.read(tmp_path)
    (tmp_path / MANIFEST).mkdir()
    with pytest.raises(TraceError, match="cannot be read"):
        Manifest.read(tmp_path)


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=5,
)


@in_place
@given(name=st.sampled_from(sorted(content())), value=JSON)
@example(name="scope", value=1e-320)
@example(name="interval", value=1e-320)
def test_a_mutated_manifest_is_read_or_refused_in_one_line(
    tmp_path: Path, name: str, value: object
) -> None:
    try:
        manifest = read(tmp_path, content() | {name: value})
    except TraceError as error:
        assert len(str(error).splitlines()) == 1  # some mutations do read
    else:
        assert manifest.windows >= 0
        assert read(tmp_path, json.loads(manifest.to_json())) == manifest


@in_place
@given(cut=st.integers(0, len(GOOD.to_json()) - 3), junk=st.binary(max_size=3))
def test_a_torn_manifest_is_refused_in_one_line(tmp_path: Path, cut: int, junk: bytes) -> None:
    (tmp_path / MANIFEST).write_bytes(GOOD.to_json().encode()[:cut] + junk)
    with pytest.raises(TraceError) as caught:
        Manifest.read(tmp_path)
    assert len(str(caught.value).splitlines()) == 1
