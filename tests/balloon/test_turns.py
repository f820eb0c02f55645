"""Turns of nodes."""

import threading

from scroogevm.balloon.turns import Turns


def test_some_go_at_a_time_and_nobody_waits_for_ever() -> None:
    turns = Turns(1, patience=0.05)
    with turns.turn() as first, turns.turn() as second:
        assert first
        assert not second  # it waited, and went without
    with turns.turn() as third:
        assert third


def test_a_turn_that_ends_lets_the_next_go() -> None:
    turns, inside, done = Turns(1, patience=60.0), threading.Event(), threading.Event()
    had: list[bool] = []

    def other() -> None:
        inside.wait()
        with turns.turn() as got:
            had.append(got)
        done.set()

    threading.Thread(target=other, daemon=True).start()
    with turns.turn():
        inside.set()
    assert done.wait(60)
    assert had == [True]
