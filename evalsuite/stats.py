"""The statistics of honest tables: Bradley-Terry strengths, bootstrap over storyboards, ranks and their agreement.

All in float64 and all deterministic: random draws come from a generator seeded by a text.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import rankdata

Array = npt.NDArray[np.float64]

LEVEL = 0.95
"""The level of every interval."""

_ENDLESS = 20.0
"""Log strengths that are on their way to infinity, where no prior holds them: odds of 10^17 between two systems."""

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


def interval(samples: Array, level: float = LEVEL) -> tuple[Array, Array]:
    """Percentile interval of resampled values along the first axis."""
    low, high = np.quantile(samples, [(1 - level) / 2, (1 + level) / 2], axis=0)
    return np.asarray(low), np.asarray(high)


def clustered_mean(values: Sequence[float], clusters: Sequence[str]) -> Estimate:
    """The mean of `values` with an interval that draws whole clusters (storyboards), not single values."""
    if not values:
        raise ValueError("a mean needs at least one value")
    names, index = np.unique(np.asarray(clusters), return_inverse=True)
    sums = np.bincount(index, weights=np.asarray(values, dtype=np.float64), minlength=len(names))
    sizes = np.bincount(index, minlength=len(names)).astype(np.float64)
    weights = draws(len(names))
    low, high = interval((weights @ sums) / (weights @ sizes))
    return Estimate(float(sums.sum() / sizes.sum()), float(low), float(high), len(names))


def bradley_terry(wins: Array, prior: float = 1.0) -> Array:
    """Log strengths, mean 0, under which i beats j with probability 1 / (1 + exp(s_j - s_i)); Bradley and Terry, 1952.

    `wins[..., i, j]` is how often i beat j, a tie being half a win for each; shape (..., systems, systems), each
    leading index fitted by itself. `prior` adds that many virtual ties to every pair, so that a system that always wins
    stays finite; without it such data raise `ArithmeticError`. Newton's method on the concave log-likelihood.
    """
    systems = wins.shape[-1]
    wins = wins + prior / 2 * (1 - np.eye(systems))
    games = wins + np.swapaxes(wins, -1, -2)
    strengths = np.zeros(wins.shape[:-1])
    bound = np.inf if prior > 0 else _ENDLESS
    while np.abs(strengths).max(initial=0.0) < bound:
        step = _newton_step(wins, games, strengths)
        strengths = strengths + np.clip(step, -1.0, 1.0)
        if np.abs(step).max(initial=0.0) < 1e-10:
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


def rank_sets(samples: Array, level: float = LEVEL) -> list[tuple[int, int]]:
    """The best and worst rank of each system that resampled strengths, shape (resamples, systems), do not exclude.

    One system is surely better than another when the interval of their paired difference lies above 0.
    """
    differences = samples[:, :, None] - samples[:, None, :]
    surely_better = interval(differences, level)[0] > 0
    better, worse = surely_better.sum(axis=0), surely_better.sum(axis=1)
    return [(1 + int(above), samples.shape[1] - int(below)) for above, below in zip(better, worse, strict=True)]
