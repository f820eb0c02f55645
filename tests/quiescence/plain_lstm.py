"""The lstm test's network once more, plainly: one fit, one pair of samples at a time, in NumPy."""

from itertools import pairwise

import numpy as np

from scroogevm.core.arrays import Floats
from scroogevm.quiescence._lstm_weights import first_weights, order

UNITS = 4


def logistic(z: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-z)))


def split(p: Floats) -> tuple[Floats, Floats, Floats, float]:
    """Kernel and bias by gate (input, output, candidate) and unit; the dense layer's."""
    kernel, bias = p[:12].reshape(3, UNITS), p[12:24].reshape(3, UNITS)
    return kernel, bias, p[24:28], float(p[28])


def forward(p: Floats, x: float) -> tuple[float, Floats, Floats, Floats, Floats]:
    kernel, bias, dense, offset = split(p)
    z = kernel * x + bias
    i, o, c = logistic(z[0]), logistic(z[1]), np.tanh(z[2])
    t = np.tanh(i * c)
    return float(dense @ (o * t)) + offset, i, o, c, t


def gradient(p: Floats, x: float, wanted: float) -> Floats:
    """Of the squared error."""
    y, i, o, c, t = forward(p, x)
    slope = 2 * (y - wanted)
    hidden = slope * split(p)[2]
    cell = hidden * o * (1 - t**2)
    bias = np.concatenate([cell * c * i * (1 - i), hidden * t * o * (1 - o), cell * i * (1 - c**2)])
    return np.concatenate([bias * x, bias, slope * o * t, [slope]])


def pairs_of(usage: Floats, capacity: float) -> list[tuple[float, float] | None]:
    """Each sample and the next, None where one is missing."""
    shares = np.round(usage / capacity, 3).tolist()
    return [None if np.isnan(x + y) else (x, y) for x, y in pairwise(shares)]


def trained(pairs: list[tuple[float, float] | None], member: int, epochs: int) -> Floats:
    """The network after Adam has seen every pair once an epoch."""
    p: Floats = first_weights(member + 1)[member].copy()
    m, v, t = np.zeros_like(p), np.zeros_like(p), 0
    for epoch in range(epochs):
        for place in order(member, epoch, len(pairs)):
            pair = pairs[place]
            if pair is None:
                continue
            t += 1
            g = gradient(p, *pair)
            m = 0.9 * m + 0.1 * g
            v = 0.999 * v + 0.001 * g**2
            rate = 1e-3 * np.sqrt(1 - 0.999**t) / (1 - 0.9**t)
            p -= rate * m / (np.sqrt(v) + 1e-7)
    return p


def rmse(p: Floats, pairs: list[tuple[float, float] | None]) -> float:
    return float(np.sqrt(np.mean([(forward(p, x)[0] - y) ** 2 for x, y in filter(None, pairs)])))
