"""What fails again and again is logged once, and so is its end."""

from scroogevm.outage import Outage


def test_problems_that_take_turns_are_each_new_once() -> None:
    outage = Outage()
    said = [problem for problem in ("a", "b", "a", "b", "a") if outage.note(problem)]
    assert said == ["a", "b"]
    assert outage.problem == "a"


def test_an_end_is_new_once_and_what_fails_after_it_is_new_again() -> None:
    outage = Outage()
    assert not outage.end()
    assert outage.note("a")
    assert outage.end()
    assert not outage.problem
    assert not outage.end()
    assert outage.note("a")


def test_a_text_that_differs_each_time_is_not_logged_for_ever() -> None:
    outage = Outage()
    said = sum(outage.note(f"timed out after {at} ms") for at in range(1000))
    assert said == Outage.LIMIT
    assert outage.problem == "timed out after 999 ms"
    assert outage.end()


def test_problems_of_one_kind_are_one_problem() -> None:
    outage = Outage()
    assert outage.note("timed out after 3 ms", "timeout")
    assert not outage.note("timed out after 4 ms", "timeout")
    assert outage.problem == "timed out after 4 ms"
