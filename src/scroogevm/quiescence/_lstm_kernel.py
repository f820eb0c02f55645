"""Compiled training of many small networks at once; input and output are arrays of numbers.

Fits do not depend on one another. ``LANES`` of them are computed side by side, so that the inner
loops fill vector registers. Numbers are in single precision, like the predecessor's. No operation
is reordered or fused with another, and the hyperbolic tangent is our own. So a fit gives the same
bits alone and with other fits, with any number of threads, on any processor.

A group of fits works on one flat array ``s`` of rows, with lanes innermost, so that the compiler
sees that the numbers do not overlap: number ``row`` of fit ``lane`` is at ``row * LANES + lane``.
"""

import math

import numpy as np
from numba import prange
from numpy.typing import NDArray

from scroogevm.core.arrays import Floats, Ints
from scroogevm.quiescence._compiled import compiled
from scroogevm.quiescence._lstm_weights import GATES, NUMBERS, UNITS

Singles = NDArray[np.float32]

LANES = 16

# The first rows of each part. The numbers of the networks are first:
_LAYER = UNITS * LANES
_BIAS, _DENSE, _LAST = GATES * LANES, 2 * GATES * LANES, (NUMBERS - 1) * LANES
# Adam's means of the gradient and of its square;
_MEAN, _SQUARE = NUMBERS * LANES, 2 * NUMBERS * LANES
# the outputs of the gates (input, output, candidate) and of the cell;
_GATES = 3 * NUMBERS * LANES
_CELL = _GATES + GATES * LANES
# and one row each: input, wanted output, output, and the step of Adam for a gradient.
_X = _CELL + _LAYER
_WANTED, _Y, _RATE, _NEW, _NEW_SQUARE, _END = (_X + n * LANES for n in range(1, 7))

_ZERO, _HALF, _ONE, _TWO = (np.float32(n) for n in (0, 0.5, 1, 2))
_BETA1, _BETA2, _EPSILON = 0.9, 0.999, np.float32(1e-7)
_TAKEN, _TAKEN_SQUARE = np.float32(1 - _BETA1), np.float32(1 - _BETA2)
_LEARNING = 1e-3

_TOP = np.float32(7.9)
# This quotient has nearly the smallest possible relative error: 2e-7 up to _TOP.
_P = tuple(
    np.float32(c) for c in (0.9999998, 0.12720925, 2.7052076e-3, 7.2291004e-6, -6.2632894e-9)
)
_Q = tuple(np.float32(c) for c in (0.460541, 2.2887664e-2, 1.9787934e-4))


@compiled()
def tanh(x: np.float32) -> np.float32:
    """Hyperbolic tangent, a quotient of two polynomials, within 6e-7."""
    x = min(max(x, -_TOP), _TOP)
    q = x * x
    above = _P[0] + q * (_P[1] + q * (_P[2] + q * (_P[3] + q * _P[4])))
    return x * above / (_ONE + q * (_Q[0] + q * (_Q[1] + q * _Q[2])))


@compiled()
def _logistic(x: np.float32) -> np.float32:
    return _HALF + _HALF * tanh(_HALF * x)


@compiled()
def _predict(s: Singles) -> None:
    """Outputs for the inputs, with the gates and the cell on the way."""
    for lane in range(LANES):
        s[_Y + lane] = s[_LAST + lane]
    for unit in range(UNITS):
        for lane in range(LANES):
            k = unit * LANES + lane
            x = s[_X + lane]
            i = _logistic(s[k] * x + s[_BIAS + k])
            o = _logistic(s[_LAYER + k] * x + s[_BIAS + _LAYER + k])
            c = tanh(s[2 * _LAYER + k] * x + s[_BIAS + 2 * _LAYER + k])
            t = tanh(i * c)
            s[_GATES + k], s[_GATES + _LAYER + k], s[_GATES + 2 * _LAYER + k] = i, o, c
            s[_CELL + k] = t
            s[_Y + lane] += s[_DENSE + k] * (o * t)


@compiled()
def _adam(s: Singles, k: int, lane: int, gradient: np.float32) -> None:
    """One step of number ``k``."""
    mean = s[_MEAN + k] + (gradient - s[_MEAN + k]) * s[_NEW + lane]
    square = s[_SQUARE + k] + (gradient * gradient - s[_SQUARE + k]) * s[_NEW_SQUARE + lane]
    s[_MEAN + k], s[_SQUARE + k] = mean, square
    s[k] -= mean * s[_RATE + lane] / (np.sqrt(square) + _EPSILON)


@compiled()
def _learn(s: Singles) -> None:
    """One step of every number down the gradient of the squared error of the outputs."""
    for lane in range(LANES):
        s[_Y + lane] = _TWO * (s[_Y + lane] - s[_WANTED + lane])
        _adam(s, _LAST + lane, lane, s[_Y + lane])
    for unit in range(UNITS):
        for lane in range(LANES):
            k = unit * LANES + lane
            i, o, c = s[_GATES + k], s[_GATES + _LAYER + k], s[_GATES + 2 * _LAYER + k]
            x, t, slope = s[_X + lane], s[_CELL + k], s[_Y + lane]
            hidden = slope * s[_DENSE + k]
            inner = hidden * o * (_ONE - t * t)
            by_i = inner * c * (i * (_ONE - i))
            by_o = hidden * t * (o * (_ONE - o))
            by_c = inner * i * (_ONE - c * c)
            _adam(s, _DENSE + k, lane, slope * (o * t))
            _adam(s, _BIAS + k, lane, by_i)
            _adam(s, _BIAS + _LAYER + k, lane, by_o)
            _adam(s, _BIAS + 2 * _LAYER + k, lane, by_c)
            _adam(s, k, lane, by_i * x)
            _adam(s, _LAYER + k, lane, by_o * x)
            _adam(s, 2 * _LAYER + k, lane, by_c * x)


@compiled()
def _rates(steps: int) -> Singles:
    """``rate * sqrt(1 - beta2**t) / (1 - beta1**t)`` for t = 1 .. ``steps``."""
    rates = np.empty(steps, np.float32)
    one, two = 1.0, 1.0
    for t in range(steps):
        one *= _BETA1
        two *= _BETA2
        rates[t] = _LEARNING * math.sqrt(1.0 - two) / (1.0 - one)
    return rates


@compiled()
def _train(  # noqa: PLR0917  # compiled code takes arrays one by one
    s: Singles, kept: Singles, nodes: Ints, members: Ints, orders: Ints, rates: Singles
) -> None:
    """Show the networks every pair of their nodes once an epoch.

    A pair with a missing sample trains nothing: its step changes no bit, and is not counted.
    """
    steps = np.zeros(LANES, np.int64)
    for epoch in range(orders.shape[1]):
        for turn in range(orders.shape[2]):
            for lane in range(LANES):
                place = orders[members[lane], epoch, turn]
                node = nodes[lane]
                x, wanted = kept[node, place], kept[node, place + 1]
                whole = math.isfinite(x) and math.isfinite(wanted)
                s[_X + lane] = x if whole else _ZERO
                s[_WANTED + lane] = wanted if whole else _ZERO
                s[_RATE + lane] = rates[steps[lane]] if whole else _ZERO
                s[_NEW + lane] = _TAKEN if whole else _ZERO
                s[_NEW_SQUARE + lane] = _TAKEN_SQUARE if whole else _ZERO
                steps[lane] += whole
            _predict(s)
            _learn(s)


@compiled()
def _measure(s: Singles, series: Singles, nodes: Ints) -> Floats:
    """Root mean square error of each network on its node's pairs."""
    total, pairs = np.zeros(LANES), np.zeros(LANES)
    for place in range(series.shape[1] - 1):
        for lane in range(LANES):
            s[_X + lane] = series[nodes[lane], place]
        _predict(s)
        for lane in range(LANES):
            error = float(s[_Y + lane] - series[nodes[lane], place + 1])
            whole = math.isfinite(s[_X + lane]) and math.isfinite(error)
            total[lane] += error * error if whole else 0.0
            pairs[lane] += whole
    return np.sqrt(total / pairs)


@compiled(parallel=True)
def errors(weights: Singles, orders: Ints, kept: Singles, new: Singles) -> Floats:
    """Root mean square errors of every network on its training series and on another one.

    A network learns to predict each sample from the one before it.

    Args:
        weights: (members, numbers), the first weights of every fit.
        orders: (members, epochs, kept samples - 1), places of the series, each once an epoch.
        kept: (nodes, kept samples), the series to train on; NaN where one is missing.
        new: (nodes, new samples), the other one.

    Returns:
        (2, nodes, members), NaN for a series without pairs.
    """
    count = weights.shape[0]
    fits = kept.shape[0] * count
    rates = _rates(orders.shape[1] * orders.shape[2])
    groups = (fits + LANES - 1) // LANES
    out = np.empty((2, groups, LANES))
    for group in prange(groups):
        fit = np.minimum(np.arange(group * LANES, (group + 1) * LANES), fits - 1)
        nodes, members = fit // count, fit % count
        s = np.zeros(_END, np.float32)
        s[:_MEAN] = np.ascontiguousarray(weights[members].T).reshape(_MEAN)
        _train(s, kept, nodes, members, orders, rates)
        out[0, group] = _measure(s, kept, nodes)
        out[1, group] = _measure(s, new, nodes)
    flat = out.reshape(2, groups * LANES)[:, :fits]
    return np.ascontiguousarray(flat).reshape(2, kept.shape[0], count)
