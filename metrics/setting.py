"""Does a place look the same whenever the story returns to it, with what was left there?

For each two segments in one setting: the cosine of the place's mean embeddings, calibrated so that two places of the
world have 0 and two views of one have 1, bounded to 0 - 1, times the share of the things that the storyboard has in
both which are seen in both. It is 0 where the place is not seen in one of them: where moments are frozen, looped or
incoherent, or show another kind of place than the setting's description names. Returns, across a cut or another
setting, count twice as much as what goes on, and as each segment with itself, which is like itself if it is seen at
all. Where all looks alike, sameness proves nothing: the mean is multiplied by 2 AUC - 1 of telling pairs of one place
from pairs of two, where there are two.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from itertools import combinations, combinations_with_replacement
from typing import ClassVar, NamedTuple

import numpy as np

from evalsuite.interfaces import Metric
from evalsuite.stats import auc
from evalsuite.types import Features, Measured, Storyboard

from ._scenery import Scenery, scenery
from ._stir import NAME as STIR
from ._toon_id import NAME as TOON_ID
from ._toon_place import NAME as TOON_PLACE
from .models import looks, places

GOING_ON = 0.5
"""What a pair without a cut or another setting between counts, against a return."""


class Pair(NamedTuple):
    """Two segments of one setting, or one twice."""

    lag: float
    """Seconds between the beginnings of the segments."""
    weight: float
    likeness: float
    """0 - 1; 0 where the place is not seen in one of them."""
    kept: float
    """The share of the things of both segments that are seen in both, 0 - 1."""


class Setting(Metric):
    """How alike each place and what lies there look whenever the story has it; 0 - 1."""

    summary: ClassVar[str] = "places look the same whenever the story returns, with what was left there"
    version: ClassVar[str] = f"5-{places.REVISION}-{looks.REVISION}"
    higher_is_better: ClassVar[bool] = True
    bounds: ClassVar[tuple[float, float]] = (0.0, 1.0)
    extractors: ClassVar[tuple[str, ...]] = (TOON_PLACE, TOON_ID, STIR, "thumbnails")
    failures: ClassVar[tuple[str, ...]] = ("setting-swap", "prop-loss")
    lagged: ClassVar[bool] = True

    def measure(self, features: Mapping[str, Features], storyboard: Storyboard) -> Measured:
        """`series` is (lag in seconds, likeness) of each return."""
        found = scenery(features, storyboard)
        planned = [each for each in _planned(storyboard) if not found.overlooked[list(each[:2])].any()]
        if all(first == second for first, second, _ in planned):
            return Measured(None, "the storyboard has no setting in two segments that are long enough for a look")
        pairs = [_pair(found, storyboard, *each) for each in planned]
        lag, weight, likeness, kept = (np.array(column) for column in zip(*pairs, strict=True))
        telling = _telling_apart(found, storyboard, {(first, second) for first, second, _ in planned})
        return Measured(
            value=float(np.average(likeness * kept, weights=weight)) * max(0.0, 2 * telling - 1),
            details={
                "likeness": float(np.average(likeness, weights=weight)),
                "things_kept": float(np.average(kept, weights=weight)),
                "told_apart": telling,
                "seen": float(found.present.mean()),
                "returns": float((weight == 1).sum()),
            },
            series=tuple(zip(lag[weight == 1].tolist(), (likeness * kept)[weight == 1].tolist(), strict=True)),
            coverage=found.coverage,
        )


def _planned(storyboard: Storyboard) -> Iterator[tuple[int, int, float]]:
    """Each two segments of one setting that the story declares alike, each with itself too, and what they count."""
    segments = storyboard.segments
    for first, second in combinations_with_replacement(range(len(segments)), 2):
        setting, after = segments[first].setting, segments[first + 1 : second + 1]
        if setting is None or segments[second].setting != setting:
            continue
        if any(change.entity == setting for segment in after for change in segment.changes):
            continue
        returns = any(segment.cut_before or segment.setting != setting for segment in after)
        yield first, second, 1.0 if returns else GOING_ON


def _pair(found: Scenery, storyboard: Storyboard, first: int, second: int, weight: float) -> Pair:
    genuine, impostor = places.calibration()
    cosine = found.prototype[first] @ found.prototype[second]
    both = bool(found.present[first] and found.present[second])
    likeness = both * float(np.clip((cosine - impostor) / (genuine - impostor), 0, 1))
    shared = found.things[first].keys() & found.things[second].keys()
    kept = np.mean([found.things[first][one] and found.things[second][one] for one in sorted(shared)]) if shared else 1
    return Pair(storyboard.starts[second] - storyboard.starts[first], weight, likeness, float(kept))


def _telling_apart(found: Scenery, storyboard: Storyboard, alike: Collection[tuple[int, int]]) -> float:
    """The chance that a pair of views of one place is more alike than a pair of two; 1 where there is but one."""
    names = [segment.setting for segment in storyboard.segments]
    if len({name for name in names if name}) < 2:
        return 1.0
    pairs = list(combinations([number for number in np.flatnonzero(found.present).tolist() if names[number]], 2))
    cosines = {(one, other): float(found.prototype[one] @ found.prototype[other]) for one, other in pairs}
    same = [cosines[pair] for pair in pairs if pair in alike]
    different = [cosines[one, other] for one, other in pairs if names[one] != names[other]]
    if not same or not different:
        return float(len(same) > 0)
    return auc(np.array(same), np.array(different))
