"""The gmm test's mixture once more, plainly: one node, one sample and one component at a time."""

from dataclasses import dataclass
from math import exp, isnan, pi, sqrt

import numpy as np

from scroogevm.core.arrays import Floats
from scroogevm.quiescence._mixture import FLOOR


@dataclass
class Normal:
    weight: float
    mean: Floats
    covariance: Floats

    def density(self, point: Floats) -> float:
        away = point - self.mean
        square = float(away @ np.linalg.inv(self.covariance) @ away)
        return exp(-square / 2) / (2 * pi * sqrt(np.linalg.det(self.covariance)))

    def time_density(self, time: float) -> float:
        variance = self.covariance[0, 0]
        return exp(-((time - self.mean[0]) ** 2) / (2 * variance)) / sqrt(2 * pi * variance)

    def usage_at(self, time: float) -> float:
        slope = self.covariance[0, 1] / self.covariance[0, 0]
        return float(self.mean[1] + slope * (time - self.mean[0]))


def maximised(points: list[Floats], shares: list[list[float]]) -> list[Normal]:
    """The components that points shared out so are likeliest of; one list of shares a component."""
    made = []
    for share in shares:
        number = sum(share)
        mean = sum(s * point for s, point in zip(share, points, strict=True)) / number
        spread = [
            s * np.outer(point - mean, point - mean) for s, point in zip(share, points, strict=True)
        ]
        covariance = sum(spread) / number + FLOOR * np.eye(2)
        made.append(Normal(number / len(points), np.asarray(mean), np.asarray(covariance)))
    return made


def fitted(time: Floats, usage: Floats, components: int, rounds: int) -> list[Normal]:
    points = [np.array([t, u]) for t, u in zip(time, usage, strict=True) if not isnan(u)]
    shares = [
        [float(number <= t * components < number + 1) for t, _ in points]
        for number in range(components)
    ]
    normals = maximised(points, shares)
    for _ in range(rounds):
        shares = [[one.weight * one.density(point) for point in points] for one in normals]
        totals = [sum(column) for column in zip(*shares, strict=True)]
        shares = [[s / t for s, t in zip(share, totals, strict=True)] for share in shares]
        normals = maximised(points, shares)
    return normals


def usage_at(normals: list[Normal], time: float) -> float:
    shares = [one.weight * one.time_density(time) for one in normals]
    return sum(s * one.usage_at(time) for s, one in zip(shares, normals, strict=True)) / sum(shares)
