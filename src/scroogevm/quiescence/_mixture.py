"""Fits Gaussian mixtures over time and usage, for all nodes at once."""

from dataclasses import dataclass

import numpy as np

from scroogevm.core.arrays import Floats

FLOOR = 1e-6
"""Smallest variance of a component in time and usage: a thousandth of the window, of capacity."""
_NOTHING = 1e-12
"""Weight of a component without samples, small beside one sample's."""


@dataclass(frozen=True, eq=False)
class Mixture:
    """Components of each node, (nodes, components) each.

    Attributes:
        weight: share of the samples.
        t: mean time.
        u: mean usage.
        tt: variance of time.
        tu: covariance.
        uu: variance of usage.
    """

    weight: Floats
    t: Floats
    u: Floats
    tt: Floats
    tu: Floats
    uu: Floats

    @classmethod
    def fit(cls, time: Floats, usage: Floats, components: int, rounds: int) -> "Mixture":
        """Expectation-maximisation; at first, the components divide the time evenly.

        Args:
            time: (samples,), from 0 at the begin of a window to 1 at its end.
            usage: (nodes, samples), NaN where missing.
            components: how many.
            rounds: how many times samples are assigned to components.
        """
        basis = _basis(time, usage)
        turn = np.minimum((time * components).astype(np.int64), components - 1)
        first = np.equal.outer(np.arange(components), turn).astype(np.float64)
        mixture = cls._maximised(np.broadcast_to(first, (usage.shape[0], *first.shape)), basis)
        for _ in range(rounds):
            mixture = cls._maximised(mixture._shares(basis), basis)  # noqa: SLF001  # one of its own
        return mixture

    @classmethod
    def _maximised(cls, shares: Floats, basis: Floats) -> "Mixture":
        """The most likely components for these shares of samples."""
        sums = np.moveaxis(shares @ np.swapaxes(basis, 1, 2), 2, 0)
        number = sums[0] + _NOTHING
        t, u, tt, tu, uu = sums[1:] / number
        weight = number / number.sum(axis=1, keepdims=True)
        tt, uu = (np.maximum(square, 0) + FLOOR for square in (tt - t * t, uu - u * u))
        return cls(weight, t, u, tt, tu - t * u, uu)

    def _shares(self, basis: Floats) -> Floats:
        """The share of each sample in each component, (nodes, components, samples)."""
        shares = self._polynomials() @ basis
        shares -= shares.max(axis=1, keepdims=True)
        np.exp(shares, out=shares)
        shares /= shares.sum(axis=1, keepdims=True)
        return shares

    def _polynomials(self) -> Floats:
        """Logarithms of weighted densities, as factors of 1, t, u, tt, tu, uu of a sample."""
        det = np.maximum(self.tt * self.uu - self.tu * self.tu, FLOOR * FLOOR)
        tt, tu, uu = -self.uu / (2 * det), self.tu / det, -self.tt / (2 * det)
        t, u = -2 * tt * self.t - tu * self.u, -2 * uu * self.u - tu * self.t
        one = np.log(self.weight) - np.log(det) / 2 - (t * self.t + u * self.u) / 2
        return np.stack([one, t, u, tt, tu, uu], axis=2)

    def usage_at(self, time: Floats) -> Floats:
        """Mean usage at each time, (nodes, times)."""
        away = time - self.t[:, :, np.newaxis]
        tt = self.tt[:, :, np.newaxis]
        shares = np.log(self.weight / np.sqrt(self.tt))[:, :, np.newaxis] - away * away / (2 * tt)
        shares = np.exp(shares - shares.max(axis=1, keepdims=True))
        means = self.u[:, :, np.newaxis] + (self.tu / self.tt)[:, :, np.newaxis] * away
        return np.asarray((shares * means).sum(axis=1) / shares.sum(axis=1))


def _basis(time: Floats, usage: Floats) -> Floats:
    """1, t, u, tt, tu, uu of every sample, (nodes, 6, samples); all zero where it is missing."""
    present = np.isfinite(usage)
    u = np.where(present, usage, 0.0)
    t = np.where(present, time, 0.0)
    return np.stack([present.astype(np.float64), t, u, t * t, t * u, u * u], axis=1)
