"""The memory companion over the API and on its page, for more VMs than one answer holds."""

from collections.abc import Iterator

import httpx
import pytest

from browsers import dashboard, running
from scroogevm.balloon.journal import Acted
from scroogevm.balloon.view import BalloonNode, BalloonView, BalloonVM
from web.serving import serving

NODES, VMS = 230, 5


def _vm(node: int, at: int) -> BalloonVM:
    act = "refuse" if at == 0 else "keep"
    name, sizes = f"vm-{node:03}-{at}", (4096, 3072, 900, 2000, 1000, 3072)
    return BalloonVM(f"u-{node}-{at}", name, *sizes, act, "step", "why", "")


def _node(at: int) -> BalloonNode:
    vms = () if at == 7 else [_vm(at, number) for number in range(VMS)]
    problem = "no route" if at == 7 else ""
    return BalloonNode(f"n{at:03}", 1e9, 65536, 4096, 1024.0, 512.0, problem, 0.1, vms)


class _Companion:
    """Shows a fleet."""

    def view(self) -> BalloonView:
        acts = [Acted(1e9, f"n{at:03}", "u", "vm", "shrink", 2, 1, "why") for at in (1, 2)]
        nodes = [_node(at) for at in range(NODES)]
        return BalloonView(1, "apply", "pressure", 1e9, nodes, acts)


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serving(tmp_path_factory.mktemp("served")) as served:
        served.reader.show_balloon(_Companion())
        yield served.address


@pytest.fixture
def api(address: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"{address}api/v1/") as client:
        yield client


def test_sums_are_of_all_nodes_whatever_is_shown(api: httpx.Client) -> None:
    whole = api.get("balloon", params={"limit": 1}).json()
    assert whole["totals"] == {
        "nodes": NODES,
        "unseen": 1,
        "vms": (NODES - 1) * VMS,
        "refused": NODES - 1,
        "taken": NODES * 512.0,
        "wanted": NODES * 1024.0,
    }
    assert (len(whole["nodes"]), whole["total"], whole["next"]) == (1, NODES, "1")
    one = api.get("balloon", params={"node": "n001"}).json()
    assert [act["node"] for act in one["acts"]] == ["n001"]
    assert one["totals"] == whole["totals"]


@pytest.mark.parametrize(("path", "key"), [("balloon", "nodes"), ("balloon/vms", "vms")])
@pytest.mark.parametrize("limit", [1000, 7])
def test_cursors_show_each_row_once(api: httpx.Client, path: str, key: str, limit: int) -> None:
    found: list[str] = []
    cursor: str | None = "0"
    while cursor is not None:
        page = api.get(path, params={"cursor": cursor, "limit": limit}).json()
        assert len(page[key]) <= limit
        found += [row["node"] if key == "nodes" else row["vm"]["uuid"] for row in page[key]]
        cursor = page["next"]
    assert len(found) == len(set(found)) == page["total"]


def test_vms_are_filtered(api: httpx.Client) -> None:
    def total(**params: str) -> int:
        return int(api.get("balloon/vms", params=params).json()["total"])

    assert total(node="n003") == VMS
    assert total(act="refuse") == NODES - 1
    assert total(search="VM-003-") == VMS
    assert total(search="n003", act="refuse") == 1
    assert total(search="nothing like it") == 0


@pytest.mark.parametrize("query", ["limit=0", "limit=1001", "cursor=-1", "cursor=x", "act=grab"])
def test_what_makes_no_sense_is_refused(api: httpx.Client, query: str) -> None:
    assert api.get(f"balloon/vms?{query}").status_code == 422


def test_the_page_shows_more_on_request(address: str) -> None:
    with running() as browser, dashboard(browser, address) as page:
        page.get_by_role("link", name="Memory").click()
        page.wait_for_selector(f"text=200 of {NODES} nodes")
        page.get_by_role("button", name="Show more nodes").click()
        page.wait_for_selector("th >> text=n229")
        page.wait_for_selector(f"text=200 of {(NODES - 1) * VMS} VMs")
        page.get_by_label("Act").select_option("refuse")
        page.wait_for_selector(f"text=200 of {NODES - 1} VMs")
        page.get_by_label("Search nodes and VMs").fill("vm-229-0")
        page.wait_for_selector("th >> text=vm-229-0")
        assert page.get_by_role("button", name="Show more VMs").count() == 0
