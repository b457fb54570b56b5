"""Does what the story declares happen, once, and when it should?

For each expected event whose thing the detector knows: how far the thing does, within the event's segment, what the
kind of event demands (`_happenings`), from 0 where it does no more than what rests to 1 for what events that happen in
the suite `dev` show; halved where it surely begins a second time (`_repeats`). The value is the mean over the events;
what is absent has 0. As each is looked for in its own segment, events out of order are missed twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import numpy as np

from evalsuite.interfaces import Metric
from evalsuite.types import Features, Measured, Storyboard

from ._happenings import PHYSICAL, courses, happened
from ._repeats import begun_again
from ._tracks import LOOKED_AT, tracks
from .models.looks import REVISION

SURE = 0.15
"""A detection of at least this score is taken: whether a thing is there at all is for the story to say."""


class Events(Metric):
    """The share of the expected physical events that happen exactly once in their segments; 0 - 1."""

    summary: ClassVar[str] = "what the story declares happens, once, and when it should"
    version: ClassVar[str] = f"2-{REVISION}"
    higher_is_better: ClassVar[bool] = True
    bounds: ClassVar[tuple[float, float]] = (0.0, 1.0)
    extractors: ClassVar[tuple[str, ...]] = LOOKED_AT
    failures: ClassVar[tuple[str, ...]] = ("event-drop", "event-repeat")

    def measure(self, features: Mapping[str, Features], storyboard: Storyboard) -> Measured:
        """`coverage` is the share of the declared events that can be judged."""
        declared = sum(len(segment.events) for segment in storyboard.segments)
        if not declared:
            return Measured(None, "the storyboard declares no event")
        expected = courses(tracks(features, storyboard, SURE), storyboard, PHYSICAL)
        if not expected:
            return Measured(None, "none of the declared events is a motion of a thing that can be told", coverage=0.0)
        seen = np.array([happened(course) for course in expected])
        again = np.array([begun_again(course) for course in expected])
        return Measured(
            value=float(np.mean(seen / (1 + again))),
            details={"seen": float(seen.mean()), "repeated": float((again > 0).mean())},
            coverage=len(expected) / declared,
        )
