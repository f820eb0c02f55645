"""What is made of answers in JSON."""

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scroogevm.stores._influxdb.influxql import AnswerError, Question, points
from scroogevm.stores._scraped.series import PartialError, exported, matrix
from scroogevm.stores._server.json import GarbledError, numbers, parsed

VALUES = st.floats(allow_nan=True, allow_infinity=True)


def quoted(value: float) -> str:
    """As Prometheus writes it."""
    if math.isfinite(value):
        return repr(value)
    return "NaN" if math.isnan(value) else f"{'+' if value > 0 else '-'}Inf"


@given(st.lists(VALUES, max_size=9))
def test_a_matrix_has_the_numbers_that_were_written_but_for_nan(values: list[float]) -> None:
    pairs = [[1_700_000_000.125 + i, quoted(value)] for i, value in enumerate(values)]
    result = [{"metric": {"__name__": "x", "a": "b,]"}, "values": pairs}]
    (series,) = matrix(json.dumps({"status": "success", "data": {"result": result}}).encode())
    said = [(time, value) for (time, _), value in zip(pairs, values, strict=True) if value == value]  # noqa: PLR0124  # not NaN
    assert (series.time / 1000).tolist() == [time for time, _ in said]
    assert series.values.tolist() == [value for _, value in said]
    assert (series.name, series.labels) == ("x", {"a": "b,]"})


@given(st.lists(st.none() | st.integers(-(2**63), 2**63) | st.floats(-1e300, 1e300), max_size=9))
def test_numbers_are_those_of_the_list_and_null_is_missing(values: list[float | None]) -> None:
    found = numbers(parsed(json.dumps(values).encode()))
    np.testing.assert_array_equal(found, np.array(values, np.float64))


@pytest.mark.parametrize(
    "text", ["[true]", '["one"]', "[{}]", "[1,[{}]]", '{"a":1}', '"1"', "[[],{}]"]
)
def test_what_are_no_numbers_is_no_number(text: str) -> None:
    with pytest.raises(GarbledError):
        numbers(parsed(text.encode()))


def test_an_export_has_what_victoriametrics_says_for_missing_and_infinite() -> None:
    line = b'{"metric":{"__name__":"x"},"values":[1,null,"Infinity",4],"timestamps":[1,2,3,4]}'
    series = exported(line)
    assert series.time.tolist() == [1, 3, 4]
    assert series.values.tolist() == [1, math.inf, 4]


def test_times_that_are_there_twice_are_there_once() -> None:
    line = b'{"metric":{},"values":[1,9,2],"timestamps":[1,1,2]}'
    assert exported(line).time.tolist() == [1, 2]


@pytest.mark.parametrize(
    "said", [b'"warnings":["a store is gone"],', b'"isPartial":true,', b'"warnings":["x", "y"],']
)
def test_a_part_is_not_taken_for_the_whole(said: bytes) -> None:
    with pytest.raises(PartialError):
        matrix(b"{" + said + b'"data":{"result":[]}}')


@pytest.mark.parametrize("cut", [1, 20, 60])
def test_an_answer_that_was_cut_is_no_answer(cut: int) -> None:
    whole = b'{"data":{"result":[{"metric":{"a":"b"},"values":[[1,"2"],[3,"4"]]}]}}'
    assert len(matrix(whole)) == 1
    with pytest.raises(GarbledError, match="JSON"):
        matrix(whole[:-cut])
    with pytest.raises(AnswerError, match="JSON"):
        list(points(Question("node", ["cpu"], "url", 0, 9), [whole[:-cut]]))


def test_influxdb_says_null_for_missing_and_its_points_keep_their_places() -> None:
    series = b'{"name":"node","tags":{"url":"a"},"columns":["time","cpu","mem"],"values":'
    rows = b"[[1,null,2.5],[2,3,null],[99,1,1]]"
    line = b'{"results":[{"statement_id":0,"series":[' + series + rows + b"}]}]}"
    (found,) = points(Question("node", ["cpu", "mem"], "url", 0, 9), [line])
    assert found.group == "a"
    assert found.time.tolist() == [1, 2]
    np.testing.assert_array_equal(found.values, [[math.nan, 2.5], [3, math.nan]])
