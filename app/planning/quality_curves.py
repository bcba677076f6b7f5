"""Monotone curves over bits per weight, and how divergence goes with agreeing on the next token."""

import math
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Curve:
    """Falling, piecewise linear. points: (bits per weight, value), bits rising.

    measured_to: the most bits with a measurement; points beyond it are bounds.
    """

    points: tuple[tuple[float, float], ...]
    measured_to: float

    def at(self, bits: float) -> float:
        """The end's value beyond an end."""
        (first, value), last = self.points[0], self.points[-1]
        if bits <= first:
            return value
        if bits >= last[0]:
            return last[1]
        index = bisect_left(self.points, (bits,))
        (left, low), (right, high) = self.points[index - 1], self.points[index]
        return low + (high - low) * (bits - left) / (right - left)

    def covers(self, bits: float) -> bool:
        """Between measurements, so that `at` interpolates. Sizes are rounded: 0.1 bit of slack."""
        return self.points[0][0] - 0.1 <= bits <= self.measured_to + 0.1


def falling_curve(points: Iterable[tuple[float, float]]) -> Curve:
    """Least-squares fit of a falling function (pool adjacent violators).

    Values at the same number of bits are averaged first. Raises ValueError without a point.
    """
    at_bits: dict[float, list[float]] = {}
    for bits, value in points:
        at_bits.setdefault(bits, []).append(value)
    if not at_bits:
        raise ValueError("a curve needs a point")
    blocks: list[tuple[list[float], float, int]] = []
    for bits in sorted(at_bits):
        values = at_bits[bits]
        block = ([bits], sum(values) / len(values), len(values))
        while blocks and blocks[-1][1] <= block[1]:
            left = blocks.pop()
            weight = left[2] + block[2]
            mean = (left[1] * left[2] + block[1] * block[2]) / weight
            block = (left[0] + block[0], mean, weight)
        blocks.append(block)
    pooled = [(bits, value) for all_bits, value, _ in blocks for bits in all_bits]
    return Curve(tuple(pooled), pooled[-1][0])


def extended(curve: Curve, bits: float, bound: float) -> Curve:
    """The curve with a bound beyond its last measurement, if that is not worse than the last."""
    if bits <= curve.points[-1][0]:
        return curve
    value = min(bound, curve.points[-1][1])
    return Curve((*curve.points, (bits, value)), curve.measured_to)


def joined(inner: Curve, outer: Curve) -> Curve:
    """`inner` where it has points, `outer` beyond, held where it would make the whole rise."""
    (first, most), (last, least) = inner.points[0], inner.points[-1]
    below = [(bits, max(value, most)) for bits, value in outer.points if bits < first]
    above = [(bits, min(value, least)) for bits, value in outer.points if bits > last]
    return Curve((*below, *inner.points, *above), max(inner.measured_to, outer.measured_to))


@dataclass(frozen=True)
class Agreement:
    """100 - top-1 agreement = scale * KLD ** power, in percent."""

    scale: float
    power: float

    def top1_pct(self, mean_kld: float) -> float:
        if mean_kld <= 0:
            return 100.0
        return max(0.0, 100.0 - self.scale * math.pow(mean_kld, self.power))


def fit_agreement(pairs: Sequence[tuple[float, float]]) -> Agreement:
    """From (mean KLD, top-1 percent) pairs, by least squares on logarithms.

    Raises ValueError with fewer than two different pairs.
    """
    usable = [(kld, top1) for kld, top1 in pairs if kld > 0 and top1 < 100]
    xs = [math.log(kld) for kld, _ in usable]
    ys = [math.log(100 - top1) for _, top1 in usable]
    if len(set(xs)) < 2:
        raise ValueError("at least two pairs are needed")
    x_mean, y_mean = sum(xs) / len(xs), sum(ys) / len(ys)
    covariance = sum((x - x_mean) * (y - y_mean) for x, y in zip(xs, ys, strict=True))
    power = covariance / sum((x - x_mean) ** 2 for x in xs)
    return Agreement(math.exp(y_mean - power * x_mean), power)
