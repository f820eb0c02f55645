"""Behind a real Keystone: sign-in, application credentials, regions, roles, tokens that end."""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from keystoneauth1.access import AccessInfo

from documents import DOCS, blocks
from offered import node, resource, status
from openstacks import REGION, Cloud, Keystone, Placement, clouds_yaml, signed
from operators import Operator
from scroogevm.errors import MisuseError, PlacementError
from scroogevm.openstack.client import connect
from scroogevm.openstack.writer import Writer
from servers import wait


def policy() -> dict[str, str]:
    """The rules that the how-to gives."""
    (found,) = [one for one in blocks(DOCS / "howto" / "openstack.md") if one.language == "yaml"]
    return dict(line.replace('"', "").split(": ", 1) for line in found.text.splitlines())


@pytest.fixture(scope="module")
def keystone() -> Iterator[Keystone]:
    with Keystone() as keystone:
        keystone.user("capacity", "capacity")
        keystone.user("reader", "reader")
        yield keystone


@pytest.fixture(scope="module")
def regions(keystone: Keystone) -> Iterator[tuple[Placement, Placement]]:
    rules = policy()
    with (
        Placement(keystone=keystone, policy=rules) as one,
        Placement(keystone=keystone) as two,
    ):
        keystone.endpoint("placement", one.url)
        keystone.endpoint("placement", two.url, "RegionTwo")
        yield one, two


@pytest.fixture(scope="module")
def hosts(
    keystone: Keystone, regions: tuple[Placement, Placement]
) -> Iterator[tuple[Cloud, Cloud]]:
    with keystone.signed_in() as api:
        token = api.headers["X-Auth-Token"]
        one, two = (Cloud(placement, token=token) for placement in regions)
        with closing(one), closing(two):
            one.host("a")
            two.host("a", allocation_ratio=3.0)
            yield one, two


@pytest.fixture
def clouds(
    keystone: Keystone,
    hosts: tuple[Cloud, Cloud],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> tuple[Cloud, Cloud]:
    """A region each, where entries of clouds.yaml lead to."""
    entries: dict[str, Any] = {
        name: signed(keystone, name) for name in ("admin", "capacity", "reader", "nobody")
    }
    entries["admin"]["regions"] = [entries["admin"].pop("region_name"), "RegionTwo"]
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(clouds_yaml(tmp_path, entries)))
    return hosts


@pytest.fixture
def operator(tmp_path: Path) -> Operator:
    made = Operator(tmp_path)
    made.tell(status(node("a", resource(free=80.0), vms=0)))
    return made


def test_the_rules_of_the_how_to_suffice(clouds: tuple[Cloud, Cloud], operator: Operator) -> None:
    user = ("--cloud", "capacity")
    before = clouds[0].whole()
    assert operator.json("doctor", *user)["nodes"][0]["verdict"] == "ready"
    operator.type("adopt", *user)
    operator.type("apply", *user)
    assert clouds[0].ratio("a") == 1.25
    operator.type("rollback", *user)
    assert clouds[0].whole() == before
    # They suffice for this, and for nothing else.
    headers = {"OpenStack-API-Version": "placement 1.26"}
    client = connect("capacity")
    with client:
        answer = client._adapter.request(
            "/resource_providers", "POST", json={"name": "x"}, raise_exc=False, headers=headers
        )
    assert answer.status_code == httpx.codes.FORBIDDEN


def test_who_may_not_or_is_not_known_is_told(
    clouds: tuple[Cloud, Cloud], operator: Operator
) -> None:
    del clouds
    with pytest.raises(PlacementError, match=r"answers 403: .*; docs/howto/openstack.md lists"):
        operator.type("plan", "--cloud", "reader")
    with pytest.raises(PlacementError, match=r"cannot sign in: .*; check the credentials"):
        operator.type("plan", "--cloud", "nobody")
    with pytest.raises(MisuseError, match=r"cloud nowhere: .*nowhere.*; name a cloud"):
        operator.type("plan", "--cloud", "nowhere")


def test_regions_have_a_placement_each(clouds: tuple[Cloud, Cloud], operator: Operator) -> None:
    one, two = clouds
    user = ("--cloud", "admin", "--region")
    operator.type("adopt", *user, "RegionTwo")
    operator.type("apply", *user, "RegionTwo")
    assert (one.ratio("a"), two.ratio("a")) == (1.0, 1.25)
    with pytest.raises(MisuseError, match=f"is the journal of admin/RegionTwo, not of .*{REGION}"):
        operator.type("apply", *user, REGION)


def test_an_application_credential_signs_in(
    clouds: tuple[Cloud, Cloud], keystone: Keystone, operator: Operator, tmp_path: Path
) -> None:
    del clouds
    entry = {
        "auth_type": "v3applicationcredential",
        "auth": keystone.application("capacity"),
        "region_name": REGION,
    }
    clouds_yaml(tmp_path, {"credential": entry})
    found = operator.json("doctor", "--cloud", "credential")
    assert found["nodes"][0]["provider"] == "a"


def test_a_token_that_ends_is_renewed(clouds: tuple[Cloud, Cloud], keystone: Keystone) -> None:
    with connect("capacity") as client:
        (first,) = client.survey().providers
        token = client._adapter.session.get_token()  # type: ignore[attr-defined]
        with keystone.signed_in() as api:
            ended = api.delete("/v3/auth/tokens", headers={"X-Subject-Token": token})
            assert ended.status_code == httpx.codes.NO_CONTENT
        url = f"{clouds[0].placement.url}/resource_providers"
        wait(
            lambda: httpx.get(url, headers={"X-Auth-Token": token}).status_code == 401,
            "Placement to ask Keystone again",
        )
        assert client.put(first, first.records()).verdict == "written"
        assert client._adapter.session.get_token() != token  # type: ignore[attr-defined]


def test_a_token_runs_out_in_the_middle_and_all_is_written_and_rolled_back(
    clouds: tuple[Cloud, Cloud],
    keystone: Keystone,
    operator: Operator,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cloud, user = clouds[0], ("--cloud", "capacity")
    names = [f"n{at}" for at in range(12)]
    for name in names:
        cloud.host(name)
    before = cloud.whole()
    operator.tell(status(*(node(name, resource(free=80.0), vms=0) for name in names)))
    operator.type("adopt", *user)
    # The client takes its tokens to be good, as one does whose clock is slow.
    monkeypatch.setattr(AccessInfo, "will_expire_soon", lambda *_, **__: False)
    outlived = OutlivedTokens(cloud.placement.url)
    with short_tokens(keystone), monkeypatch.context() as patch:
        patch.setattr(Writer, "turn", outlived.turner())
        operator.type("apply", *user)
    assert outlived.refused
    assert {cloud.ratio(name) for name in names} == {1.25}
    operator.type("rollback", *user)
    assert cloud.whole() == before


@contextmanager
def short_tokens(keystone: Keystone) -> Iterator[None]:
    """New tokens live for a few seconds; those that there are stay as they are."""
    usual = keystone.lifetime

    def restart(lifetime: int) -> None:
        keystone.stop()
        keystone.lifetime = lifetime
        keystone.start()

    restart(8)
    try:
        yield
    finally:
        restart(usual)


class OutlivedTokens:
    """Before the third write its token runs out, and Placement refuses it."""

    def __init__(self, url: str) -> None:
        self._url = f"{url}/resource_providers"
        self._turn = Writer.turn
        self.turns = 0
        self.refused = False

    def turner(self) -> Callable[[Writer], bool]:
        """Takes the place of the method of a writer."""
        return lambda writer: self._before(writer) and self._turn(writer)

    def _before(self, writer: Writer) -> bool:
        if self.turns == 2:
            token = writer.client._adapter.session.get_token()  # type: ignore[attr-defined]
            headers = {"X-Auth-Token": token}
            wait(
                lambda: httpx.get(self._url, headers=headers).status_code == 401,
                "the token to run out",
            )
            self.refused = True
        self.turns += 1
        return True
