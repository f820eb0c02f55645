"""Whether a balloon follows, and whether somebody else had a hand in it."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from scroogevm.balloon.description import MARK, Mark, described
from scroogevm.balloon.following import PATIENCE, Following, is_same_run
from scroogevm.balloon.journal import Held


def held(**changed: Any) -> Held:
    one = Held("n1", "u", "web", 3, 10.0, 256.0, 256.0, 128.0, 0.0)
    return one._replace(**changed)


def after(actual: float, since: float = 1.0, **changed: Any) -> Held:
    return Following(held(**changed)).then(actual, since, deflates=False).held


@given(st.floats(128, 256))
def test_on_its_way_it_is_nobody_elses(actual: float) -> None:
    assert not after(actual).taken


def test_elsewhere_it_is_somebody_elses() -> None:
    assert after(100.0).taken
    assert after(300.0).taken
    assert after(200.0, reached=True).taken


def test_a_guest_that_boots_anew_is_ours_again_once_its_balloon_is_filled() -> None:
    booting = after(256.0, reached=True)
    assert booting.taken
    assert not Following(booting).then(128.0, 1.0, deflates=False).held.taken


def test_one_that_does_not_move_is_counted_once_it_had_time() -> None:
    going = Following(held(), last=256.0)
    assert going.then(256.0, PATIENCE / 2, deflates=False).ignored == 0
    assert going.then(256.0, PATIENCE, deflates=False).ignored == 1
    assert going.then(200.0, PATIENCE, deflates=False).ignored == 0


def test_a_guest_may_deflate_by_itself() -> None:
    assert not Following(held(reached=True)).then(200.0, 1.0, deflates=True).held.taken


def test_less_cpu_time_or_another_number_is_a_new_start() -> None:
    assert is_same_run(held(), 3, 11.0)
    assert not is_same_run(held(), 4, 11.0)
    assert not is_same_run(held(), 3, 2.0)


def test_a_description_has_the_mark_and_the_flavor() -> None:
    nova = "http://openstack.org/xmlns/libvirt/nova/1.1"
    text = (
        f"<domain><metadata><s:held xmlns:s='{MARK}' owner='a' until='7' original='256'/>"
        f"<n:instance xmlns:n='{nova}'><n:flavor name='m1'/></n:instance></metadata>"
        "<devices><memballoon model='virtio'/></devices></domain>"
    )
    found = described(text)
    assert found.mark == Mark("a", 7.0, 256.0)
    assert found.flavor == "m1"
    assert described(text.replace("until='7'", "")).mark is None
