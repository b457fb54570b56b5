"""Whether a thing does what an event of the story asks for: how far it moves, in its own sizes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from evalsuite.types import Event, Storyboard

from ._camera import HEIGHT, WIDTH
from ._timeline import Array, Flags
from ._tracks import Track, Tracks

EARLY = 0.3
"""Seconds by which an event may begin before it is planned."""
FASTEST = 140.0
"""Pixels per second that nothing exceeds, of which 96 are the picture's width."""
GROWTH = 2.5
"""By so many times nothing grows from one sample to the next."""
MOSTLY = 0.8
"""So much of its size is to be in the picture where its place is used."""
EDGE = 1.0
"""Pixels from the picture's edge within which a box is taken as cut off."""


@dataclass(frozen=True)
class Course:
    """What is seen of a thing from the beginning of its event to the end of the segment; arrays are (samples, ...)."""

    event: Event
    segment: int
    """The number of the segment that has it."""
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
    return Course(event, number, track.kind, size, since[there], box, cut, shown)


def happened(course: Course) -> float:
    """How far it does what the event's kind demands, 0 - 1; 0 where the thing is not seen."""
    if len(course.box) < 3:
        return 0.0
    deed, nothing, all_of_it = _DEEDS[course.event.kind]
    return float(np.clip((deed(course) - nothing) / (all_of_it - nothing), 0, 1))


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


def _bounce(course: Course) -> float:
    """Down once, and up by a third of that at least."""
    return min(_down(course), 3 * _up(course))


def _throw(course: Course) -> float:
    return min(_up(course) + _down(course), _across(course))


def _rise(course: Course) -> float:
    """How fast bubbles rise over the time of the event, in pixels per second: late ones have risen less by its end.

    The lowest but one of the first places and the highest but one of the last, as a box has some of the bubbles or all.
    """
    y = course.middle[:, 1]
    few = min(6, len(y) // 2)
    if few < 2:
        return 0.0
    return float(np.sort(y[:few])[-2] - np.sort(y[-few:])[1]) / max(course.event.end - course.event.start, 1.0)


def _topple(course: Course) -> float:
    """A stack is a third as high when it has toppled; anything else turns over as it goes across."""
    if course.kind != "blocks":
        return _across(course)
    height = course.box[:, 3] - course.box[:, 1]
    return float(1 - np.median(height[-3:]) / np.median(height[:3]))


_DEEDS: dict[str, tuple[Callable[[Course], float], float, float]] = {
    "fall": (_down, 0.3, 1.2),
    "bounce": (_bounce, 0.3, 1.0),
    "throw": (_throw, 0.25, 1.0),
    "roll": (_across, 0.1, 0.55),
    "rise": (_rise, 1.0, 3.6),
    "topple": (_topple, 0.05, 0.35),
}
"""What is measured, what of it things that rest may show, and from where on the event is complete.

Read off the suite `dev`, where events that happen reach the latter unless the camera shows little of them.
"""
PHYSICAL = frozenset(_DEEDS)
"""The kinds of event that can be judged by how a thing moves."""
