"""From scores to paired comparisons: who did better on which storyboard, and when a difference is only noise."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from importlib.resources import files
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np

from evalsuite.types import Comparison, Score

TIE_RULE = "a difference within the tie band of its metric is a tie, and a tie is half a win for each"
FAILURE_RULE = "a failed video loses to every finished one; two failed ones tie"


def compare(
    scores: Sequence[Score],
    axis: str,
    weights: Mapping[str, float],
    tie_bands: Mapping[str, float],
    higher: Mapping[str, bool],
) -> list[Comparison]:
    """Every pair of systems on every storyboard, seed and metric that both were scored on.

    `weights` names the metrics of the axis; a comparison weighs its metric's share of their sum, which the seeds of one
    storyboard share out, since it is the storyboard that counts as one piece of evidence. `tie_bands` is by
    metric and 0 where it is silent; `higher` says whether more is better. Systems that were not scored by all of these
    metrics are left out, and pairs with a score that is not applicable: `unscored` and `left_out` tell.
    """
    total = sum(weights.values())
    partial = {model for model, lacking in unscored(scores, weights).items() if None in lacking.values()}
    pairs = [
        (left, right)
        for left, right in _pairs(scores, weights)
        if "not_applicable" not in (left.status, right.status) and partial.isdisjoint((left.model, right.model))
    ]
    seeds = Counter(_meeting(left, right) for left, right in pairs)
    return [
        Comparison(
            left=left.model,
            right=right.model,
            storyboard=left.storyboard,
            axis=axis,
            outcome=_outcome(left, right, tie_bands.get(left.metric, 0.0), higher[left.metric]),
            weight=weights[left.metric] / total / seeds[_meeting(left, right)],
            judge=left.metric,
        )
        for left, right in pairs
    ]


def left_out(scores: Sequence[Score], weights: Mapping[str, float]) -> int:
    """How many pairs `compare` leaves out because a score is not applicable."""
    return sum("not_applicable" in (left.status, right.status) for left, right in _pairs(scores, weights))


def unscored(scores: Sequence[Score], metrics: Collection[str]) -> dict[str, dict[str, int | None]]:
    """Of each system that lacks any, by metric: how many of its videos have no score of it, None where no video has.

    A score that has failed, or is not applicable, is one.
    """
    videos, scored = defaultdict(set), defaultdict(set)
    for score in scores:
        videos[score.model].add((score.storyboard, score.seed))
        scored[score.model, score.metric].add((score.storyboard, score.seed))
    found = {
        model: {
            metric: len(every - scored[model, metric]) if scored[model, metric] else None
            for metric in sorted(metrics)
            if every - scored[model, metric]
        }
        for model, every in sorted(videos.items())
    }
    return {model: lacking for model, lacking in found.items() if lacking}


def withheld(scores: Sequence[Score], metrics: Collection[str]) -> Counter[tuple[str, str]]:
    """By metric and system, on how many videos it is not applicable though another's video of the story has a value."""
    judged = {(score.metric, score.storyboard) for score in scores if score.value is not None}
    return Counter(
        (score.metric, score.model)
        for score in scores
        if score.metric in metrics and score.status == "not_applicable" and (score.metric, score.storyboard) in judged
    )


def _pairs(scores: Sequence[Score], weights: Mapping[str, float]) -> Iterator[tuple[Score, Score]]:
    """Pairs in one fixed order, whatever the order of `scores`."""
    together: dict[tuple[str, str, int], list[Score]] = defaultdict(list)
    for score in scores:
        if score.metric in weights:
            together[score.metric, score.storyboard, score.seed].append(score)
    for key in sorted(together):
        yield from combinations(sorted(together[key], key=lambda score: score.model), 2)


def _meeting(left: Score, right: Score) -> tuple[str, str, str, str]:
    """What the seeds of two systems' videos have in common."""
    return left.model, right.model, left.storyboard, left.metric


def _outcome(left: Score, right: Score, band: float, higher: bool) -> float:
    if left.value is None or right.value is None:
        return 0.5 + 0.5 * ((left.value is not None) - (right.value is not None))
    gain = (left.value - right.value) * (1 if higher else -1)
    if abs(gain) <= band:
        return 0.5
    return 1.0 if gain > 0 else 0.0


def measure_tie_bands(
    scores: Sequence[Score], repeated: Sequence[Score], quantile: float = 0.95
) -> dict[str, dict[str, Any]]:
    """The tie band of each metric: the `quantile` of how far a harmless repetition moves the score of a video.

    `scores` and `repeated` are of the same system on the same storyboards and seeds, `repeated` after re-encoding. The
    result is metric -> band, n, metric_version, quantile.
    """
    again = {(score.storyboard, score.seed, score.metric): score.value for score in repeated}
    moved: dict[tuple[str, str], list[float]] = defaultdict(list)
    for score in scores:
        other = again.get((score.storyboard, score.seed, score.metric))
        if score.value is not None and other is not None:
            moved[score.metric, score.metric_version].append(abs(score.value - other))
    return {
        metric: {
            "band": float(np.quantile(distances, quantile)),
            "n": len(distances),
            "metric_version": version,
            "quantile": quantile,
        }
        for (metric, version), distances in sorted(moved.items())
    }


def widest(measured: Mapping[str, Mapping[str, dict[str, Any]]]) -> dict[str, dict[str, Any]]:
    """Of each metric the widest of several systems' bands, as `measure_tie_bands` gives them, and whose it is."""
    found: dict[str, dict[str, Any]] = {}
    for system, bands in measured.items():
        for metric, entry in bands.items():
            if metric not in found or entry["band"] > found[metric]["band"]:
                found[metric] = {**entry, "system": system}
    return dict(sorted(found.items()))


def read_tie_bands(path: Path, versions: Mapping[str, str]) -> dict[str, float]:
    """Metric -> tie band, from a file that `measure_tie_bands` filled, where it is of the metric's version."""
    measured = json.loads(path.read_text())["metrics"]
    return {
        metric: float(entry["band"])
        for metric, entry in measured.items()
        if versions.get(metric) == entry["metric_version"]
    }


def shipped_tie_bands(versions: Mapping[str, str]) -> dict[str, float]:
    """Those that come with evalsuite, where they are of these versions of metrics."""
    return read_tie_bands(Path(str(files("evalsuite.leaderboards") / "tie_bands.json")), versions)
