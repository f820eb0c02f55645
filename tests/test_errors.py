"""Errors say where, what and what would be right, in one line, in whatever process they rise."""

import pickle

import pytest

from scroogevm.errors import (
    MissingExtraError,
    MisuseError,
    OutputError,
    ScroogeError,
    SpecError,
    TraceError,
)

ERRORS = [
    ScroogeError("is wrong"),
    TraceError("is wrong", where="trace.json: scope", remedy="a number"),
    OutputError("is wrong", where="out"),
    MissingExtraError("scipy", "quiescence", "the t-test"),
    MisuseError("is wrong", remedy="do right"),
    SpecError("is wrong", where="n", remedy="at least 0"),
]


def test_a_line_has_its_place_first_and_the_remedy_last() -> None:
    assert str(ERRORS[0]) == "is wrong"
    assert str(ERRORS[1]) == "trace.json: scope: is wrong; a number"
    assert str(ERRORS[2]) == "out: is wrong"
    assert str(ERRORS[3]) == (
        "the t-test needs scipy, which is not installed; pip install 'scroogevm[quiescence]'"
    )


def test_misuse_exits_with_2_and_failure_with_1() -> None:
    assert [error.exit_code for error in ERRORS] == [1, 1, 1, 1, 2, 2]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_an_error_crosses_processes_unchanged(error: ScroogeError) -> None:
    copy = pickle.loads(pickle.dumps(error))  # noqa: S301  # our own bytes
    assert type(copy) is type(error)
    assert str(copy) == str(error)
    assert vars(copy) == vars(error)
