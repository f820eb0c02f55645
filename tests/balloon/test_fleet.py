"""Many nodes in one companion, and what happens to VMs meanwhile, on recorded answers."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from balloon.running import Make


def test_a_node_that_hangs_delays_no_other_and_is_told(make: "Make") -> None:
    found = make(4, limit=0.2)
    found.cycle()
    with found.nodes[0].hanging():
        for one in found.nodes:
            one.asked.clear()
        seen = found.cycle()
    assert seen["n0"] == {}
    assert not found.nodes[0].asked
    for one in found.nodes[1:]:
        assert {vm.act for vm in seen[one.name].values()} == {"shrink"}
        assert len(one.asked) == 2
    assert any(line.startswith("n0: ") for line in found.said)
    found.cycle()
    assert "n0: answers again" in found.said


def test_a_file_that_cannot_be_written_is_told_once_in_each_outage(make: "Make") -> None:
    found = make()
    for _ in range(2):
        found.fleet.place.unlink(missing_ok=True)
        found.fleet.place.mkdir()
        found.fleet._show()
        found.fleet._show()
        found.fleet.place.rmdir()
        found.fleet._show()
    lines = [line for line in found.said if str(found.fleet.place) in line]
    problem = f"{found.fleet.place}: cannot be written: Is a directory"
    assert [line.startswith(problem) for line in lines] == [True, False, True, False]
    assert lines[1] == lines[3] == f"{found.fleet.place} is written again"


def test_a_lost_connection_keeps_what_is_held_and_is_told(make: "Make") -> None:
    found = make()
    node, held = found.shrunk(), found.fleet.held
    node.lost = True
    assert found.cycle() == {"n0": {}}
    assert found.fleet.held == held == 2
    assert any("End of file while reading data: ssh" in line for line in found.said)
    node.lost, node.free = False, 1.0
    found.cycle()
    found.cycle()
    assert {vm.actual for vm in node.vms.values()} == {4096.0}
    assert found.fleet.held == 0


def test_a_vm_that_migrates_is_refused_and_the_other_is_not(make: "Make") -> None:
    found = make()
    node = found.shrunk()
    first, second = node.vms.values()
    first.job, node.free = 1, 1.0
    seen = found.cycle()["n0"]
    assert (seen[first.name].act, seen[first.name].rule) == ("refuse", "migrating")
    assert {uuid for uuid, _ in node.asked} == {second.uuid}
    del node.vms[first.uuid]  # it has arrived elsewhere
    found.cycle()
    assert found.fleet.held == 0


def test_a_vm_that_comes_from_another_node_is_given_back_there(make: "Make") -> None:
    found = make(2)
    first, second = found.nodes
    second.free = 0.22
    found.shrunk()
    moved = next(iter(first.vms.values()))
    second.vms[moved.uuid] = first.vms.pop(moved.uuid)
    moved.run, moved.spent = 9, 1.0
    second.free = 1.0
    found.cycle()
    found.cycle()
    assert moved.actual == moved.maximum
    assert {uuid for uuid, _ in second.asked} == {moved.uuid}


def test_a_vm_that_is_renamed_is_followed(make: "Make") -> None:
    found = make()
    node = found.shrunk()
    one = next(iter(node.vms.values()))
    one.name, node.free = "another-name", 1.0
    assert found.cycle()["n0"]["another-name"].act == "grow"
    found.cycle()
    assert one.actual == one.maximum
    assert found.fleet.held == 0


def test_a_node_that_was_booted_anew_is_left_as_its_vms_are_defined(make: "Make") -> None:
    found = make()
    node = found.shrunk()
    node.lost = True
    found.cycle()
    for one in node.vms.values():  # the same numbers of runs, counted anew
        one.spent, one.actual, one.mark = 1.0, 2000.0, None
    node.lost = False
    assert {vm.act for vm in found.cycle()["n0"].values()} == {"keep"}
    assert not node.asked
    assert found.fleet.held == 0


def test_statistics_that_freeze_later_give_back_what_was_taken(make: "Make") -> None:
    found = make()
    node = found.shrunk()
    first, second = node.vms.values()
    first.frozen = True
    for _ in range(4):
        found.cycle()
    vm = found.cycle()["n0"][first.name]
    assert (vm.rule, vm.actual) == ("stale", 4096.0)
    assert {uuid for uuid, _ in node.asked} == {first.uuid}
    assert second.actual < second.maximum


def test_a_size_that_was_reached_is_not_asked_for_again(make: "Make") -> None:
    found = make()
    node = found.shrunk()
    for _ in range(3):
        seen = found.cycle()["n0"]
        assert {vm.act for vm in seen.values()} == {"keep"}
    assert not node.asked


def test_a_vm_whose_job_is_not_told_holds_up_no_other(make: "Make") -> None:
    found = make(limit=0.2)
    node = found.shrunk()
    first, second = node.vms.values()
    node.free = 1.0
    with first.hanging():
        seen = found.cycle()["n0"]
        assert (seen[first.name].act, seen[first.name].rule) == ("refuse", "migrating")
        assert seen[second.name].act == "grow"
        seen = found.cycle()["n0"]
        assert (seen[first.name].act, seen[first.name].rule) == ("refuse", "migrating")
    assert second.actual == second.maximum
    assert first.actual < first.maximum
    found.cycle()
    found.cycle()
    assert first.actual == first.maximum
