"""Does what moves obey the laws of the world?

Six terms on tracks with the camera taken out, each 0 - 1: what falls does so with the world's gravity; what bounces
keeps the share of speed that it should; nothing jumps to another place or is gone in the middle of a shot; who is
expected is there; bodies keep their shape; and what the story expects to happen does happen. The value is the product
of the terms that the storyboard asks for, since one broken law is enough. What is expected and absent has 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import numpy as np
from scipy.stats import theilslopes

from evalsuite.interfaces import Metric
from evalsuite.types import Features, Measured, Storyboard

from ._camera import NAME as CAMERA
from ._flight import FEWEST, flight
from ._happenings import PHYSICAL, Course, courses, happened
from ._lasting import presence, shapes, steadiness
from ._toon_id import NAME
from ._tracks import tracks
from .models.looks import REVISION

GRAVITY = {"ball": 8.8, "box": 8.0}
"""The world's gravity in sizes of a thing per second squared: medians over what falls in the suite `dev`."""
RESTITUTION = {"ball": 0.70, "box": 0.27}
"""The share of its speed that a thing keeps when it lands: medians over the suite `dev`."""
RISING = 8.5
"""How fast bubbles rise, in pixels per second of which 96 are the picture's width: the least in `dev`."""
LEAVING = 0.25
"""Seconds for which bubbles are blown rather than rise."""
HEAVY = 1.4
"""Up to so many times the gravity is no fault: a thing's size is not known better."""
FLYING = frozenset(("fall", "bounce", "throw"))


class Physics(Metric):
    """How well gravity, bounces, permanence and shape are kept, as a product; 0 - 1."""

    summary: ClassVar[str] = "falls, bounces, permanence and shape obey the laws of the world"
    version: ClassVar[str] = f"1-{REVISION}"
    higher_is_better: ClassVar[bool] = True
    extractors: ClassVar[tuple[str, ...]] = (NAME, CAMERA, "thumbnails")
    failures: ClassVar[tuple[str, ...]] = ("float", "teleport", "deform", "event-drop", "vanish")

    def measure(self, features: Mapping[str, Features], storyboard: Storyboard) -> Measured:
        """`details` has each term that applies."""
        found = tracks(features, storyboard)
        expected = courses(found, storyboard, PHYSICAL)
        if not any(track.expected.any() for track in found.tracks):
            return Measured(None, "the storyboard expects nobody and nothing that the cartoon world has words for")
        falling = [course for course in expected if course.event.kind in FLYING]
        pulls, keeps = _fits(falling)
        pulls += [_buoyancy(course) for course in expected if course.event.kind == "rise"]
        terms = {
            "happening": [happened(course) for course in expected],
            "gravity": pulls,
            "restitution": keeps,
            "presence": presence(found),
            "steadiness": steadiness(found),
            "shape": shapes(found),
        }
        means = {name: float(np.mean(values)) for name, values in terms.items() if len(values)}
        return Measured(value=float(np.prod(list(means.values()))), details=means)


def _fits(falling: list[Course]) -> tuple[list[float], list[float]]:
    """How near gravity and restitution are to those of the world; 0 for what should fall and is not seen."""
    pulls, keeps = [], []
    for course in falling:
        flying = course.longest
        fit = flight(flying.seconds[flying.shown], flying.y[flying.shown])
        if happened(course) == 0:
            pulls.append(0.0)
        elif fit is not None and fit.sure:
            pulls.append(_near(fit.gravity / course.size / GRAVITY.get(course.kind, 8.4)))
        if fit is not None and fit.bounced and course.kind in RESTITUTION:
            keeps.append(max(0.0, 1 - 2 * abs(fit.restitution - RESTITUTION[course.kind])))
    return pulls, keeps


def _near(ratio: float) -> float:
    """1 at the world's gravity, 0 at a third of it."""
    off = max(-np.log(max(ratio, 1e-9)), np.log(max(ratio, 1e-9) / HEAVY), 0.0)
    return float(max(0.0, 1 - off / np.log(3)))


def _buoyancy(course: Course) -> float:
    """How fast the uppermost bubble rises once it has left the mouth, against the world's; at most 1."""
    late = ~course.cut & (course.seconds > course.seconds.min(initial=0.0) + LEAVING)
    if late.sum() < FEWEST:
        return 0.0
    slope = theilslopes(course.box[late, 1], course.seconds[late]).slope
    return float(np.clip(-slope / RISING, 0, 1))
