"""Does it cut where the story cuts, and nowhere else?

A planned cut is found when a cut is seen within 0.25 s of it, each seen cut answering to one plan at most. Agreement is
the F1 of planned and seen cuts with one agreement added, (2 hits + 1) / (2 hits + missed + unplanned + 1), so that it
is defined where no cut is planned. Continuity is the share of segment boundaries without a planned cut at which a live
picture does not jump. Both count by the share of the story that is live: what stands still or repeats makes no cuts,
and would win by it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

import numpy as np

from evalsuite.interfaces import Metric
from evalsuite.types import Features, Measured, Storyboard

from ._cuts import cuts
from ._evidence import evidence
from ._stir import NAME as STIR
from ._timeline import Flags, Timeline, timeline

TOLERANCE = 0.25
"""Seconds between a planned cut and the one that is seen."""


class Transitions(Metric):
    """Agreement of planned and seen cuts, continuity at the other boundaries and the live share, multiplied; 0 - 1."""

    summary: ClassVar[str] = "cuts where the story cuts, and nowhere else"
    version: ClassVar[str] = "6"
    higher_is_better: ClassVar[bool] = True
    bounds: ClassVar[tuple[float, float]] = (0.0, 1.0)
    extractors: ClassVar[tuple[str, ...]] = (STIR, "thumbnails")
    failures: ClassVar[tuple[str, ...]] = ("extra-cut", "missed-cut", "morph-at-boundary")

    def measure(self, features: Mapping[str, Features], storyboard: Storyboard) -> Measured:
        """`series` has (second, 1) for each planned and seen cut, 0 for a missed one and -1 for an unplanned one."""
        line = timeline(features["thumbnails"], storyboard)
        live = evidence(line, features[STIR]).live
        share = float(np.mean(live)) * line.coverage
        cut = cuts(line)
        seen = line.seconds[cut]
        hits = match(storyboard.cuts, seen.tolist(), TOLERANCE + 1e-6)
        missed = sorted(set(storyboard.cuts) - {plan for plan, _ in hits})
        unplanned = sorted(set(seen.tolist()) - {cut for _, cut in hits})
        agreement = (2 * len(hits) + 1) / (2 * len(hits) + len(missed) + len(unplanned) + 1)
        smooth = _smooth_boundaries(line, live, cut, storyboard)
        continuity = float(np.mean(smooth)) if smooth else 1.0
        return Measured(
            value=share * agreement * continuity,
            details={
                "evidence": share,
                "agreement": agreement,
                "continuity": continuity,
                "planned": float(len(storyboard.cuts)),
                "hits": float(len(hits)),
                "missed": float(len(missed)),
                "unplanned": float(len(unplanned)),
                "unplanned_per_minute": 60 * len(unplanned) * line.rate / len(line.rows),
            },
            series=_events([plan for plan, _ in hits], missed, unplanned),
            coverage=line.coverage,
        )


def match(planned: Sequence[float], seen: Sequence[float], tolerance: float) -> list[tuple[float, float]]:
    """Pairs of planned and seen seconds within `tolerance`, as many as there can be, each second used once.

    Both in order; taking the earliest that fits is optimal for intervals of equal length.
    """
    pairs, rest = [], list(seen)
    for plan in planned:
        rest = [second for second in rest if second >= plan - tolerance]
        if rest and rest[0] <= plan + tolerance:
            pairs.append((plan, rest.pop(0)))
    return pairs


def _smooth_boundaries(line: Timeline, live: Flags, cut: Flags, storyboard: Storyboard) -> list[bool]:
    """Whether each boundary without a planned cut is smooth; one that the video does not reach is not.

    A second around it must hold a live moment, or else nothing was smooth but only still.
    """
    boundaries = [start for start in storyboard.starts[1:] if start not in storyboard.cuts]
    reached = [line.seconds[-1] >= start - 1e-6 for start in boundaries]
    away = [np.abs(line.seconds - start) for start in boundaries]
    smooth = [live[far <= 0.5].any() and not cut[far <= TOLERANCE / 2 + 1e-6].any() for far in away]
    return [bool(one and there) for one, there in zip(smooth, reached, strict=True)]


def _events(hits: list[float], missed: list[float], unplanned: list[float]) -> tuple[tuple[float, float], ...]:
    marked = [(hits, 1.0), (missed, 0.0), (unplanned, -1.0)]
    return tuple(sorted((second, mark) for seconds, mark in marked for second in seconds))
