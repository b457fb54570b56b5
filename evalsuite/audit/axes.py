"""Whether a trick wins an axis: a system's own videos against the same ones tricked, compared as systems are ranked."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from evalsuite.compare import compare, shipped_tie_bands
from evalsuite.run import Report
from evalsuite.stats import Estimate, clustered_mean
from evalsuite.types import Comparison

from .plan import Plan, metric_of

EVEN = 0.5


@dataclass(frozen=True, slots=True)
class Played:
    """One trick with one source's videos, on one axis."""

    source: str
    axis: str
    kind: str
    version: str
    """Its name in the results."""
    wins: Estimate | None
    """The share of comparisons that the tricked videos win, a tie being half a win; None where nothing compares."""

    @property
    def is_won(self) -> bool:
        """Whether tricked videos surely win more than they lose."""
        return self.wins is not None and self.wins.low > EVEN


def played(asked: Plan, report: Report) -> list[Played]:
    """Every trick of every source on every axis whose metrics were all asked for."""
    axes = {axis: weights for axis, weights in asked.suite.axes.items() if set(weights) <= set(asked.metrics)}
    bands = shipped_tie_bands({name: metric_of(name).version for weights in axes.values() for name in weights})
    return [
        Played(source.own, axis, kind, version, _wins(report, (source.own, version), (axis, weights), bands))
        for source in asked.sources
        for axis, weights in axes.items()
        for kind, version in source.tricks()
    ]


def _wins(
    report: Report, pair: tuple[str, str], of: tuple[str, Mapping[str, float]], bands: Mapping[str, float]
) -> Estimate | None:
    """How often the second of two versions wins."""
    axis, weights = of
    scores = [score for score in report.scores if score.model in pair]
    higher = {name: metric_of(name).higher_is_better for name in weights}
    shares = _by_storyboard(compare(scores, axis, weights, bands, higher), pair[1])
    return clustered_mean(list(shares.values()), list(shares), (0.0, 1.0)) if shares else None


def _by_storyboard(comparisons: Sequence[Comparison], winner: str) -> dict[str, float]:
    """The weighted share that one side wins in each storyboard."""
    won: dict[str, float] = defaultdict(float)
    whole: dict[str, float] = defaultdict(float)
    for one in comparisons:
        won[one.storyboard] += one.weight * (one.outcome if one.left == winner else 1 - one.outcome)
        whole[one.storyboard] += one.weight
    return {board: won[board] / weight for board, weight in whole.items()}
