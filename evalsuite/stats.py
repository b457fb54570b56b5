"""The statistics of honest tables: Bradley-Terry strengths, bootstrap over storyboards, ranks and their agreement.

All in float64 and all deterministic: random draws come from a generator seeded by a text.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import norm, rankdata, t

Array = npt.NDArray[np.float64]

LEVEL = 0.95
"""The level of every interval."""
ENDS = ((1 - LEVEL) / 2, (1 + LEVEL) / 2)
"""The quantiles where it begins and ends."""

UNBOUNDED = (-math.inf, math.inf)

_ENDLESS = 20.0
"""Log strengths that are on their way to infinity, where no prior holds them: odds of 10^17 between two systems."""

_CONVERGED = 1e-7
"""A step of Newton's method after which the next would be lost in rounding."""
_STEPS = 500
_LEAST_WINS = 0.02
"""Of a prior, of which one of six draws is less: that would only say by how much one is better who surely is."""

RESAMPLES = 1000
"""How many times storyboards are drawn again for an interval."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean over storyboards, in [`low`, `high`] at 95 %, from `n` storyboards."""

    value: float
    low: float
    high: float
    n: int


def generator(seed: str) -> np.random.Generator:
    """Random numbers that are the same on every machine for the same text."""
    return np.random.default_rng(int.from_bytes(hashlib.sha256(seed.encode()).digest()[:16], "big"))


def draws(clusters: int, resamples: int = RESAMPLES, seed: str = "storyboards") -> Array:
    """How often each cluster is drawn in each resample, with replacement; shape (resamples, clusters)."""
    counts = generator(f"{seed} {clusters}").multinomial(clusters, np.full(clusters, 1 / clusters), size=resamples)
    return np.asarray(counts, dtype=np.float64)


def posterior_draws(clusters: int, resamples: int = RESAMPLES, seed: str = "storyboards") -> Array:
    """How much each cluster counts in each resample, on average once; shape (resamples, clusters). Rubin, 1981.

    The Bayesian bootstrap: unlike `draws` it can be joined with a prior, that of `virtual_wins`.
    """
    return generator(f"{seed} {clusters} weights").gamma(1.0, size=(resamples, clusters))


def virtual_wins(systems: int, prior: float, resamples: int = RESAMPLES, seed: str = "") -> Array:
    """What a prior of so many virtual ties per pair may be instead: shape (resamples, systems, systems).

    With it one who won on all of n storyboards wins elsewhere with a chance drawn from Beta(n + prior / 2, prior / 2),
    and not surely: unanimity on few storyboards proves little.
    """
    drawn = generator(f"virtual wins {systems} {seed}").gamma(prior / 2, size=(resamples, systems, systems))
    return np.maximum(drawn, _LEAST_WINS)


def interval(samples: Array, level: float = LEVEL) -> tuple[Array, Array]:
    """Percentile interval of resampled values along the first axis."""
    low, high = np.quantile(samples, [(1 - level) / 2, (1 + level) / 2], axis=0)
    return np.asarray(low), np.asarray(high)


def clustered_mean(
    values: Sequence[float], clusters: Sequence[str], bounds: tuple[float, float] = UNBOUNDED
) -> Estimate:
    """The mean of `values` with an interval that draws whole clusters (storyboards), not single values.

    Where values are between `bounds`, so is their mean, and the interval ends there.
    """
    if not values:
        raise ValueError("a mean needs at least one value")
    names, index = np.unique(np.asarray(clusters), return_inverse=True)
    sums = np.bincount(index, weights=np.asarray(values, dtype=np.float64), minlength=len(names))
    sizes = np.bincount(index, minlength=len(names)).astype(np.float64)
    weights, mean = draws(len(names)), sums.sum() / sizes.sum()
    ends = widened_interval((weights @ sums) / (weights @ sizes), mean, len(names))
    low, high = np.clip(ends, *bounds).tolist()
    return Estimate(float(mean), low, high, len(names))


def widened_interval(samples: Array, value: float, clusters: int) -> tuple[float, float]:
    """The interval of a resampled mean or slope, as wide as so few clusters need."""
    low, high = (float(value + (end - value) * widening(clusters)) for end in interval(samples))
    return low, high


def widening(clusters: int) -> float:
    """By how much a bootstrap of few values is too narrow: Student's t for the normal, and n for n - 1."""
    if clusters < 2:
        return 1.0
    quantile = (1 + LEVEL) / 2
    return float(t.ppf(quantile, clusters - 1) / norm.ppf(quantile) * np.sqrt(clusters / (clusters - 1)))


def bradley_terry(wins: Array, prior: float = 1.0) -> Array:
    """Log strengths, mean 0, under which i beats j with probability 1 / (1 + exp(s_j - s_i)); Bradley and Terry, 1952.

    `wins[..., i, j]` is how often i beat j, a tie being half a win for each; shape (..., systems, systems), each
    leading index fitted by itself. `prior` adds that many virtual ties to every pair, so that a system that always wins
    stays finite; where a pair has no wins of one side, such data raise `ArithmeticError`. Newton's method on the
    concave log-likelihood.
    """
    others = 1 - np.eye(wins.shape[-1])
    wins = (wins + prior / 2) * others
    games = wins + np.swapaxes(wins, -1, -2)
    strengths = np.zeros(wins.shape[:-1])
    bound = np.inf if (wins + 1 - others > 0).all() else _ENDLESS
    for _ in range(_STEPS):
        step = _newton_step(wins, games, strengths)
        strengths = strengths + np.clip(step, -1.0, 1.0)
        if np.abs(strengths).max(initial=0.0) > bound:
            break
        if np.abs(step).max(initial=0.0) < _CONVERGED:
            return np.asarray(strengths - strengths.mean(axis=-1, keepdims=True))
    raise ArithmeticError("Bradley-Terry did not converge: a system won or lost everything, and there is no prior")


def _newton_step(wins: Array, games: Array, strengths: Array) -> Array:
    systems = wins.shape[-1]
    chance = 1 / (1 + np.exp(strengths[..., None, :] - strengths[..., :, None]))
    gradient = (wins - games * chance).sum(axis=-1)
    curvature = games * chance * (1 - chance)
    hessian = np.eye(systems) * curvature.sum(axis=-1)[..., None] - curvature
    # Strengths are only defined up to a constant; the added ones hold their sum still.
    step = np.linalg.solve(hessian + 1 / systems, gradient[..., None])
    return np.asarray(step[..., 0], dtype=np.float64)


def auc(higher: Array, lower: Array) -> float:
    """The area under the curve of hits against false alarms: the chance that one of `higher` exceeds one of `lower`.

    Ties count half.
    """
    ranks = rankdata(np.concatenate([higher, lower]))
    above = ranks[: len(higher)].sum() - len(higher) * (len(higher) + 1) / 2
    return float(above / (len(higher) * len(lower)))


def clustered_auc(higher: Array, lower: Array) -> Estimate:
    """`auc` of two values of each storyboard, in one order, with an interval that draws whole storyboards."""
    exceeds = (higher[:, None] > lower) + (higher[:, None] == lower) / 2
    weights = draws(len(higher))
    low, high = interval(np.sum(weights @ exceeds * weights, axis=1) / len(higher) ** 2)
    return Estimate(auc(higher, lower), float(low), float(high), len(higher))


def rank_correlation(left: Array, right: Array) -> float:
    """Spearman's rank correlation, ties sharing their ranks; 0 where one side is constant."""
    ranks = [rankdata(side) - (len(side) + 1) / 2 for side in (left, right)]
    spread = float(np.sqrt(np.prod([each @ each for each in ranks])))
    return float(ranks[0] @ ranks[1]) / spread if spread else 0.0


def rank_sets(samples: Array, point: Array, clusters: Sequence[int], level: float = LEVEL) -> list[tuple[int, int]]:
    """The best and worst rank of each system that resampled strengths, shape (resamples, systems), do not exclude.

    Those of each come from so many `clusters` (storyboards), of which few prove less than the resamples say
    (`widening`), and one nothing.

    All ranks hold together at that level, however many systems there are: one is surely better than another where their
    difference in `point` is more standard deviations than the largest of all pairs' deviations in 95 of 100 resamples.
    Mogstad, Romano, Shaikh and Wilhelm, "Inference for ranks", Review of Economic Studies 2024.
    """
    differences = samples[:, :, None] - samples[:, None, :]
    gap = point[:, None] - point
    spread = np.maximum(differences.std(axis=0), 1e-12)
    most = (np.abs(differences - gap) / spread).max(axis=(1, 2))
    wide = np.array([widening(count) if count > 1 else np.inf for count in clusters])
    surely_better = gap > np.maximum.outer(wide, wide) * np.quantile(most, level) * spread
    better, worse = surely_better.sum(axis=0), surely_better.sum(axis=1)
    return [(1 + int(above), len(point) - int(below)) for above, below in zip(better, worse, strict=True)]
