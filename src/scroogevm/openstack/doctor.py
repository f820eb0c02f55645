"""Checks for each node whether a ratio can be written and would stay; only reads."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from scroogevm.offers.status import Status
from scroogevm.openstack.case import SHARES, cases
from scroogevm.openstack.check import Finding, examine
from scroogevm.openstack.memory import Memory
from scroogevm.openstack.records import RESOURCE_OF, Survey
from scroogevm.openstack.rules import Rules
from scroogevm.text import counted

Verdict = Literal["ready", "with care", "blocked"]


@dataclass(frozen=True)
class Diagnosis:
    """What the doctor says of a node.

    Attributes:
        node: its name in the telemetry.
        provider: name of its provider; empty if there is none.
        ratios: in Placement, by class.
        verdict: ``ready``; ``with care``: look at its warnings first; ``blocked``: nothing of it,
            or not all of it, is written.
        findings: the worst first.
    """

    node: str
    provider: str
    ratios: Mapping[str, float]
    verdict: Verdict
    findings: Sequence[Finding]

    @property
    def words(self) -> str:
        """The verdict in words."""
        blocked = [one for one in self.findings if one.level == "blocks"]
        if blocked:
            return f"blocked: {blocked[0].sentence}"
        warnings = [one for one in self.findings if one.level == "warns"]
        if warnings:
            more = f", and {counted(len(warnings) - 1, 'warning')} more" if warnings[1:] else ""
            return f"with care: {warnings[0].sentence}{more}"
        return "ready"


@dataclass(frozen=True)
class Examination:
    """What the doctor says of a cloud.

    Attributes:
        nodes: in the order of the status.
        strangers: hosts of Placement that no node was found to be.
        clock: seconds that Placement's clock is ahead of ours.
    """

    nodes: Sequence[Diagnosis]
    strangers: Sequence[str]
    clock: float | None

    @property
    def well(self) -> bool:
        """Whether nothing is blocked."""
        return all(one.verdict != "blocked" for one in self.nodes)


def diagnose(
    status: Status, survey: Survey, memory: Memory, rules: Rules, then: Survey | None = None
) -> Examination:
    """What stands in the way of writing ratios.

    Args:
        status: as it is valid now.
        survey: what Placement has.
        memory: what the journal knows.
        rules: the name table and the classes.
        then: an earlier look, two periods of nova-compute ago.
    """
    found, known = [], set()
    for case in cases(status, survey, memory, rules, then):
        findings = [one for one in examine(case) if not one.kind or one.kind in rules.kinds]
        there = case.match.provider
        if there is not None:
            known.add(there.uuid)
        levels = {one.level for one in findings}
        verdict: Verdict = (
            "blocked" if "blocks" in levels else "with care" if "warns" in levels else "ready"
        )
        found.append(
            Diagnosis(
                node=case.node,
                provider=there.name if there is not None else "",
                ratios={kind: one.ratio for kind, one in case.inventories()} if there else {},
                verdict=verdict,
                findings=findings,
            )
        )
    strangers = [
        one.name
        for one in survey.providers
        if not (one.parent or one.uuid in known or SHARES in one.traits)
        and set(one.inventories) & set(RESOURCE_OF)
    ]
    return Examination(found, sorted(strangers), survey.clock)
