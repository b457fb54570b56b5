"""Does it cut where the story cuts, and nowhere else?

A cut is seen as clearly as the picture jumps, 0 - 1, and counts so much. A planned cut is hit by one that is seen
within 0.25 s of it, each answering to one plan at most. Agreement is the F1 of planned and seen cuts with one agreement
added, (2 hits + 1) / (2 hits + missed + unplanned + 1), so that it is defined where no cut is planned. Continuity is
how little a live picture jumps at segment boundaries without a planned cut, on average. Both count by the share of the
story that is live, where a moment counts less in which next to nothing stirs: what stands still or repeats makes no
cuts, and would win by it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

import numpy as np
from scipy.optimize import linear_sum_assignment

from evalsuite.interfaces import Metric
from evalsuite.types import Features, Measured, Storyboard

from ._cuts import clearness
from ._evidence import evidence
from ._stir import NAME as STIR
from ._stir import liveliness
from ._timeline import Array, Flags, Timeline, timeline

TOLERANCE = 0.25
"""Seconds between a planned cut and the one that is seen."""


class Transitions(Metric):
    """Agreement of planned and seen cuts, continuity at the other boundaries and the live share, multiplied; 0 - 1."""

    summary: ClassVar[str] = "cuts where the story cuts, and nowhere else"
    version: ClassVar[str] = "7"
    higher_is_better: ClassVar[bool] = True
    bounds: ClassVar[tuple[float, float]] = (0.0, 1.0)
    extractors: ClassVar[tuple[str, ...]] = (STIR, "thumbnails")
    failures: ClassVar[tuple[str, ...]] = ("extra-cut", "missed-cut", "morph-at-boundary")

    def measure(self, features: Mapping[str, Features], storyboard: Storyboard) -> Measured:
        """`series` has (second, clearness) of each plan, 0 where none hits it, and -clearness for what none plans."""
        line = timeline(features["thumbnails"], storyboard)
        live = evidence(line, features[STIR]).live
        share = float(np.mean(live * liveliness(features[STIR], line.seconds))) * line.coverage
        clear = clearness(line)
        seen = dict(zip(line.seconds[clear > 0].tolist(), clear[clear > 0].tolist(), strict=True))
        hit = match(storyboard.cuts, seen, TOLERANCE + 1e-6)
        hits = sum(seen[second] for second in hit.values())
        missed = len(storyboard.cuts) - hits
        unplanned = sum(seen.values()) - hits
        agreement = (2 * hits + 1) / (2 * hits + missed + unplanned + 1)
        smooth = _smooth_boundaries(line, live, clear, storyboard)
        continuity = float(np.mean(smooth)) if smooth else 1.0
        return Measured(
            value=share * agreement * continuity,
            details={
                "evidence": share,
                "agreement": agreement,
                "continuity": continuity,
                "planned": float(len(storyboard.cuts)),
                "hits": hits,
                "missed": missed,
                "unplanned": unplanned,
                "unplanned_per_minute": 60 * unplanned * line.rate / len(line.rows),
            },
            series=_events(storyboard.cuts, seen, hit),
            coverage=line.coverage,
        )


def match(planned: Sequence[float], seen: Mapping[float, float], tolerance: float) -> dict[float, float]:
    """Which second that is `seen`, with a weight, answers to which planned one: the most weight that there can be.

    Within `tolerance` of each other, and each used once.
    """
    plans, seconds = np.array(planned), np.array(list(seen))
    near = np.abs(plans[:, None] - seconds) <= tolerance
    pairs = zip(*linear_sum_assignment(near * np.array(list(seen.values())), maximize=True), strict=True)
    return {float(plans[plan]): float(seconds[second]) for plan, second in pairs if near[plan, second]}


def _smooth_boundaries(line: Timeline, live: Flags, clear: Array, storyboard: Storyboard) -> list[float]:
    """How smooth each boundary without a planned cut is, 0 - 1; one that the video does not reach is not.

    A second around it must hold a live moment, or else nothing was smooth but only still.
    """
    boundaries = [start for start in storyboard.starts[1:] if start not in storyboard.cuts]
    reached = [line.seconds[-1] >= start - 1e-6 for start in boundaries]
    away = [np.abs(line.seconds - start) for start in boundaries]
    smooth = [1 - float(clear[far <= TOLERANCE / 2 + 1e-6].max(initial=0.0)) for far in away]
    lives = [bool(live[far <= 0.5].any()) for far in away]
    return [one if there and lively else 0.0 for one, there, lively in zip(smooth, reached, lives, strict=True)]


def _events(
    planned: Sequence[float], seen: Mapping[float, float], hit: Mapping[float, float]
) -> tuple[tuple[float, float], ...]:
    told = [(plan, seen[hit[plan]] if plan in hit else 0.0) for plan in planned]
    unplanned = [(second, -clear) for second, clear in seen.items() if second not in hit.values()]
    return tuple(sorted([*told, *unplanned]))
