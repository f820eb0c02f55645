"""The client of Placement: requests, writes, and the meaning of its errors.

Needs keystoneauth and openstacksdk, which read ``clouds.yaml`` and ``OS_*``, sign in, renew tokens
and find the address of Placement in the catalogue.
"""

import time
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from email.utils import parsedate_to_datetime
from typing import Any, Literal, Protocol

from scroogevm.errors import MissingExtraError, MisuseError, PlacementError
from scroogevm.openstack.records import Inventory, InventoryRecord, Provider, Survey
from scroogevm.text import plain

MICROVERSION = "1.26"
"""Of Rocky, 2018: the first that lets all of a class be reserved."""

_TOLD_BY_TRAIT = (
    "MISC_SHARES_VIA_AGGREGATE",
    "COMPUTE_STATUS_DISABLED",
    "HW_CPU_X86_AMD_SEV",
    "HW_CPU_X86_AMD_SEV_ES",
    "HW_CPU_X86_INTEL_TDX",
)
"""Traits that decide something; who has them is asked once each, not provider by provider."""

_TRIES = 4
_AT_ONCE = 8


class Adapter(Protocol):
    """What of keystoneauth's adapter is used."""

    def request(self, url: str, method: str, **options: Any) -> Any:
        """Ask, signed in; a ``requests.Response``."""


Verdict = Literal["written", "conflict", "refused", "unknown"]


@dataclass(frozen=True)
class Answer:
    """What came of a PUT.

    Attributes:
        verdict: ``written``; ``conflict``: the generation has moved, ask again; ``refused``: it is
            not written and would not be; ``unknown``: it may have arrived or not.
        detail: what Placement said.
    """

    verdict: Verdict
    detail: str = ""


class PlacementClient(AbstractContextManager["PlacementClient"]):
    """One Placement.

    Args:
        adapter: asks it, signed in.
        cloud: which one it is, in words that stay the same.
        pause: waits so many seconds before it asks again.
        clock: seconds since 1970.
        close: gives its connections back.
    """

    def __init__(
        self,
        adapter: Adapter,
        cloud: str,
        *,
        close: Callable[[], object] = lambda: None,
        pause: Callable[[float], object] = time.sleep,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._adapter = adapter
        self.cloud = cloud
        self._pause = pause
        self._clock = clock
        self._skew: float | None = None
        self._kept: Mapping[str, Provider] = {}
        self._close = close

    def __exit__(self, *_: object) -> None:
        self._close()

    def survey(self, *, whole: bool = False) -> Survey:
        """Every provider with what it has and who holds it.

        Args:
            whole: whether all traits and aggregates are read, too; else those that decide
                something.

        Raises:
            PlacementError: it cannot be reached, or gives an invalid answer.
        """
        with self._sense():
            return self._survey(whole=whole)

    def _survey(self, *, whole: bool) -> Survey:
        heads = self.heads()
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            found = list(pool.map(lambda one: self._surveyed(one, whole=whole), heads))
        self._kept = {one.uuid: one for one in found}
        return Survey(found if whole else self._with_traits(found), self._skew, self.cloud)

    def heads(self) -> Sequence[Provider]:
        """Every provider without what it has: names and generations, in one question."""
        with self._sense():
            found = self._get("/resource_providers")["resource_providers"]
            return [
                Provider(
                    one["uuid"],
                    one["name"],
                    one["generation"],
                    one.get("parent_provider_uuid") or "",
                )
                for one in found
            ]

    def provider(self, head: Provider) -> Provider:
        """A provider as it is now; traits and aggregates as they were."""
        return self._held(self.inventories(head))

    def inventories(self, head: Provider) -> Provider:
        """A provider with its inventories and generation as they are now, all else as it was."""
        with self._sense():
            content = self._get(f"/resource_providers/{head.uuid}/inventories")
            found = {name: Inventory(one) for name, one in content["inventories"].items()}
            for one in found.values():
                _ = one.capacity  # has what it needs
            generation = content["resource_provider_generation"]
            return replace(head, generation=generation, inventories=found)

    def put(self, provider: Provider, records: Mapping[str, InventoryRecord]) -> Answer:
        """Write all inventories of a provider, if it is still of this generation.

        Never raises for what Placement or the network does: the answer says what is known.
        """
        body = {"resource_provider_generation": provider.generation, "inventories": records}
        path = f"/resource_providers/{provider.uuid}/inventories"
        try:
            response = self._ask("PUT", path, json=body)
        except PlacementError as error:
            # A refused connection or sign-in never reached Placement; a cut one may have.
            return Answer("unknown" if error.temporary else "refused", str(error))
        code, said = response.status_code, _said(response)
        if code == 200:
            return Answer("written")
        if code == 409:
            moved = "concurrent_update" in said or "generation conflict" in said
            return Answer("conflict" if moved else "refused", said)
        return Answer("unknown" if code >= 500 else "refused", f"{code}: {said}")

    def _surveyed(self, head: Provider, *, whole: bool) -> Provider:
        """A provider with what it has; inventories of a generation that is known are not read.

        Allocations are: those that end do not move the generation.
        """
        kept = self._kept.get(head.uuid)
        if kept is not None and kept.generation == head.generation:
            found = self._held(replace(head, inventories=kept.inventories))
        else:
            found = self._held(self.inventories(head))
        if not whole:
            return found
        path = f"/resource_providers/{head.uuid}"
        return replace(
            found,
            traits=frozenset(self._get(f"{path}/traits")["traits"]),
            aggregates=frozenset(self._get(f"{path}/aggregates")["aggregates"]),
        )

    def _held(self, provider: Provider) -> Provider:
        """A provider with who holds what of it."""
        held = self._get(f"/resource_providers/{provider.uuid}/allocations")["allocations"]
        return replace(provider, allocations={who: one["resources"] for who, one in held.items()})

    def _with_traits(self, providers: Iterable[Provider]) -> Sequence[Provider]:
        """Traits that decide something, and aggregates in which somebody shares."""
        traits = {name: self._having("required", name) for name in _TOLD_BY_TRAIT}
        sharing = traits["MISC_SHARES_VIA_AGGREGATE"]
        aggregates: set[str] = set()
        for uuid in sorted(sharing):
            aggregates.update(self._get(f"/resource_providers/{uuid}/aggregates")["aggregates"])
        members = {name: self._having("member_of", name) for name in sorted(aggregates)}
        return [
            replace(
                one,
                traits=frozenset(name for name, having in traits.items() if one.uuid in having),
                aggregates=frozenset(
                    name for name, having in members.items() if one.uuid in having
                ),
            )
            for one in providers
        ]

    def _having(self, what: str, value: str) -> frozenset[str]:
        """Uuids of providers that have a trait, or are in an aggregate; a trait may be unknown."""
        response = self._answered("GET", f"/resource_providers?{what}={value}")
        if response.status_code == 400 and what == "required":
            return frozenset()  # this Placement is older than the trait
        return frozenset(one["uuid"] for one in self._content(response)["resource_providers"])

    @contextmanager
    def _sense(self) -> Iterator[None]:
        """Report an answer that does not look like one of Placement."""
        try:
            yield
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise PlacementError(
                f"gives an unexpected answer: {type(error).__name__} {plain(error)}",
                where=self.cloud,
                remedy="is this the address of Placement?",
            ) from None

    def _get(self, path: str) -> Any:
        return self._content(self._answered("GET", path))

    def _answered(self, method: str, path: str) -> Any:
        """The answer to a question, asked again where that may help.

        Raises:
            PlacementError: there is no valid answer.
        """
        for left in reversed(range(_TRIES)):
            try:
                response = self._ask(method, path)
            except PlacementError as error:
                if not (left and error.temporary):
                    raise
            else:
                if response.status_code < 500 or not left:
                    return response
            self._pause(0.1 * 2 ** (_TRIES - left))
        raise AssertionError  # the last try returns or raises

    def _content(self, response: Any) -> Any:
        if response.status_code != 200:
            code = response.status_code
            remedy = {
                401: "check the credentials",
                403: "docs/howto/openstack.md lists the policy rules that it needs",
                404: "it was removed in the meantime; try again",
                406: f"it must support microversion {MICROVERSION}",
            }.get(code, "")
            raise PlacementError(
                f"answers {code}: {_said(response)}",
                where=self.cloud,
                remedy=remedy,
                temporary=code >= 500 or code == 404,
            )
        self._tell_time(response)
        try:
            return response.json()
        except ValueError:
            raise PlacementError("does not answer in JSON", where=self.cloud) from None

    def _tell_time(self, response: Any) -> None:
        date = response.headers.get("Date")
        if date:
            self._skew = parsedate_to_datetime(date).timestamp() - self._clock()

    def _ask(self, method: str, path: str, **options: Any) -> Any:
        """The answer, whatever its code.

        Raises:
            PlacementError: it does not answer, or the sign-in failed.
        """
        from keystoneauth1 import exceptions as errors  # noqa: PLC0415  # an extra

        try:
            return self._adapter.request(
                path, method, microversion=MICROVERSION, raise_exc=False, **options
            )
        except (errors.Unauthorized, errors.AuthPluginException) as error:
            raise PlacementError(
                f"cannot sign in: {plain(error)}", where=self.cloud, remedy="check the credentials"
            ) from None
        except errors.ClientException as error:
            raise PlacementError(
                f"cannot be asked: {plain(error)}", where=self.cloud, temporary=True
            ) from None


def connect(cloud: str | None, region: str | None = None, timeout: float = 30.0) -> PlacementClient:
    """Placement of a cloud of ``clouds.yaml``, or of the environment.

    Args:
        cloud: its name there; None for ``OS_CLOUD``, or else the other variables ``OS_*``.
        region: where the cloud has several.
        timeout: seconds for one question.

    Raises:
        MissingExtraError: what it needs is not installed.
        MisuseError: there is no such cloud, or its settings are not valid.
    """
    try:
        from keystoneauth1 import adapter as adapters  # noqa: PLC0415  # an extra
        from keystoneauth1 import exceptions as errors  # noqa: PLC0415  # likewise
        from openstack import exceptions  # noqa: PLC0415  # likewise
        from openstack.config import OpenStackConfig  # noqa: PLC0415  # likewise
    except ImportError as error:
        library = error.name or "openstacksdk"
        raise MissingExtraError(library, "openstack", "OpenStack's Placement") from None
    where = f"cloud {cloud}" if cloud else "OS_*"
    try:
        asked: dict[str, Any] = {"cloud": cloud, **({"region_name": region} if region else {})}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it warns of its own future, whatever is asked
            found = OpenStackConfig(app_name="scroogevm").get_one(**asked)
        session = found.get_session()
        session.timeout = session.timeout or timeout
        adapter = adapters.Adapter(
            session,
            service_type="placement",
            interface=found.get_interface("placement"),
            region_name=found.get_region_name("placement"),
            endpoint_override=found.get_endpoint("placement"),
        )
    except (exceptions.SDKException, errors.ClientException, OSError) as error:
        raise MisuseError(
            plain(error), where=where, remedy="name a cloud of clouds.yaml, or set OS_*"
        ) from None
    named = found.name or found.config.get("auth", {}).get("auth_url", "")
    place = "/".join(filter(None, (str(named), str(found.get_region_name("placement") or ""))))
    return PlacementClient(adapter, place, close=session.session.close)


def _said(response: Any) -> str:
    """What an answer says, in a line: the code and detail of Placement's errors."""
    try:
        (first, *_) = response.json()["errors"]
        said = f"{first.get('code', '')} {first.get('detail', '')}"
    except (ValueError, KeyError, TypeError, AttributeError):
        said = str(response.text)
    return " ".join(said.split())[:400].rstrip(".")
