"""Bradley-Terry ratings on the scale of Elo: 400 points are odds of ten to one, and the generators' mean is 1000.

Ties count as half a win for each, and one virtual tie per pair (`PRIOR`) keeps a system that never loses finite.
Intervals and rank sets come from weighing storyboards anew (the Bayesian bootstrap), all axes and comparisons of a
storyboard kept together, and from drawing that prior too; of few storyboards they are wider, as Student's t asks. The
ranks of all systems hold together.
Bradley and Terry, "Rank analysis of incomplete block designs", Biometrika 1952.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from evalsuite.interfaces import Leaderboard
from evalsuite.stats import Array, bradley_terry, interval, posterior_draws, rank_sets, virtual_wins, widening
from evalsuite.types import Comparison, Rating

SCALE = 400 / np.log(10)
CENTRE = 1000.0
PRIOR = 1.0
"""Virtual ties per pair."""
OVERALL = "overall"
"""The axis that is the mean of all others."""


@dataclass(frozen=True)
class _Fit:
    """Ratings of one axis, before they are told."""

    systems: list[str]
    point: Array
    """Shape (systems,)."""
    samples: Array
    """Shape (resamples, systems)."""
    storyboards: list[int]
    """How many each system was compared on."""


class BradleyTerry(Leaderboard):
    """Half-win ties, one virtual tie per pair, bootstrap over storyboards."""

    summary: ClassVar[str] = (
        "Bradley-Terry strengths on the scale of Elo, with intervals from a Bayesian bootstrap over storyboards"
    )

    def rate(self, comparisons: Sequence[Comparison], centre: Sequence[str]) -> list[Rating]:
        """Ratings of each axis found, best first, centred over those of `centre` that are on every axis, else over all.

        Where there are several axes, `overall` follows: the mean over axes, for the systems that are on every one.
        """
        boards = sorted({comparison.storyboard for comparison in comparisons})
        weights = posterior_draws(len(boards)) if boards else np.ones((1, 0))
        axes = {comparison.axis: set[str]() for comparison in sorted(comparisons, key=lambda one: one.axis)}
        for comparison in comparisons:
            axes[comparison.axis] |= {comparison.left, comparison.right}
        central = frozenset(centre).intersection(*axes.values())
        fits = {axis: _fit([one for one in comparisons if one.axis == axis], boards, weights, central) for axis in axes}
        everywhere = set.intersection(*(set(fit.systems) for fit in fits.values())) if fits else set()
        if len(fits) > 1 and everywhere:
            fits[OVERALL] = _mean(list(fits.values()), sorted(everywhere))
        return [rating for axis, fit in fits.items() for rating in _ratings(axis, fit)]


def _fit(comparisons: Sequence[Comparison], boards: list[str], weights: Array, centre: frozenset[str]) -> _Fit:
    systems = sorted({name for one in comparisons for name in (one.left, one.right)})
    wins = _wins(comparisons, boards, systems)
    resampled = np.tensordot(weights, wins, axes=1) + virtual_wins(
        len(systems), PRIOR, len(weights), comparisons[0].axis
    )
    central = [index for index, name in enumerate(systems) if name in centre] or list(range(len(systems)))
    met = (wins + wins.swapaxes(1, 2)).sum(axis=2) > 0
    return _Fit(
        systems,
        _elo(bradley_terry(wins.sum(axis=0), PRIOR), central),
        _elo(bradley_terry(resampled, prior=0), central),
        [int(count) for count in met.sum(axis=0)],
    )


def _wins(comparisons: Sequence[Comparison], boards: list[str], systems: list[str]) -> Array:
    """Weighted wins of one over another on each storyboard, shape (storyboards, systems, systems)."""
    board = {name: index for index, name in enumerate(boards)}
    place = {name: index for index, name in enumerate(systems)}
    wins = np.zeros((len(boards), len(systems), len(systems)))
    for one in sorted(comparisons, key=lambda one: (one.storyboard, one.left, one.right, one.judge, one.outcome)):
        left, right = place[one.left], place[one.right]
        wins[board[one.storyboard], left, right] += one.weight * one.outcome
        wins[board[one.storyboard], right, left] += one.weight * (1 - one.outcome)
    return wins


def _elo(strengths: Array, central: list[int]) -> Array:
    return np.asarray(CENTRE + SCALE * (strengths - strengths[..., central].mean(axis=-1, keepdims=True)))


def _mean(fits: list[_Fit], systems: list[str]) -> _Fit:
    places = [[fit.systems.index(name) for name in systems] for fit in fits]
    return _Fit(
        systems,
        np.mean([fit.point[place] for fit, place in zip(fits, places, strict=True)], axis=0),
        np.mean([fit.samples[:, place] for fit, place in zip(fits, places, strict=True)], axis=0),
        [min(fit.storyboards[fit.systems.index(name)] for fit in fits) for name in systems],
    )


def _ratings(axis: str, fit: _Fit) -> list[Rating]:
    wide = np.array([widening(count) for count in fit.storyboards])
    low, high = (fit.point + wide * (end - fit.point) for end in interval(fit.samples))
    ranks = rank_sets(fit.samples, fit.point, fit.storyboards)
    ratings = [
        Rating(
            name,
            axis,
            value=float(fit.point[index]),
            low=float(low[index]),
            high=float(high[index]),
            n=fit.storyboards[index],
            rank_low=ranks[index][0],
            rank_high=ranks[index][1],
        )
        for index, name in enumerate(fit.systems)
    ]
    return sorted(ratings, key=lambda rating: (-rating.value, rating.model))
