"""Whether a thing does what an event of the story asks for: how far it moves, in its own sizes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from evalsuite.types import Event, Storyboard

from ._timeline import Array, Flags
from ._tracks import HEIGHT, WIDTH, Track, Tracks

EARLY = 0.3
"""Seconds by which an event may begin before it is planned."""
FASTEST = 140.0
"""Pixels per second that nothing exceeds, of which 96 are the picture's width."""
GROWTH = 2.5
"""By so many times nothing grows from one sample to the next."""
BACK = {"fall": 0.45, "bounce": 0.45, "throw": 0.45, "roll": 0.45, "rise": 1.0, "topple": 0.3}
"""What goes back by so many sizes in one step begins again."""
MOSTLY = 0.8
"""So much of its size is to be in the picture where its place is used."""
EDGE = 1.0
"""Pixels from the picture's edge within which a box is taken as cut off."""


@dataclass(frozen=True)
class Course:
    """What is seen of a thing from the beginning of its event to the end of the segment; arrays are (samples, ...)."""

    event: Event
    kind: str
    size: float
    """What is usual of the lesser of width and height, in pixels."""
    seconds: Array
    """Since the beginning of the segment."""
    box: Array
    cut: Flags
    """Whether the upper edge of the picture cuts it off."""
    shown: Flags
    """Whether most of it is below that edge."""

    @property
    def middle(self) -> Array:
        """x and y."""
        return np.asarray((self.box[:, :2] + self.box[:, 2:]) / 2)

    @property
    def y(self) -> Array:
        """That of the middle; from the lower edge, where the picture cuts off the upper one."""
        return np.asarray(np.where(self.cut, self.box[:, 3] - self.size / 2, self.middle[:, 1]))

    @property
    def stretches(self) -> list[Course]:
        """Its parts between jumps, which no motion explains."""
        steps = np.linalg.norm(np.diff(self.middle, axis=0), axis=1) / np.diff(self.seconds)
        height = self.box[:, 3] - self.box[:, 1]
        jumps = np.flatnonzero((steps > FASTEST) | (height[1:] > GROWTH * height[:-1])) + 1
        return [self._part(slice(*ends)) for ends in pairwise([0, *jumps.tolist(), len(self.box)])]

    @property
    def longest(self) -> Course:
        """The longest part without a jump."""
        return max(self.stretches, key=lambda part: len(part.box))

    def _part(self, samples: slice) -> Course:
        return replace(
            self,
            seconds=self.seconds[samples],
            box=self.box[samples],
            cut=self.cut[samples],
            shown=self.shown[samples],
        )


def courses(found: Tracks, storyboard: Storyboard, kinds: frozenset[str]) -> list[Course]:
    """One for each expected event of these kinds whose thing can be told."""
    return [
        _course(found, track, event, number, storyboard.starts[number])
        for number, segment in enumerate(storyboard.segments)
        for event in segment.events
        if event.kind in kinds and (track := found.of(event.entity)) is not None
    ]


def _course(found: Tracks, track: Track, event: Event, number: int, start: float) -> Course:
    since = found.seconds - start
    there = (found.segment == number) & (since >= event.start - EARLY) & track.seen
    picture, box = track.picture[there], track.box[there]
    whole = (picture[:, :2] > EDGE).all(axis=1) & (picture[:, 2:] < [WIDTH - EDGE, HEIGHT - EDGE]).all(axis=1)
    least = (box[:, 2:] - box[:, :2]).min(axis=1, initial=WIDTH)
    size = float(np.median(least[whole] if whole.any() else least)) if len(box) else 1.0
    cut, shown = picture[:, 1] < EDGE, picture[:, 3] > MOSTLY * size
    return Course(event, track.kind, size, since[there], box, cut, shown)


def happened(course: Course) -> float:
    """How far it does what the event's kind demands, 0 - 1; 0 where the thing is not seen."""
    if len(course.box) < 3:
        return 0.0
    return float(np.clip(_DEEDS[course.event.kind](course), 0, 1))


def _down(course: Course) -> float:
    """How far it comes down from where it was before, in sizes."""
    y = course.middle[:, 1]
    return float((y - np.minimum.accumulate(y)).max()) / course.size


def _up(course: Course) -> float:
    """How far it comes up from where it was before, in sizes."""
    y = course.middle[:, 1]
    return float((np.maximum.accumulate(y) - y).max()) / course.size


def _across(course: Course) -> float:
    return float(np.ptp(course.middle[:, 0])) / course.size


def _topple(course: Course) -> float:
    """A stack is a third as high when it has toppled; anything else turns over as it goes across."""
    if course.kind != "blocks":
        return _across(course)
    height = course.box[:, 3] - course.box[:, 1]
    first, last = np.median(height[:3]), np.median(height[-3:])
    return float((1 - last / first) / 0.4)


def begun_again(course: Course) -> int:
    """How often it is suddenly back at what comes before its event."""
    if len(course.box) < 3:
        return 0
    return int((_RETURNS[course.event.kind](course) > BACK[course.event.kind] * course.size).sum())


def _turned_up(course: Course) -> Array:
    """How far each step takes it up from where it was falling, well above the lowest place, in pixels."""
    y = course.middle[:, 1]
    falling = (y[1:-1] > y[:-2]) & (y[1:-1] < y.max() - course.size)
    return np.asarray(falling * (y[1:-1] - y[2:]))


def _rolled_back(course: Course) -> Array:
    x = course.middle[:, 0]
    return np.asarray(-np.diff(x) * np.sign(x[-1] - x[0]))


_DEEDS: dict[str, Callable[[Course], float]] = {
    "fall": lambda course: _down(course) / 1.5,
    "bounce": lambda course: min(_down(course) / 1.5, _up(course) / 0.5),
    "throw": lambda course: min(_up(course) + _down(course), _across(course)),
    "roll": lambda course: _across(course) / 0.75,
    "rise": lambda course: _up(course) / 0.75,
    "topple": _topple,
}
_RETURNS: dict[str, Callable[[Course], Array]] = {
    "fall": _turned_up,
    "bounce": _turned_up,
    "throw": _turned_up,
    "roll": _rolled_back,
    "rise": lambda course: np.diff(course.box[:, 1]),
    "topple": lambda course: np.diff(course.box[:, 3] - course.box[:, 1]),
}
PHYSICAL = frozenset(_DEEDS)
"""The kinds of event that can be judged by how a thing moves."""
