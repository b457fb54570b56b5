"""How a look moves with time alone: moments that the story declares alike are compared, pair by pair.

Two moments are of one place when the storyboard gives them the same setting in the same declared state, and of one
scene when it gives them the same characters too. Where no setting is given, each planned shot is a place of its own.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from evalsuite.types import Change, Storyboard

from ._timeline import Array, Flags, Timeline, segments_at

Indexes = npt.NDArray[np.int64]

SHORTEST = 2.0
"""Moments nearer than this, in seconds, are not compared: they share their framing."""
MOST = 600
"""Moments that are compared at most; longer videos are looked at in longer moments."""


@dataclass(frozen=True)
class Moments:
    """A video as moments of about a second: the median of each one's live samples."""

    rows: Array
    """Shape (moments, dimensions)."""
    seconds: Array
    """Shape (moments,)."""
    scene: Indexes
    """Which scene each is of, shape (moments,)."""
    left: Indexes
    """The earlier and ..."""
    right: Indexes
    """... the later moment of each pair of one scene, shape (pairs,)."""

    @property
    def lag(self) -> Array:
        """How far apart the two of each pair are, in seconds."""
        return self.seconds[self.right] - self.seconds[self.left]


def moments(line: Timeline, live: Flags, storyboard: Storyboard, alike: Indexes) -> Moments:
    """The live moments of a video, and the pairs of those whose segments have one number in `alike`."""
    length = max(1.0, storyboard.seconds / MOST)
    segment = segments_at(line.seconds, storyboard)
    moment = np.floor((line.seconds - np.asarray(storyboard.starts)[segment]) / length + 1e-6)
    keys, owner = np.unique(np.column_stack([segment, moment]), axis=0, return_inverse=True)
    seen = [number for number in range(len(keys)) if live[owner == number].any()]
    rows = np.array([np.median(line.rows[(owner == number) & live], axis=0) for number in seen])
    seconds = np.array([line.seconds[owner == number].mean() for number in seen])
    scene = alike[keys[seen, 0].astype(np.int64)]
    left, right = np.nonzero((scene[:, None] == scene[None]) & (seconds[None] - seconds[:, None] >= SHORTEST))
    return Moments(rows.reshape(len(seen), line.rows.shape[1]), seconds, scene, left, right)


def places(storyboard: Storyboard) -> Indexes:
    """A number for each segment; those that share it are declared to show one place in one state."""
    found: list[Hashable] = []
    shot, state = 0, _State()
    for segment in storyboard.segments:
        shot += segment.cut_before
        state.change(segment.changes)
        found.append(shot if segment.setting is None else (segment.setting, state.of(segment.setting)))
    return _numbered(found)


def scenes(storyboard: Storyboard) -> Indexes:
    """A number for each segment; those that share it are declared to show the same characters in one place."""
    characters = {entity.id for entity in storyboard.entities if entity.kind == "character"}
    found: list[Hashable] = []
    state = _State()
    for segment, place in zip(storyboard.segments, places(storyboard), strict=True):
        state.change(segment.changes)
        found.append((place, *((name, state.of(name)) for name in sorted(set(segment.present) & characters))))
    return _numbered(found)


class _State:
    """What the story has declared of each entity so far."""

    def __init__(self) -> None:
        self._declared: dict[str, dict[str, str]] = defaultdict(dict)

    def change(self, changes: Iterable[Change]) -> None:
        for change in changes:
            self._declared[change.entity][change.what] = change.value

    def of(self, entity: str) -> Hashable:
        return frozenset(self._declared[entity].items())


def _numbered(found: list[Hashable]) -> Indexes:
    return np.array([found.index(each) for each in found])


def far(distance: Array, found: Moments) -> float:
    """The mean distance of the farther half of each scene's pairs, each scene weighing as much as it is long."""
    total, weight = 0.0, 0
    for scene in np.unique(found.scene[found.left]):
        pairs = found.scene[found.left] == scene
        farther = found.lag[pairs] >= np.median(found.lag[pairs])
        size = int(np.sum(found.scene == scene))
        total, weight = total + size * float(np.mean(distance[pairs][farther])), weight + size
    return total / weight


def slope(change: Array, lag: Array) -> float:
    """Change per minute: the median of the slopes of all pairs, each weighing as much as its lag (Theil and Sen)."""
    order = np.argsort(change / lag, kind="stable")
    weight = np.cumsum(lag[order])
    middle = order[np.searchsorted(weight, weight[-1] / 2)]
    return float(60 * change[middle] / lag[middle])
