"""Options of writing to OpenStack's Placement: cloud, nodes, limits."""

import time
from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

from scroogevm.cli.actions._told import ask, client
from scroogevm.errors import MisuseError
from scroogevm.openstack.canary import CanaryRecord, Ledger, record
from scroogevm.openstack.ratio import RatioBounds
from scroogevm.openstack.rules import Rules
from scroogevm.wiring.placement import PlacementClient, placement_client


def rules_of(options: Mapping[str, Any]) -> "Rules":
    """What these options allow.

    Raises:
        MisuseError: something of it makes no sense.
    """
    plain = ("kinds", "nodes", "canary", "canary_windows", "canary_violations", "dead_band")
    more = ("step", "share", "rate", "withdrawn", "stopped", "skew")
    return Rules(
        **{name: options[name] for name in (*plain, *more)},
        names=_names(options["names"]),
        bounds=_bounds(options["bounds"]),
    )


def client_of(options: Mapping[str, Any]) -> "PlacementClient":
    """Placement of the cloud that these options name.

    Raises:
        MissingExtraError: what it needs is not installed.
        MisuseError: there is no such cloud.
    """
    return placement_client(options["cloud"], options["region"])


def ledger_of(options: Mapping[str, Any]) -> "Ledger | None":
    """What promises were worth, as the service tells; None where a file is read instead of it."""
    if options.get("file") is not None:
        return None

    def ledger(nodes: Any, since: float) -> CanaryRecord:
        params = {"last": max(1.0, time.time() - since), "by": "node"}
        with client(dict(options)) as api:
            rows = ask(api, "GET", "api/v1/ledger", params=params).json()
        return record(
            ((row["of"], row["strategy"], row["windows"], row["violations"]) for row in rows), nodes
        )

    return ledger


def _names(table: Mapping[str, Any]) -> Mapping[str, str]:
    wrong = [node for node, provider in table.items() if not isinstance(provider, str)]
    if wrong:
        raise MisuseError("is not the name of a provider", where=f"placement.names.{wrong[0]}")
    return table


def _bounds(table: Mapping[str, Any]) -> "Mapping[str, Any]":
    found = dict(Rules().bounds)
    known = {
        one.name.replace("_", "-"): type(getattr(RatioBounds(), one.name))
        for one in fields(RatioBounds)
    }
    for kind, values in table.items():
        where = f"placement.bounds.{kind}"
        if kind not in found or not isinstance(values, Mapping):
            raise MisuseError(
                "is not a class with its bounds", where=where, remedy=f"classes: {', '.join(found)}"
            )
        for key, value in values.items():
            kinds = (int, float) if known.get(key) is float else (known.get(key),)
            if key not in known or type(value) not in kinds:
                raise MisuseError(
                    f"{key} = {value!r} makes no sense",
                    where=where,
                    remedy=f"keys: {', '.join(known)}",
                )
        changed = {key.replace("-", "_"): value for key, value in values.items()}
        found[kind] = replace(found[kind], **changed)
    return found
