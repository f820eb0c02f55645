"""Explains the offers of a node in words."""

from collections.abc import Sequence

from scroogevm.offers.status import NodeStatus


def explained(node: NodeStatus) -> Sequence[str]:
    """The reasons of the offers of a node, one sentence each."""
    lines = []
    for resource, offer in node.resources.items():
        lines.append(
            f"{resource}: {_amount(offer.free)} of {_amount(offer.capacity)} {offer.unit} are "
            f"free ({offer.state}); the allocation of VMs is {_amount(offer.allocated)}."
        )
        demand = f"{offer.strategy} estimates a demand of {_amount(offer.estimated)} {offer.unit}."
        lines.append(f"{demand} {offer.explanation}".strip())
        held = node.signals.get(resource, {}).get("ballooned", 0.0)
        if held >= 1:
            lines.append(
                f"Balloons hold {_amount(held)} {offer.unit} of the allocation of VMs. The free "
                "amount depends on this; a VM gets it back when it needs it."
            )
        lines += [
            f"{reason.guard}: {reason.sentence} Free: {_amount(reason.before)} -> "
            f"{_amount(reason.after)} {offer.unit}."
            for reason in offer.reasons
        ]
    if node.hold is not None:
        note = f": {node.hold.note}" if node.hold.note else ""
        lines.append(f"held by {node.hold.by or 'an operator'}{note}")
    return lines


def _amount(value: float | None) -> str:
    return "an unknown amount" if value is None else f"{value:.6g}"
