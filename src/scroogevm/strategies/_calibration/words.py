"""Why a demand is what it is, in words."""

from collections.abc import Mapping
from math import isnan

from scroogevm.strategies._calibration.experts import BASES, EXPERTS, SCALES


def words(memo: Mapping[str, float], unit: str) -> str:
    """One node's demand explained, of the numbers that were remembered of it.

    Args:
        memo: the node's number in each array of the memo of ``calibrated``.
        unit: of the resource.
    """
    if isnan(memo["told"]):
        return (
            f"Too little is known ({memo['pool']:,.0f} node-windows of all nodes, or fewer windows "
            f"of this node than are kept): its VMs count at the {memo['sold']:.4g} {unit} that "
            "they were promised."
        )
    base, scale = EXPERTS[int(memo["expert"])]
    side, size = ("more", memo["q"]) if memo["q"] >= 0 else ("less", -memo["q"])
    said = (
        f"Of {memo['pool']:,.0f} node-windows of all nodes, {memo['level']:.2%} exceeded "
        f"{BASES[base]} by more than {memo['q']:.3g} x {SCALES[scale]}. Of this node that is "
        f"{memo['base']:.4g} {unit}, and {size * memo['scale']:.4g} {unit} {side}"
    )
    if memo["unseen"] > 0:
        said += f"; VMs that just came may use {memo['unseen']:.4g} {unit} that they did not show"
    held = memo["base"] + memo["q"] * memo["scale"] + memo["unseen"]
    if held > memo["sold"]:
        said += f"; VMs were promised no more than {memo['sold']:.4g} {unit} together"
    return said + "."
