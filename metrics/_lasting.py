"""Whether bodies stay where they are: present, and without jumps. A segment is worth what its worst body is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from evalsuite.types import Storyboard

from ._camera import WIDTH
from ._timeline import Array, Flags
from ._tracks import Track, Tracks

ENOUGH = 0.5
"""The share of a segment's moments from which on a character is there: it may come in, or pass behind another."""
FEWEST = {"character": 4, "thing": 2}
"""Samples in which it must be seen to be judged; a thing that falls into the picture may soon be gone."""
REACH = {"character": 40.0, "thing": 140.0}
"""Pixels per second that it may move, of which 96 are the picture's width."""
NEAR = 6.0
"""Pixels beyond that which are no jump: a box that is partly hidden is wrong by as much."""
FARTHEST = 64.0
"""A jump of so many pixels is the worst."""
UNSEEN = 0.5
"""Of a longer time out of sight no more seconds are believed to have been spent on the way."""
GONE = (0.5, 1.5)
"""Seconds out of sight up to which that costs nothing, and from which something is gone altogether."""
ROOM = 6.0
"""Pixels from the picture's edge within which something may leave."""
LEFT = 0.75
"""The share of its usual size that shows at most of what leaves."""
HIDING = 0.6
"""The share of something that is covered at least by what hides it."""
GRID = 16
"""Places across and down a body in which it is looked whether it is covered."""
BEFORE = 0.5
"""Seconds over which it is then seen to move out."""
OUT = 1.0
"""Pixels by which it does."""


def presence(found: Tracks, storyboard: Storyboard) -> dict[int, float]:
    """By the number of each segment that expects characters: how much of it the one least seen is seen for."""
    late = {number: 0.0 for number, track in unreached(found, storyboard) if track.kind == "character"}
    planned = [segment.seconds * found.rate for segment in storyboard.segments]
    return late | worst(
        (number, min(1.0, float((track.seen & found.live)[there].sum()) / max(there.sum(), planned[number]) / ENOUGH))
        for number, track, there in stays(found)
        if track.kind == "character"
    )


def steadiness(found: Tracks) -> dict[int, float]:
    """By the number of each segment in which any that it expects is seen: 1 less the worst jump or loss."""
    return worst(
        (number, 1 - max(_jumped(track, there, found), _lost(track, there, found)))
        for number, track, there in stays(found)
        if _followed(track, there, found)
    )


def peopled(found: Tracks) -> dict[int, float]:
    """By the number of each segment that expects characters: how much of it, up to `ENOUGH`, any is seen for."""
    most: dict[int, float] = {}
    for number, track, there in stays(found):
        if track.kind == "character":
            share = float((track.seen & found.live)[there].mean())
            most[number] = max(most.get(number, 0.0), min(1.0, share / ENOUGH))
    return most


def unreached(found: Tracks, storyboard: Storyboard) -> Iterator[tuple[int, Track]]:
    """The number of each segment before which the video ends, with each that it expects."""
    reached = set(found.segment.tolist())
    for number, segment in enumerate(storyboard.segments):
        if number not in reached and segment.seconds * found.rate >= 1:
            yield from ((number, track) for track in found.tracks if track.entity.id in segment.present)


def worst(values: Iterable[tuple[int, float]]) -> dict[int, float]:
    """The least value of each segment."""
    least: dict[int, float] = {}
    for number, value in values:
        least[number] = min(value, least.get(number, 1.0))
    return least


def stays(found: Tracks) -> Iterator[tuple[int, Track, Flags]]:
    """Each segment in which each is expected, as its number and as flags of its samples."""
    for track in found.tracks:
        for number in np.unique(found.segment[track.expected]).tolist():
            yield number, track, track.expected & (found.segment == number)


def _followed(track: Track, there: Flags, found: Tracks) -> bool:
    return bool((track.seen & found.live)[there].sum() >= FEWEST[_sort(track)])


def _sort(track: Track) -> str:
    return "character" if track.kind == "character" else "thing"


def _jumped(track: Track, there: Flags, found: Tracks) -> float:
    """The farthest jump beyond what its speed allows, from 0 at `NEAR` to 1 at `FARTHEST`.

    The least way from two samples to the next two counts. A character has the speed of its steps just before and
    after; a thing may be thrown, and so has the greatest.
    """
    seen = np.flatnonzero(there & track.seen)
    place, passed = track.middle[seen], np.minimum(np.diff(seen) / found.rate, UNSEEN)
    speed = np.linalg.norm(np.diff(place, axis=0), axis=1) / passed
    worst = 0.0
    for after in range(2, len(seen) - 1):
        around = max(speed[after - 2], speed[after])
        reach = min(REACH["character"], around) if _sort(track) == "character" else REACH["thing"]
        ways = [
            np.linalg.norm(place[after + late] - place[after - 1 - early]) - reach * passed[after - 1]
            for late in (0, 1)
            for early in (0, 1)
        ]
        worst = max(worst, float(min(ways)))
    return float(np.clip((worst - NEAR) / (FARTHEST - NEAR), 0, 1))


def _lost(track: Track, there: Flags, found: Tracks) -> float:
    """How far it is gone before the segment ends though nothing hid it and it did not leave, 0 - 1."""
    samples, seen = np.flatnonzero(there), np.flatnonzero(there & track.seen)
    gone = float(np.clip(((samples[-1] - seen[-1]) / found.rate - GONE[0]) / (GONE[1] - GONE[0]), 0, 1))
    if track.kind == "bubbles" or gone == 0:
        return 0.0
    boxes = track.picture[seen]
    box, before = boxes[-1], boxes[-1 - min(len(seen) - 1, round(BEFORE * found.rate))]
    others = [other.picture[seen[-1]] for other in found.tracks if other is not track]
    usual = _usual(track, boxes)
    passed = _passed(track.box[seen[-1]], usual[0], found.view[there][samples > seen[-1]])
    hidden = _covered(box, others) > HIDING
    return 0.0 if hidden or passed or _leaves(box, box - before, LEFT * usual) else gone


def _usual(track: Track, boxes: Array) -> Array:
    """Its usual width and height: here, or wherever no edge of the picture cuts it, whichever is more."""
    whole = (track.picture[:, :2] > ROOM).all(axis=1) & (track.picture[:, 2] < WIDTH - ROOM)
    sizes = [np.median(each[:, 2:] - each[:, :2], axis=0) for each in (boxes, track.picture[whole]) if len(each)]
    return np.asarray(np.max(sizes, axis=0))


def _passed(box: Array, width: float, view: Array) -> bool:
    """Whether the camera leaves a body behind that stays where it was: half of its `width` is out of the picture."""
    left, right = (np.clip(box[side] * view[:, 0] + view[:, 1], 0, WIDTH) for side in (0, 2))
    return bool((right - left < width / 2).any())


def _leaves(box: Array, moved: Array, size: Array) -> bool:
    """Whether an edge of the picture has cut it to `size` or less, and its side that is farther in moves out."""
    width, height = box[2:] - box[:2] <= size
    left = width and box[0] < ROOM and moved[2] < -OUT
    right = width and box[2] > WIDTH - ROOM and moved[0] > OUT
    top = height and box[1] < ROOM and moved[3] < -OUT
    return bool(left or right or top)


def _covered(box: Array, others: list[Array]) -> float:
    """The share of a box that lies in any of others; those that are not seen are NaN."""
    across, down = (np.linspace(box[side], box[side + 2], GRID) for side in (0, 1))
    inside = [
        (across >= other[0]) & (across <= other[2]) & ((down >= other[1]) & (down <= other[3]))[:, None]
        for other in others
    ]
    return float(np.any(inside, axis=0).mean()) if inside else 0.0
