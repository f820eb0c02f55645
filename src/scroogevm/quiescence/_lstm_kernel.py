"""Compiled training of many small networks at once: only numbers go in, only numbers come out.

Fits do not depend on one another. ``LANES`` of them advance side by side, so that the inner loops
fill vector registers; no operation is reordered and the exponential is our own, so that a fit gives
the same bits alone and in company, with any number of threads, on any processor.

Arrays over rows and lanes are flat, lanes innermost: number ``row`` of fit ``lane`` is at
``row * LANES + lane``.
"""

import math

import numpy as np
from numba import prange

from scroogevm.core.arrays import Floats, Ints
from scroogevm.quiescence._compiled import compiled
from scroogevm.quiescence._lstm_weights import GATES, NUMBERS, UNITS

LANES = 8

_RATE, _BETA1, _BETA2, _EPSILON = 1e-3, 0.9, 0.999, 1e-7
_OUT, _CANDIDATE = UNITS * LANES, 2 * UNITS * LANES
_BIAS, _DENSE, _LAST = GATES * LANES, 2 * GATES * LANES, (NUMBERS - 1) * LANES
_SHIFT = 6755399441055744.0  # 1.5 * 2**52: what is added to it is rounded to a whole number
_LOG2E = 1.4426950408889634
_LN2_HIGH, _LN2_LOW = 0.6931471803691238, 1.9082149292705877e-10
_T = tuple(1 / math.factorial(n) for n in range(14))


@compiled()
def _squash(  # noqa: PLR0917  # compiled code takes arrays one by one
    first: int, end: int, factor: float, z: Floats, out: Floats, power: Floats, bits: Ints
) -> None:
    """The logistic function of z with a factor of 1, tanh(z) with 2.

    ``power`` and ``bits`` are one piece of memory to work in.
    """
    for k in range(first, end):
        x = min(max(-factor * z[k], -700.0), 700.0)
        shifted = x * _LOG2E + _SHIFT
        power[k] = shifted
        whole = shifted - _SHIFT
        r = x - whole * _LN2_HIGH - whole * _LN2_LOW
        r2 = r * r
        low = (_T[2] + r * _T[3]) + r2 * (_T[4] + r * _T[5])
        middle = (_T[6] + r * _T[7]) + r2 * (_T[8] + r * _T[9])
        high = (_T[10] + r * _T[11]) + r2 * (_T[12] + r * _T[13])
        out[k] = 1.0 + (r + r2 * (low + r2 * r2 * (middle + r2 * r2 * high)))
    for k in range(first, end):
        bits[k] = (bits[k] + 1023) << 52  # the whole number as an exponent: 2**whole
    for k in range(first, end):
        out[k] = factor / (1.0 + out[k] * power[k]) - (factor - 1.0)


@compiled()
def _predict(  # noqa: PLR0917  # likewise
    p: Floats,
    x: Floats,
    z: Floats,
    gates: Floats,
    cell: Floats,
    y: Floats,
    power: Floats,
    bits: Ints,
) -> None:
    """Outputs ``y`` for inputs ``x``, with the gates and the cell on the way."""
    for row in range(GATES):
        for lane in range(LANES):
            k = row * LANES + lane
            z[k] = p[k] * x[lane] + p[_BIAS + k]
    _squash(0, _CANDIDATE, 1.0, z, gates, power, bits)
    _squash(_CANDIDATE, _BIAS, 2.0, z, gates, power, bits)
    for k in range(_OUT):
        z[k] = gates[k] * gates[_CANDIDATE + k]
    _squash(0, _OUT, 2.0, z, cell, power, bits)
    for k in range(_OUT):
        z[k] = p[_DENSE + k] * (gates[_OUT + k] * cell[k])
    for lane in range(LANES):
        y[lane] = p[_LAST + lane]
    for row in range(UNITS):
        for lane in range(LANES):
            y[lane] += z[row * LANES + lane]


@compiled()
def _gradient(  # noqa: PLR0917  # likewise
    p: Floats, x: Floats, gates: Floats, cell: Floats, slope: Floats, g: Floats
) -> None:
    """Gradient ``g`` of the loss, whose slope at the output is given."""
    for row in range(UNITS):
        for lane in range(LANES):
            k = row * LANES + lane
            i, o, c, t = gates[k], gates[_OUT + k], gates[_CANDIDATE + k], cell[k]
            hidden = slope[lane] * p[_DENSE + k]
            inner = hidden * o * (1.0 - t * t)
            g[_DENSE + k] = slope[lane] * (o * t)
            g[_BIAS + k] = inner * c * (i * (1.0 - i))
            g[_BIAS + _OUT + k] = hidden * t * (o * (1.0 - o))
            g[_BIAS + _CANDIDATE + k] = inner * i * (1.0 - c * c)
    for row in range(GATES):
        for lane in range(LANES):
            k = row * LANES + lane
            g[k] = g[_BIAS + k] * x[lane]
    for lane in range(LANES):
        g[_LAST + lane] = slope[lane]


@compiled()
def _adam(p: Floats, g: Floats, m: Floats, v: Floats, rate: Floats) -> None:
    """One step of every number; ``rate`` corrects the bias, and is 0 for a fit at its end."""
    for k in range(p.size):
        m[k] += (g[k] - m[k]) * (1.0 - _BETA1)
        v[k] += (g[k] * g[k] - v[k]) * (1.0 - _BETA2)
    for row in range(NUMBERS):
        for lane in range(LANES):
            k = row * LANES + lane
            p[k] -= m[k] * rate[lane] / (math.sqrt(v[k]) + _EPSILON)


@compiled()
def _rates(steps: int) -> Floats:
    """``rate * sqrt(1 - beta2**t) / (1 - beta1**t)`` for t = 1 .. ``steps``."""
    rates = np.empty(steps)
    one, two = 1.0, 1.0
    for t in range(steps):
        one *= _BETA1
        two *= _BETA2
        rates[t] = _RATE * math.sqrt(1.0 - two) / (1.0 - one)
    return rates


@compiled()
def _shuffle(order: Ints, length: int, draws: Floats) -> None:
    for last in range(length - 1, 0, -1):
        other = int(draws[last] * (last + 1))
        order[last], order[other] = order[other], order[last]


@compiled()
def _train(  # noqa: PLR0917  # likewise
    p: Floats,
    nodes: Ints,
    members: Ints,
    draws: Floats,
    rates: Floats,
    pairs: Floats,
    lengths: Ints,
) -> None:
    """Change the networks ``p`` by every epoch over their nodes' pairs, one pair a step."""
    g, m, v = np.empty_like(p), np.zeros_like(p), np.zeros_like(p)
    z, gates, power, cell = np.empty(_BIAS), np.empty(_BIAS), np.empty(_BIAS), np.empty(_OUT)
    bits = power.view(np.int64)
    x, y, slope, rate = np.empty(LANES), np.empty(LANES), np.empty(LANES), np.empty(LANES)
    order = np.empty((LANES, pairs.shape[1]), np.int64)
    order[:] = np.arange(pairs.shape[1])
    length, epochs = lengths[nodes], draws.shape[1]
    place, epoch = length.copy(), np.full(LANES, -1)
    for step in range(epochs * length.max()):
        for lane in range(LANES):
            if place[lane] == length[lane] and epoch[lane] < epochs:
                place[lane] = 0
                epoch[lane] += 1
                if epoch[lane] < epochs:
                    _shuffle(order[lane], length[lane], draws[members[lane], epoch[lane]])
            going = epoch[lane] < epochs and length[lane] > 0
            pair = order[lane, place[lane]] if going else 0
            place[lane] += 1
            rate[lane] = rates[step] if going else 0.0
            x[lane] = pairs[nodes[lane], pair, 0]
            y[lane] = pairs[nodes[lane], pair, 1]
        _predict(p, x, z, gates, cell, slope, power, bits)
        for lane in range(LANES):
            slope[lane] = 2.0 * (slope[lane] - y[lane])
        _gradient(p, x, gates, cell, slope, g)
        _adam(p, g, m, v, rate)


@compiled()
def _measure(p: Floats, nodes: Ints, pairs: Floats, lengths: Ints) -> Floats:
    """Root mean square error of each network on its node's pairs."""
    z, gates, power, cell = np.empty(_BIAS), np.empty(_BIAS), np.empty(_BIAS), np.empty(_OUT)
    bits = power.view(np.int64)
    x, y, total = np.empty(LANES), np.empty(LANES), np.zeros(LANES)
    length = lengths[nodes]
    for pair in range(length.max()):
        for lane in range(LANES):
            x[lane] = pairs[nodes[lane], pair, 0]
        _predict(p, x, z, gates, cell, y, power, bits)
        for lane in range(LANES):
            error = y[lane] - pairs[nodes[lane], pair, 1]
            total[lane] += error * error if pair < length[lane] else 0.0
    return np.sqrt(total / length)


@compiled(parallel=True)
def errors(weights: Floats, draws: Floats, pairs: Floats, lengths: Ints) -> Floats:
    """Root mean square error of every network, trained on one series of pairs, on that and another.

    Args:
        weights: (members, numbers), where every fit begins.
        draws: (members, epochs, pairs), what shuffles the pairs of each epoch.
        pairs: (2, nodes, pairs, 2), input and wanted output, of the series to train on and of the
            other one.
        lengths: (2, nodes), how many pairs there are.

    Returns:
        (2, nodes, members), NaN for a series without pairs.
    """
    count = weights.shape[0]
    fits = pairs.shape[1] * count
    rates = _rates(draws.shape[1] * pairs.shape[2])
    groups = (fits + LANES - 1) // LANES
    out = np.empty((2, groups, LANES))
    for group in prange(groups):
        fit = np.minimum(np.arange(group * LANES, (group + 1) * LANES), fits - 1)
        nodes, members = fit // count, fit % count
        p = np.ascontiguousarray(weights[members].T).reshape(NUMBERS * LANES)
        _train(p, nodes, members, draws, rates, pairs[0], lengths[0])
        for series in range(2):
            out[series, group] = _measure(p, nodes, pairs[series], lengths[series])
    flat = out.reshape(2, groups * LANES)[:, :fits]
    return np.ascontiguousarray(flat).reshape(2, pairs.shape[1], count)
