"""How alike characters look whenever they come back, from what was seen of them: of `identity` and `subject-identity`.

For each two segments in which the storyboard expects a character: the cosine of its mean embeddings there, of the
aspect of its look that agrees least, calibrated so that what whole looks of two strangers have is 0 and what two sights
of one have is 1, bounded to 0 - 1; and 0 where it is not seen in one of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import NamedTuple

import numpy as np
from scipy.stats import linregress

from evalsuite.stats import auc
from evalsuite.types import Measured, Storyboard

from ._appearances import Appearances
from ._timeline import Array
from .models.parts import Calibration

LAGS = (4.5, 9.0, 18.0, 36.0)
"""Edges of the bins of the curve against lag, in seconds."""


class Pair(NamedTuple):
    """Two segments that both should show the same character."""

    lag: float
    """Seconds between the beginnings of the segments."""
    likeness: float
    """0 - 1; 0 where the character is not seen in one of them, and less where one repeats what was shown before."""
    cosines: Array
    """Of each aspect of its look; 0 where it is not seen in one of them."""
    both: bool
    """Whether it is seen in both."""


def sameness(found: Appearances, storyboard: Storyboard, calibrated: Calibration) -> Measured:
    """The mean over all pairs, times 2 AUC - 1 of telling pairs of one character from pairs of two."""
    pairs = list(_pairs(found, storyboard, calibrated))
    if not pairs:
        return Measured(None, "the storyboard has no character in two segments")
    lag, likeness, cosines, both = (np.array(column) for column in zip(*pairs, strict=True))
    mean = float(likeness.mean())
    telling = _telling_apart(found, storyboard)
    worth = max(0.0, 2 * telling - 1)
    precision, recall = _presence(found)
    return Measured(
        value=mean * worth,
        details={
            "likeness": mean,
            "likeness_where_seen": float(_mean(likeness[both])),
            "told_apart": telling,
            "pairs": float(len(pairs)),
            "precision": precision,
            "recall": recall,
            "f1": 2 * precision * recall / max(precision + recall, 1e-12),
            "per_doubling": _per_doubling(lag, likeness * worth),
            **{aspect: float(cosine) for aspect, cosine in zip(found.aspects, _mean(cosines[both]), strict=True)},
        },
        series=_curve(lag, likeness * worth),
        coverage=float(both.mean()),
    )


def _pairs(found: Appearances, storyboard: Storyboard, calibrated: Calibration) -> Iterator[Pair]:
    genuine, impostor = calibrated
    for who, name in enumerate(found.names):
        for first, second in combinations(np.flatnonzero(found.expected[who]).tolist(), 2):
            if _declared(storyboard, name, first, second):
                continue
            cosines = _cosines(found.prototype[who, first], found.prototype[who, second])
            both = bool(found.present[who, first] and found.present[who, second])
            likeness = both * float(np.clip((cosines.min() - impostor) / (genuine - impostor), 0, 1))
            likeness *= float(min(found.new[first], found.new[second]))
            lag = round(storyboard.starts[second] - storyboard.starts[first], 6)  # sums of seconds are not exact
            yield Pair(lag, likeness, cosines, both)


def _mean(rows: Array) -> Array:
    """Over the rows; 0 where there is none."""
    return np.asarray(rows.mean(axis=0) if len(rows) else np.zeros(rows.shape[1:]))


def _cosines(one: Array, other: Array) -> Array:
    """Of each aspect: (..., aspects, channels) twice to (..., aspects)."""
    return np.asarray((one * other).sum(axis=-1))


def _declared(storyboard: Storyboard, name: str, first: int, second: int) -> bool:
    """Whether the story itself changes the character between two segments."""
    between = storyboard.segments[first + 1 : second + 1]
    return any(change.entity == name for segment in between for change in segment.changes)


def _telling_apart(found: Appearances, storyboard: Storyboard) -> float:
    """The chance that a pair of sights of one character is more alike than a pair of two; 1 where there is but one.

    Pairs between which the story itself changes the character are neither.
    """
    if len(found.names) < 2:
        return 1.0
    seen = found.present & found.expected
    rows, (who, segment) = found.prototype[seen], np.nonzero(seen)
    left, right = np.triu_indices(len(rows), 1)
    same = who[left] == who[right]
    changed = [
        bool(is_same) and _declared(storyboard, found.names[who[one]], segment[one], segment[other])
        for one, other, is_same in zip(left, right, same, strict=True)
    ]
    left, right, same = (each[~np.array(changed, dtype=np.bool_)] for each in (left, right, same))
    cosines = _cosines(rows[left], rows[right]).min(axis=-1)
    if same.all() or not same.any():
        return float(same.any())
    return auc(cosines[same], cosines[~same])


def _presence(found: Appearances) -> tuple[float, float]:
    """Precision and recall of who is seen in which segment; strangers count against precision."""
    right = float((found.present & found.expected).sum())
    strangers = found.strangers * found.expected.shape[1]
    return right / max(1.0, right + strangers), right / max(1.0, float(found.expected.sum()))


def _curve(lag: Array, likeness: Array) -> tuple[tuple[float, float], ...]:
    place = np.searchsorted(LAGS, lag)
    bins = [place == number for number in range(len(LAGS) + 1)]
    return tuple((float(lag[here].mean()), float(likeness[here].mean())) for here in bins if here.any())


def _per_doubling(lag: Array, likeness: Array) -> float:
    """How much likeness changes when the lag doubles; 0 where all lags are equal."""
    return float(linregress(np.log2(lag), likeness).slope) if np.ptp(lag) else 0.0
