"""The predecessor's recurrent network."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scroogevm.core.arrays import Floats
from scroogevm.core.estimate import Verdict
from scroogevm.core.history import History
from scroogevm.errors import MissingExtraError
from scroogevm.ports import QuiescenceTest
from scroogevm.quiescence._lstm_weights import first_weights, order
from scroogevm.registry import parameter


@dataclass(frozen=True)
class Lstm(QuiescenceTest):
    """A small network trained on the kept windows predicts the new window as well as the kept ones.

    The network has 4 LSTM units and a dense output. It predicts sample t from sample t-1, both as
    shares of the capacity with 3 decimals. Every epoch uses the pairs in another order. Training
    ends early, so the gap of one network depends on its first weights. Therefore several networks
    are trained from fixed weights, and the one with the median gap decides. The predecessor had
    ``members=1``. Pairs with a missing sample are not used. A node without pairs is not quiescent.

    >>> import numpy as np
    >>> from scroogevm.core.window import VMs, Window
    >>> def window(*usage):
    ...     return Window(np.array([usage]), np.array([8.0]), np.array([6.0]), VMs.none())
    >>> history = History((window(2.0, 2.1, 1.9, 2.0),), window(2.0, 6.0, 1.0, 2.0), kept=4)
    >>> Lstm().judge(history).quiescent.tolist()
    [False]
    """

    formula = "abs(RMSE(kept) - RMSE(new)) < tolerance*capacity of a network trained on kept"
    source = "Jacquet, Ledoux, Rouvoy, IEEE TSUSC 9(5), 2024"

    members: int = parameter(15, "networks, of which the one with the median gap decides", low=1)
    epochs: int = parameter(3, "how often a network sees each pair of samples", low=1)
    tolerance: float = parameter(0.01, "largest gap as a share of the capacity", low=0)

    def judge(self, history: History) -> Verdict:
        """Train on the kept windows, then compare the errors on them and on the new one."""
        kept, new = rmse(history, self.members, self.epochs)
        middle = np.argsort(abs(kept - new), axis=1, kind="stable")[:, [(self.members - 1) // 2]]
        kept = np.take_along_axis(kept, middle, axis=1)[:, 0]
        new = np.take_along_axis(new, middle, axis=1)[:, 0]
        limit = self.tolerance * history.capacity
        return Verdict.of({"rmse": (new - kept, limit)}, rmse_kept=kept, rmse_new=new)


def rmse(history: History, members: int, epochs: int) -> tuple[Floats, Floats]:
    """Root mean square errors of every network, on the kept windows and on the new one.

    Returns:
        (nodes, members) each, cores or MiB; NaN if there is no pair of samples.

    Raises:
        MissingExtraError: Numba is not installed.
    """
    try:
        from scroogevm.quiescence._lstm_kernel import errors  # noqa: PLC0415  # heavy: imported by those who choose this test
    except ImportError:
        raise MissingExtraError("numba", "quiescence", "the lstm test") from None
    kept, new = (
        _shares(usage, history.capacity) for usage in (history.earlier_usage, history.new.usage)
    )
    orders = [
        [order(member, epoch, kept.shape[1] - 1) for epoch in range(epochs)]
        for member in range(members)
    ]
    found = errors(first_weights(members).astype(np.float32), np.array(orders), kept, new)
    trained = np.where(np.isnan(found[0]), np.nan, history.capacity[:, np.newaxis])
    return found[0] * trained, found[1] * trained


def _shares(usage: Floats, capacity: Floats) -> NDArray[np.float32]:
    """Usage as shares of capacity, like the input of the predecessor's network."""
    with np.errstate(divide="ignore", invalid="ignore"):  # a node without capacity has no shares
        shares = usage / capacity[:, np.newaxis]
        return np.round(shares, 3, out=shares).astype(np.float32)
