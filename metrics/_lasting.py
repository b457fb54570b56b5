"""Whether bodies stay where they are: present, and without jumps. A segment is worth what its worst body is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import numpy.typing as npt

from ._timeline import Array, Flags
from ._tracks import WIDTH, Track, Tracks

ENOUGH = 0.5
"""The share of a segment's moments from which on a character is there: it may come in, or pass behind another."""
REACH = {"character": 40.0, "thing": 140.0}
"""Pixels per second that it may move, of which 96 are the picture's width."""
NEAR = 6.0
"""Pixels beyond that which are no jump: a box that is partly hidden is wrong by as much."""
FARTHEST = 48.0
"""A jump of so many pixels, or being gone, is the worst."""
GONE = 0.75
"""Seconds out of sight after which something is gone."""
ROOM = 6.0
"""Pixels from the picture's edge within which something may leave."""
BEFORE = 0.5
"""Seconds over which it is then seen to move out."""
OUT = 1.0
"""Pixels by which it does."""


def presence(found: Tracks) -> dict[int, float]:
    """By the number of each segment that expects characters: how much of it the one least seen is seen for."""
    return _worst(
        (number, min(1.0, float((track.seen & found.live)[there].mean()) / ENOUGH))
        for number, track, there in _stays(found)
        if track.kind == "character"
    )


def steadiness(found: Tracks) -> dict[int, float]:
    """By the number of each segment in which any that it expects is seen: 1 less the worst jump or loss."""
    return _worst(
        (number, 1 - float(np.clip((_displaced(track, there, found) - NEAR) / (FARTHEST - NEAR), 0, 1)))
        for number, track, there in _stays(found)
        if (track.seen & found.live)[there].sum() >= 4
    )


def _worst(values: Iterable[tuple[int, float]]) -> dict[int, float]:
    """The least value of each segment."""
    least: dict[int, float] = {}
    for number, value in values:
        least[number] = min(value, least.get(number, 1.0))
    return least


def _stays(found: Tracks) -> Iterator[tuple[int, Track, Flags]]:
    """Each segment in which each is expected, as its number and as flags of its samples."""
    for track in found.tracks:
        for number in np.unique(found.segment[track.expected]).tolist():
            yield number, track, track.expected & (found.segment == number)


def _displaced(track: Track, there: Flags, found: Tracks) -> float:
    return max(_jump(track, there, found), _lost(track, there, found))


def _jump(track: Track, there: Flags, found: Tracks) -> float:
    """The farthest jump beyond what its speed allows, in pixels: the least way from two samples to the next two."""
    seen = np.flatnonzero(there & track.seen)
    place = track.middle[seen]
    reach = REACH["character" if track.kind == "character" else "thing"] / found.rate
    worst = 0.0
    for after in range(2, len(seen) - 1):
        ways = [
            np.linalg.norm(place[after + late] - place[after - 1 - early]) - reach * (seen[after] - seen[after - 1])
            for late in (0, 1)
            for early in (0, 1)
        ]
        worst = max(worst, float(min(ways)))
    return worst


def _lost(track: Track, there: Flags, found: Tracks) -> float:
    """`FARTHEST` where it is gone in mid-picture before the segment ends, else 0."""
    if track.kind == "bubbles":
        return 0.0
    samples, seen = np.flatnonzero(there), np.flatnonzero(there & track.seen)
    if (samples[-1] - seen[-1]) / found.rate < GONE:
        return 0.0
    box = track.picture[seen[-1]]
    middle = box[:2] / 2 + box[2:] / 2
    leaves = _leaves(box, box - track.picture[seen[-1 - min(len(seen) - 1, round(BEFORE * found.rate))]])
    hidden = any(_covers(other.picture[seen[-1]], middle) for other in found.tracks if other is not track)
    return 0.0 if leaves or hidden else FARTHEST


def _leaves(box: Array, moved: Array) -> bool:
    """Whether it is at an edge of the picture, and its side that is farther in moves out."""
    left = box[0] < ROOM and moved[2] < -OUT
    right = box[2] > WIDTH - ROOM and moved[0] > OUT
    top = box[1] < ROOM and moved[3] < -OUT
    return bool(left or right or top)


def _covers(box: npt.NDArray[np.float64], point: Array) -> bool:
    return bool((box[:2] - 4 < point).all() and (point < box[2:] + 4).all())
