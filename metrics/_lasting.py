"""Whether bodies stay what and where they are: present, without jumps, and of one shape."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from ._timeline import Array, Flags
from ._tracks import WIDTH, Track, Tracks

ENOUGH = 0.9
"""The share of a segment's moments from which on a character is there throughout."""
REACH = {"character": 40.0, "thing": 140.0}
"""Pixels per second that it may move, of which 96 are the picture's width."""
FARTHEST = 48.0
"""A jump of so many pixels, or being gone, is the worst."""
GONE = 0.75
"""Seconds out of sight after which something is gone."""
ROOM = 6.0
"""Pixels from the picture's edge within which something may leave."""


def presence(found: Tracks) -> list[float]:
    """For each segment of each expected character: the share of its moments in which it is seen."""
    return [
        min(1.0, float((track.seen & found.live)[there].mean()) / ENOUGH)
        for track, there in _stays(found)
        if track.kind == "character"
    ]


def steadiness(found: Tracks) -> list[float]:
    """For each segment of each expected character or thing that is seen: 1 less the worst jump or loss."""
    return [
        1 - min(1.0, max(_jump(track, there, found), _lost(track, there, found)) / FARTHEST)
        for track, there in _stays(found)
        if (track.seen & found.live)[there].sum() >= 4
    ]


def shapes(found: Tracks) -> list[float]:
    """For each segment of each expected character: how little its height trembles."""
    return [
        max(0.0, 1 - _trembling(track.size[there & track.seen & found.live]))
        for track, there in _stays(found)
        if track.kind == "character"
    ]


def _stays(found: Tracks) -> Iterator[tuple[Track, Flags]]:
    """Each segment in which each is expected, as flags of its samples."""
    for track in found.tracks:
        for number in np.unique(found.segment[track.expected]):
            yield track, track.expected & (found.segment == number)


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
    leaves = box[0] < ROOM or box[2] > WIDTH - ROOM or box[1] < ROOM
    hidden = any(_covers(other.picture[seen[-1]], middle) for other in found.tracks if other is not track)
    return 0.0 if leaves or hidden else FARTHEST


def _covers(box: npt.NDArray[np.float64], point: Array) -> bool:
    return bool((box[:2] - 4 < point).all() and (point < box[2:] + 4).all())


def _trembling(size: Array) -> float:
    return float(np.std(np.log(size[:, 1]))) if len(size) > 3 else 0.0
