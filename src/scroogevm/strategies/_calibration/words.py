"""Explains a demand of calibrated in words."""

from collections.abc import Mapping
from math import isnan

from scroogevm.strategies._calibration.experts import BASES, SCALES, Experts

_SAID = {**BASES, "learned": "the forecast of trees that learned from all nodes"}


def words(memo: Mapping[str, float], unit: str, experts: Experts) -> str:
    """The explanation of the demand of one node, from the numbers of its memo.

    Args:
        memo: the node's number in each array of the memo of ``calibrated``.
        unit: of the resource.
        experts: all experts.
    """
    if isnan(memo["told"]):
        return (
            f"There is too little data ({memo['pool']:,.0f} node-windows of all nodes, or fewer "
            f"windows of this node than are kept), so its VMs count at their allocation of "
            f"{_amount(memo['sold'], unit)}."
        )
    base, scale = experts[int(memo["expert"])]
    side = "more" if memo["margin"] >= 0 else "less"
    said = (
        f"Of {memo['pool']:,.0f} node-windows of all nodes, {memo['level']:.2%} exceeded "
        f"{_SAID[base]} by more than {memo['q']:.3g} x {SCALES[scale]}. That expert counts for "
        f"{memo['weight']:.0%} of the forecast, {_amount(memo['foreseen'], unit)}; "
        f"the mixtures so far need {_amount(abs(memo['margin']), unit)} {side}"
    )
    if memo["unseen"] > 0:
        said += (
            f"; VMs that just came may use {_amount(memo['unseen'], unit)} that they did not show"
        )
    held = memo["foreseen"] + memo["margin"] + memo["unseen"]
    if held > memo["sold"]:
        said += f"; the allocation of all VMs is only {_amount(memo['sold'], unit)}"
    return said + "."


def _amount(value: float, unit: str) -> str:
    """A number with four digits, without a power of ten.

    >>> _amount(9.04712, "cores"), _amount(62630.4, "MiB")
    ('9.047 cores', '62,630 MiB')
    """
    return f"{value:,.0f} {unit}" if value >= 1000 else f"{value:.4g} {unit}"
