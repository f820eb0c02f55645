"""What a node does not say is told, with what it costs."""

import numpy as np
import pytest

from helpers import NAN
from scroogevm.telemetry import report, terms
from scroogevm.telemetry.reading import Reading
from scroogevm.telemetry.report import lacking

NODE = dict.fromkeys(terms.NODE, 1.0)
VM = {"state": np.ones(3)} | {term: np.ones(3) for term in terms.VM if term != "state"}


def reading(
    node: dict[str, float] | None = None, vm: dict[str, list[float]] | None = None
) -> Reading:
    """A node with three VMs that says everything, but for what is given."""
    columns = VM | {term: np.array(values) for term, values in (vm or {}).items()}
    return Reading("n", 0.0, NODE | (node or {}), ["a", "b", "c"], columns)


def test_a_node_that_says_everything_lacks_nothing() -> None:
    assert lacking([reading()]) == []


@pytest.mark.parametrize("lack", [*report.NODE, *report.VMS], ids=lambda lack: lack.what)
def test_tables_name_terms_that_there_are(lack: report.Lack) -> None:
    known = terms.NODE if lack in report.NODE else terms.VM
    assert {*lack.of, *(term for way in lack.ways for term in way)} <= set(known)


def test_what_the_node_does_not_say_is_told_with_its_cost() -> None:
    assert lacking([reading({"cpu_time": NAN})]) == [
        "the exporter reports no cpu time; its cpu gets no estimate"
    ]
    assert lacking([reading({"cpu_pressure_time": NAN})]) == []
    (line,) = lacking([reading({"cpu_pressure_time": NAN, "wait_time": 0.0})])
    assert (
        line == "the exporter reports no pressure or run queues; contention is seen only in its VMs"
    )


def test_what_one_exporter_does_not_say_another_may() -> None:
    assert lacking([reading({"cpu_time": NAN}), Reading("n", 0.0, {"cpu_time": 1.0})]) == []


def test_vms_that_lack_something_are_counted() -> None:
    cost = "the exporter reports no guest memory statistics; memory counts as fully used"
    some = {"guest_total": [1, NAN, 0], "guest_time": [1, NAN, 0]}
    assert lacking([reading(vm=some)]) == [f"2 of 3 VMs: {cost}"]
    gone = dict.fromkeys(("guest_total", "guest_usable", "guest_unused", "guest_time"), [NAN] * 3)
    assert lacking([reading(vm=gone)]) == [f"all 3 VMs: {cost}"]


def test_guests_that_say_only_what_is_unused_are_told_apart() -> None:
    (line,) = lacking([reading(vm={"guest_usable": [0.0, 1.0, 1.0]})])
    assert (
        line == "1 of 3 VMs: the exporter reports no usable memory; the guest cache counts as used"
    )


def test_a_vm_that_could_not_be_read_or_is_shut_off_lacks_nothing() -> None:
    state = {term: [NAN, 1.0, 1.0] for term in VM}
    assert lacking([reading(vm={**state, "up": [0.0, 1.0, 1.0]})]) == [
        "1 of 3 VMs could not be read this time"
    ]
    assert lacking([reading(vm={**state, "state": [5.0, 1.0, 1.0]})]) == []


def test_a_node_without_vms_or_without_anything_is_told() -> None:
    assert lacking([Reading("n", 0.0, NODE)]) == ["no VM; the node seems to be empty"]
    assert lacking([Reading("n", 0.0, NODE | {"vms_up": 0.0})]) == [], "libvirt is told by itself"
    assert lacking([]) == ["no dialect knows any of the metrics; the node is not seen"]
