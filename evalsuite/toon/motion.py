"""How a character holds itself while it does something: one small function of time for each action."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

SWING = 0.15
"""Seconds that an arm takes to swing forward in a throw."""

Eyes = Literal["open", "closed", "happy"]
Mouth = Literal["smile", "open", "small"]


@dataclass(frozen=True, slots=True)
class Pose:
    """Angles are degrees, forward positive; an arm hangs at 0, points forward at 90 and up at 180."""

    lift: float = 0.0
    """How high the feet are above the ground, in units."""
    lean: float = 0.0
    squash: float = 1.0
    """Height as a share of the height at rest."""
    arm_front: float = 12.0
    arm_back: float = -12.0
    leg_front: float = 0.0
    leg_back: float = 0.0
    head_tilt: float = 0.0
    gaze: float = 0.0
    """Where the pupils look, -1 back to 1 forward."""
    tail: float = 0.0
    eyes: Eyes = "open"
    mouth: Mouth = "smile"
    seated: bool = False
    lying: bool = False


@dataclass(frozen=True, slots=True)
class Beat:
    """Where in an action a character is."""

    seconds: float
    """Since the shot began."""
    key: float
    """Since the key moment of the action (taking, leaving, throwing, blowing), negative before it."""
    moving: bool
    """Whether it is on its way."""


def _wave(seconds: float, hertz: float, shift: float = 0.0) -> float:
    return math.sin(2 * math.pi * (seconds * hertz + shift))


def _near(key: float, width: float) -> float:
    """1 at the key moment, falling to 0 within `width` seconds on both sides."""
    return math.sqrt(max(0.0, 1 - abs(key) / width))


def _stand(beat: Beat) -> Pose:
    breath = _wave(beat.seconds, 0.5)
    return Pose(squash=1 + 0.015 * breath, arm_front=14 + 3 * breath, arm_back=-14 - 3 * breath, tail=8 * breath)


def _walk(beat: Beat) -> Pose:
    swing = _wave(beat.seconds, 1.4)
    return Pose(
        lift=0.9 * (1 - abs(swing)),
        lean=3,
        arm_front=-34 * swing,
        arm_back=34 * swing,
        leg_front=32 * swing,
        leg_back=-32 * swing,
        tail=10 * swing,
        gaze=0.6,
    )


def _run(beat: Beat) -> Pose:
    swing = _wave(beat.seconds, 2.3)
    return Pose(
        lift=2.2 * abs(_wave(beat.seconds, 2.3, 0.25)),
        lean=13,
        arm_front=60 - 50 * swing,
        arm_back=20 + 50 * swing,
        leg_front=55 * swing,
        leg_back=-55 * swing,
        tail=20 * swing,
        gaze=0.8,
        mouth="open",
    )


def _jump(beat: Beat) -> Pose:
    share = (beat.seconds % 1.25) / 1.25
    if share < 0.28:
        depth = math.sin(math.pi * share / 0.28)
        return Pose(squash=1 - 0.18 * depth, arm_front=-30 * depth, arm_back=-40 * depth)
    flight = (share - 0.28) / 0.72
    height = 4 * flight * (1 - flight)
    return Pose(
        lift=10 * height,
        squash=1 + 0.06 * height,
        arm_front=30 + 120 * height,
        arm_back=-30 - 110 * height,
        leg_front=28 * height,
        leg_back=-28 * height,
        mouth="open",
    )


def _wave_hand(beat: Beat) -> Pose:
    return replace(_stand(beat), arm_front=128 + 28 * _wave(beat.seconds, 1.6), mouth="open", head_tilt=5)


def _dance(beat: Beat) -> Pose:
    sway = _wave(beat.seconds, 0.9)
    return Pose(
        lift=2.4 * abs(sway),
        lean=15 * sway,
        arm_front=100 + 65 * sway,
        arm_back=-100 + 65 * sway,
        leg_front=18 * max(sway, 0),
        leg_back=18 * min(sway, 0),
        head_tilt=-12 * sway,
        tail=25 * sway,
        eyes="happy",
        mouth="open",
    )


def _sit(beat: Beat) -> Pose:
    return replace(_stand(beat), seated=True, arm_front=35, arm_back=-30, leg_front=78, leg_back=66)


def _sleep(beat: Beat) -> Pose:
    breath = _wave(beat.seconds, 0.4)
    return Pose(lying=True, squash=1 + 0.03 * breath, arm_front=30, arm_back=10, eyes="closed", mouth="small")


def _look(beat: Beat) -> Pose:
    turn = _wave(beat.seconds, 0.35)
    return replace(_stand(beat), gaze=1.6 * turn, head_tilt=7 * turn, lean=4 * turn, arm_front=152, mouth="small")


def _cheer(beat: Beat) -> Pose:
    bounce = abs(_wave(beat.seconds, 0.9))
    return Pose(
        lift=4.5 * bounce,
        arm_front=138 + 18 * _wave(beat.seconds, 1.8),
        arm_back=-138 + 18 * _wave(beat.seconds, 1.8),
        leg_front=10 * bounce,
        leg_back=-10 * bounce,
        eyes="happy",
        mouth="open",
    )


def _pick_up(beat: Beat) -> Pose:
    bow = _near(beat.key, 0.55)
    before = replace(_walk(beat) if beat.moving else _stand(beat), gaze=0.8)
    after = replace(_stand(beat), eyes="happy", arm_front=70)
    arm = 70 - 50 * bow if beat.key > 0 else 14 + 6 * bow
    return replace(after if beat.key > 0 else before, lean=34 * bow, arm_front=arm, squash=1 - 0.12 * bow)


def _put_down(beat: Beat) -> Pose:
    bow = _near(beat.key, 0.55)
    upright = _walk(beat) if beat.moving else _stand(beat)
    arm = 70 - 50 * bow if beat.key < 0 else 14 + 6 * bow
    return replace(upright, lean=34 * bow, arm_front=arm, squash=1 - 0.12 * bow)


def _carry(beat: Beat) -> Pose:
    steps = _walk(beat) if beat.moving else _stand(beat)
    return replace(steps, arm_front=72, arm_back=58, lean=-3)


def _push(beat: Beat) -> Pose:
    if not beat.moving:
        return replace(_stand(beat), lean=10, arm_front=80, arm_back=72)
    return replace(_walk(beat), lean=18, arm_front=68, arm_back=60, mouth="small")


def _throw(beat: Beat) -> Pose:
    if beat.key < 0:
        wind = max(0.0, 1 + beat.key / 0.9) if beat.key < -SWING else -beat.key / SWING
        return replace(_stand(beat), lean=-12 * wind, arm_front=80 - 140 * wind, leg_front=14 * wind, mouth="small")
    swing = max(0.0, 1 - beat.key / 0.9)
    return replace(_stand(beat), lean=16 * swing, arm_front=14 + 66 * swing, leg_back=-20 * swing, mouth="open")


def _blow_bubbles(beat: Beat) -> Pose:
    puff = _wave(beat.seconds, 0.5)
    return replace(_stand(beat), arm_front=104, head_tilt=-6 + 3 * puff, mouth="small", lean=3 + 2 * puff)


POSES: dict[str, Callable[[Beat], Pose]] = {
    "stand": _stand,
    "walk": _walk,
    "run": _run,
    "jump": _jump,
    "wave": _wave_hand,
    "dance": _dance,
    "sit": _sit,
    "sleep": _sleep,
    "look": _look,
    "cheer": _cheer,
    "pick_up": _pick_up,
    "put_down": _put_down,
    "carry": _carry,
    "push": _push,
    "throw": _throw,
    "blow_bubbles": _blow_bubbles,
}
"""Action -> pose at a beat."""

TRAVELLING = ("walk", "run", "carry", "push")
"""Actions during which a character is on its way for the whole shot; others walk first, then act."""


def pose(action: str, beat: Beat) -> Pose:
    """The pose of `action`; whoever is on the way to another action walks."""
    if beat.moving and action not in (*TRAVELLING, "pick_up", "put_down", "dance", "jump"):
        return _walk(beat)
    if action == "walk" and not beat.moving:
        return _stand(beat)
    return POSES[action](beat)
