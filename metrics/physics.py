"""Does what moves obey the laws of the world?

Terms on tracks with the camera taken out, each 0 - 1: what falls does so with the world's gravity, what rises with its
buoyancy; what bounces keeps the share of speed that it should; what lands and rolls loses speed across; what lies
there, or lands, does so on the ground, neither above it nor in it; nothing jumps to another place or is gone in the
middle of a shot; and who is expected is there. Each term has 1 for what nearly all videos of the world show, its
measurement included. The value is the product of the terms that the storyboard asks for, since one broken law is
enough. Who is expected and absent has 0, and so has a fall, a throw, a bounce, a rise or a topple that the story
expects and that does not happen.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import ClassVar

import numpy as np

from evalsuite.interfaces import Metric
from evalsuite.toon.episode import KEEPSAKES
from evalsuite.types import Features, Measured, Storyboard

from ._flight import Flight
from ._friction import friction
from ._ground import SURELY, heights, landing, support, units
from ._happenings import PHYSICAL, Course, courses, happened
from ._lasting import presence, steadiness
from ._pull import buoyancy, fall, gravity, weight
from ._timeline import Array, timeline
from ._tracks import LOOKED_AT, Tracks, tracks
from .models.looks import REVISION, THINGS

FLYING = frozenset(("fall", "bounce", "throw"))
SEEN = {"ball": 1.0, "box": 0.92}
"""What is read of the world's own gravity: medians over what falls in the suite `dev`; a box turns as it lands."""
LIGHT = 0.85
"""From this share of the world's gravity on all is well: places are not known better."""
HEAVY = 1.5
"""Up to so many times the gravity is no fault: how far away a thing is is not known better."""
RESTITUTION = {"ball": (0.70, 0.06), "box": (0.26, 0.08)}
"""The share of its speed that a thing keeps when it lands, a median over the suite `dev`, and how well it is known."""
LIVELIEST = 0.5
"""So much beyond that is the worst."""
UNPROVEN = 0.9
"""What a motion counts whose gravity cannot be read, such as a stack's that topples: it happens, and proves little."""
HAPPENED = 0.75
"""How far an event has to happen."""
GRAVE = frozenset(("fall", "bounce", "throw", "rise", "topple"))
"""Events that tell of gravity, be it little; one that does not happen tells of none."""
TAKEN = 0.75
"""From this share of the world's friction on all is well."""


class Physics(Metric):
    """How well gravity, contacts and permanence are kept, as a product; 0 - 1."""

    summary: ClassVar[str] = "falls, bounces, rolls, what lies there, and permanence obey the laws of the world"
    version: ClassVar[str] = f"10-{REVISION}"
    higher_is_better: ClassVar[bool] = True
    bounds: ClassVar[tuple[float, float]] = (0.0, 1.0)
    extractors: ClassVar[tuple[str, ...]] = LOOKED_AT
    failures: ClassVar[tuple[str, ...]] = ("float", "teleport", "vanish", "hover", "sink")

    def measure(self, features: Mapping[str, Features], storyboard: Storyboard) -> Measured:
        """`details` has each term that applies."""
        seen = tracks(features, storyboard, things=THINGS)
        found = replace(seen, tracks=tuple(track for track in seen.tracks if track.kind not in KEEPSAKES))
        told = {track.entity.id for track in found.tracks}
        if not any(told & set(segment.present) for segment in storyboard.segments):
            return Measured(None, "the storyboard expects nobody and nothing that the cartoon world has words for")
        unit = units(found)
        terms = _laws(found, storyboard, unit)
        terms["support"] += support(seen, heights(seen, unit, storyboard), storyboard, SURELY).values()
        terms["presence"] = list(presence(found, storyboard).values())
        terms["steadiness"] = list(steadiness(found).values())
        means = {name: float(np.mean(values)) for name, values in terms.items() if values}
        if not means:
            return Measured(None, "the storyboard expects nobody, and no law could be judged of what it expects")
        covered = timeline(features["thumbnails"], storyboard).coverage
        return Measured(value=float(np.prod(list(means.values()))), details=means, coverage=covered)


def _laws(found: Tracks, storyboard: Storyboard, unit_at: Array) -> dict[str, list[float]]:
    """How well each event keeps gravity, 0 where it does not happen, and what its contacts with the ground should."""
    laws: dict[str, list[float]] = {"gravity": [], "restitution": [], "friction": [], "support": []}
    for course in courses(found, storyboard, PHYSICAL):
        there = unit_at[found.segment == course.segment]
        unit = float(np.median(there)) if len(there) else 1.0  # where the video ends before
        fit = fall(course, unit) if course.event.kind in FLYING and len(course.box) else None
        if course.event.kind in GRAVE:
            done = min(1.0, happened(course) / HAPPENED)
            laws["gravity"].append(done and done * _heavy(course, fit, unit))
        if fit is not None and fit.bounced and course.kind in RESTITUTION:
            laws["restitution"].append(_lively(fit.restitution, *RESTITUTION[course.kind]))
            laws["support"].append(landing(course, fit, unit))
        taken = friction(course, fit, unit) if len(course.box) else None
        if taken is not None:
            laws["friction"].append(float(np.clip(taken / TAKEN, 0, 1)))
    return laws


def _heavy(course: Course, fit: Flight | None, unit: float) -> float:
    """How near the gravity that a motion shows is to the world's; `UNPROVEN` where it does not tell."""
    if course.event.kind == "topple":
        return UNPROVEN * (weight(course, unit) if course.kind == "blocks" else 1.0)
    if course.event.kind == "rise":
        pull = buoyancy(course, unit)
        return UNPROVEN if pull is None else _near(pull)
    if fit is None:
        return UNPROVEN
    kept = _near(gravity(fit) / SEEN.get(course.kind, 1.0))
    return kept if fit.sure else min(kept, UNPROVEN)


def _near(pull: float) -> float:
    """1 at the world's gravity, 0 without any."""
    return float(min(1.0, max(0.0, pull / LIGHT) ** 2, (HEAVY / max(pull, 1e-9)) ** 2))


def _lively(kept: float, usual: float, known: float) -> float:
    return float(np.clip(1 - (abs(kept - usual) - known) / LIVELIEST, 0, 1))
