"""Where the ground is, as the feet of characters tell, and whether what lies there lies on it.

However the camera is zoomed, the ground is 10 units of the stage above the picture's lower edge.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

import numpy as np

from evalsuite.toon.episode import GROUND, PHYSICAL_THINGS, STAGE_HEIGHT
from evalsuite.types import Storyboard

from ._camera import HEIGHT, WIDTH
from ._flight import Flight
from ._happenings import Course
from ._lasting import stays, unreached, worst
from ._timeline import Array, Flags
from ._tracks import Track, Tracks

BELOW = STAGE_HEIGHT - GROUND
"""How much of the stage is below the ground, in its units."""
STANDING = 30
"""The percentile of what feet tell that is taken: some are in the air for a while."""
SOLES = 1.3
"""Pixels by which the boxes of characters end below that, a median over the suite `dev`."""
ZOOMS = (0.9, 1.45)
"""What the camera may be zoomed to."""
SEATED = 0.85
"""Feet that tell a smaller zoom are of one who sits."""
FEWEST = 4
"""Samples from which on something can be judged."""
AROUND = 0.25
"""Seconds before and after a moment in which what is at rest"""
STILL = 1.5
"""moves by so many pixels at most."""
INSIDE = 1.0
"""Pixels from the picture's edges from which on a thing is seen whole."""
Known = tuple[float, float]
"""How well a depth and a height are known, in units of the stage."""
KNOWN: Known = (0.8, 1.2)
"""Those of what rests, in most stories."""
SURELY: Known = (2.3, 2.3)
"""Those of what rests or bounces, in all stories of the world."""
FLOATING = 28.0
"""So many units above the ground, beyond those, is the worst."""
SUNK = 8.0
"""So many units below it is."""


def units(found: Tracks) -> Array:
    """Pixels to a unit of the stage in the first frame of each sample's shot, (samples,); 1 where no feet tell."""
    standing = [track for track in found.tracks if track.kind == "character"]
    feet = np.array([track.picture[:, 3] for track in standing]).reshape(len(standing), len(found.seconds))
    grown = np.array([_grown(track) for track in standing]).reshape(feet.shape)
    zoom = (HEIGHT + SOLES - feet) / BELOW
    told = np.where(zoom > SEATED, np.clip(zoom, *ZOOMS) * grown, np.nan)
    each = np.ones(len(found.seconds))
    for shot in np.unique(found.shot):
        there = found.shot == shot
        known = told[:, there][np.isfinite(told[:, there])]
        if len(known) >= FEWEST:
            each[there] = np.percentile(known, STANDING)
    return each


def heights(found: Tracks, unit: Array, storyboard: Storyboard) -> dict[str, Array]:
    """By the id of each thing, how far its lower edge is above the ground while it rests, in units of the stage.

    Each is (samples,), NaN where that cannot be told. `unit` is what `units` says. What a character may hold is not
    judged, unless it is below the ground.
    """
    return {
        track.entity.id: _resting_height(track, found, unit, _let_go(track, found.seconds, storyboard))
        for track in found.tracks
        if _lies(track)
    }


def support(
    found: Tracks, height: Mapping[str, Array], storyboard: Storyboard, known: Known = KNOWN
) -> dict[int, float]:
    """By the number of each segment in which a thing rests: how near to the ground the one farthest from it is, 0 - 1.

    0 where one is missing that should rest there, or the video ends before. `height` is what `heights` says.
    """
    resting = worst(
        (number, _kept(float(np.nanmedian(height[track.entity.id][there])), known))
        for number, track, there in _lying(found)
        if _told(height[track.entity.id][there])
    )
    late = {number for number, track in unreached(found, storyboard) if _lies(track)}
    return resting | dict.fromkeys(_missing(found, height, storyboard) | late, 0.0)


def landing(course: Course, fit: Flight, unit: float) -> float:
    """How near to the ground the floor is that a flight shows, 0 - 1; `unit` is pixels to a unit of the stage."""
    ground = HEIGHT / unit - BELOW
    return _kept(ground - fit.floor - course.size / 2 / unit, SURELY)


def _missing(found: Tracks, height: Mapping[str, Array], storyboard: Storyboard) -> set[int]:
    """The numbers of the segments that expect a thing at rest which nowhere in the video is seen to rest or be held.

    One that the story sets off may move wherever it is seen.
    """
    moved = {event.entity for segment in storyboard.segments for event in segment.events}
    return {
        number
        for number, track, _ in _lying(found)
        if not _accounted(track, found, height[track.entity.id], track.entity.id in moved)
        and not any(event.entity == track.entity.id for event in storyboard.segments[number].events)
    }


def _accounted(track: Track, found: Tracks, height: Array, moved: bool) -> bool:
    """Whether it is seen somewhere to rest, to be held, or to move where it is `moved`."""
    held = int(_touched(track, found).sum())
    return _told(height) or held >= FEWEST or (moved and int(track.seen.sum()) >= FEWEST)


def _lying(found: Tracks) -> Iterator[tuple[int, Track, Flags]]:
    return (stay for stay in stays(found) if _lies(stay[1]))


def _told(height: Array) -> bool:
    return bool(np.isfinite(height).sum() >= FEWEST)


def _kept(height: float, known: Known) -> float:
    away = (height - known[1]) / FLOATING if height > 0 else (-height - known[0]) / SUNK
    return 1 - math.sqrt(min(1.0, max(0.0, away)))


def _lies(track: Track) -> bool:
    """Whether it is a thing that gravity holds down."""
    return track.kind not in ("character", "bubbles")


def _let_go(track: Track, seconds: Array, storyboard: Storyboard) -> Flags:
    """Whether nobody can hold it: it was put down or set off, and is not yet picked up.

    After a cut, what can be thrown may be in a hand again.
    """
    turns = [(0.0, False)]
    if track.kind in PHYSICAL_THINGS:
        turns += [(cut, False) for cut in storyboard.cuts]
    for start, segment in zip(storyboard.starts, storyboard.segments, strict=True):
        events = [event for event in segment.events if event.entity == track.entity.id]
        turns += [
            (start + (event.end if event.kind == "put_down" else event.start), event.kind != "pick_up")
            for event in events
        ]
    moments, free = zip(*sorted(turns), strict=True)
    return np.array(free)[np.searchsorted(moments, seconds, side="right") - 1]


def _resting_height(track: Track, found: Tracks, unit: Array, let_go: Flags) -> Array:
    """How far its lower edge is above the ground in units of the stage, (samples,); NaN where that cannot be told."""
    zoom = unit / _grown(track)
    height = (HEIGHT - BELOW * zoom - track.picture[:, 3]) / zoom
    held = (height > 0) & ~let_go & _touched(track, found)
    inside = (track.picture[:, :2] > INSIDE).all(axis=1) & (track.picture[:, 2] < WIDTH - INSIDE)
    return np.where(inside & _still(track, found.rate) & ~held, height, np.nan)


def _still(track: Track, rate: float) -> Flags:
    """Whether it is at rest at each sample, as it was and will be."""
    around = max(1, round(AROUND * rate))
    padded = np.pad(track.middle, ((around, around), (0, 0)), constant_values=np.nan)
    near = np.lib.stride_tricks.sliding_window_view(padded, 2 * around + 1, axis=0)
    seen = np.isfinite(near)
    moved = np.where(seen, near, -np.inf).max(axis=2) - np.where(seen, near, np.inf).min(axis=2)
    return np.asarray((moved < STILL).all(axis=1) & (seen[:, 0].sum(axis=1) > around))


def _touched(track: Track, found: Tracks) -> Flags:
    """Whether its box overlaps that of a character, so that it may be in a hand."""
    boxes = np.array([other.picture for other in found.tracks if other.kind == "character"]).reshape(
        -1, *track.picture.shape
    )
    common = np.minimum(track.picture[:, 2:], boxes[..., 2:]) - np.maximum(track.picture[:, :2], boxes[..., :2])
    return np.asarray((common > 0).all(axis=2).any(axis=0))


def _grown(track: Track) -> Array:
    """How much larger it would be in the first frame of its shot than it is in the picture, (samples,)."""
    return np.asarray(track.size[:, 1] / (track.picture[:, 3] - track.picture[:, 1]))
