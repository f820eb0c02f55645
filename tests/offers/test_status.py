"""A status as readers see it."""

from scroogevm.offers.status import Inputs, NodeStatus, ResourceOffer, Status


def _status(valid_until: float) -> Status:
    offer = ResourceOffer("cores", 8.0, 4.0, 2.0, 2.0, 6.0, 1.25, "calibrated", "ok", 100.0)
    inputs = Inputs(180, 180, 1.0, 10, 3, 0, 5.0, 5.0)
    node = NodeStatus("n1", "all", valid_until, {"cpu": offer}, inputs)
    return Status(1, 1, 1800.0, 1805.0, 1800.0, 1800.0, {"n1": node})


def test_an_expired_offer_has_nothing_free() -> None:
    status = _status(valid_until=3700.0)
    assert status.at(3699.0) is status
    late = status.at(3700.0).nodes["n1"]
    offer = late.resources["cpu"]
    assert (offer.free, offer.ratio, offer.state) == (0.0, 0.5, "expired")
    assert (late.state, late.reason) == ("expired", "the offer is no longer valid")
    assert status.nodes["n1"].state == "ok"
