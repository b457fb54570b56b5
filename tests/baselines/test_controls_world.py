"""Damage to the world, by how much: measured in stage units on the truth, or on pixels inside exact masks."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from evalsuite.toon import world
from evalsuite.toon.alteration import UNALTERED
from evalsuite.toon.controls import WORLD_KINDS, degraded, draw
from evalsuite.toon.controls_variants import shot_at
from evalsuite.toon.episode import GROUND, Camera, Character, Episode, Happening, Look, Performance, Place, Shot, Thing
from evalsuite.types import Footage, VideoSpec

STRENGTHS = (0.2, 0.4, 1.0)
Array = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]


def episode(seconds: float, shots: int = 1, happening: Happening | None = None) -> Episode:
    """A red cat without anything to hold stands on the left; shots follow each other without a cut."""
    shot = Shot(seconds, "meadow", "day", False, Camera("still"), (Performance("mimi", "stand", 30.0, 30.0, 1),))
    first = Shot(seconds, "meadow", "day", False, Camera("still"), shot.performances, (), happening)
    return Episode(
        id="one-cat",
        seed="one cat",
        title="One cat",
        characters=(Character("mimi", "Mimi", Look("cat", "red", "scarf")),),
        things=(Thing("ball", "ball", "green"),),
        places=(Place("meadow", "meadow", 0, 0),),
        shots=(first, *[shot] * (shots - 1)),
    )


def truth(footage: Footage) -> list[Any]:
    assert footage.truth is not None
    return list(footage.truth())


FALL = Happening("fall", "ball", 0.0, 60.0, 1)
THROW = Happening("throw", "ball", 0.0, 40.0, 1)
ROLL = Happening("roll", "ball", 0.0, 60.0, 1)
FAST = VideoSpec(width=24, height=16, fps=60)


@pytest.mark.parametrize("strength", [0.0, *STRENGTHS])
def test_float_takes_that_share_of_gravity(strength: float) -> None:
    """A parabola through the first half second of a throw has the acceleration of weaker gravity."""
    heights = _heights(degraded(episode(2.0, happening=THROW), "float", strength, FAST, take=0))[:30]
    assert 2 * np.polyfit(np.arange(30) / FAST.fps, heights, 2)[0] == pytest.approx(90 * (1 - strength), abs=0.05 * 90)


@pytest.mark.parametrize("strength", [0.0, *STRENGTHS])
def test_bounce_gain_adds_to_the_restitution(strength: float) -> None:
    """The speed after the first bounce over the speed before it, from parabolas on both sides."""
    heights = _heights(degraded(episode(3.0, happening=FALL), "bounce-gain", strength, FAST, take=0))
    lowest = int(np.argmax(heights[:90]))
    falling, rising = heights[lowest - 7 : lowest - 1], heights[lowest + 2 : lowest + 8]
    before, after = (np.polyfit(np.arange(6) / FAST.fps, part, 2) for part in (falling, rising))
    contact = heights[: lowest + 1].max()
    assert _speed_at(after, contact) / _speed_at(before, contact) == pytest.approx(0.7 + 0.6 * strength, rel=0.05)


@pytest.mark.parametrize("strength", [0.0, *STRENGTHS])
def test_glide_takes_that_share_of_friction(strength: float) -> None:
    """What rolls into the picture slows by 9 units per second squared, less twice the strength of it."""
    rolling = truth(degraded(episode(2.0, happening=ROLL), "glide", strength, FAST, take=0))
    across = np.array([_place(moment, "ball") for moment in rolling if _place(moment, "ball") is not None])[10:60]
    loss = -2 * np.polyfit(np.arange(len(across)) / FAST.fps, np.abs(across - across[0]), 2)[0]
    assert loss == pytest.approx(9 * (1 - 2 * strength), abs=0.5)


@pytest.mark.parametrize("strength", STRENGTHS)
def test_hover_keeps_things_off_the_ground_and_nothing_else(strength: float) -> None:
    """No lower edge is nearer to the ground than a half of the height times the strength."""
    story = episode(3.0, happening=FALL)
    shown, true = truth(degraded(story, "hover", strength, FAST, take=0)), truth(draw(story, FAST, 0))
    lower = GROUND - 32 * strength
    for altered, plain in zip(shown, true, strict=True):
        assert _edge(altered) == pytest.approx(min(_edge(plain), lower), abs=1e-6)
        assert _place(altered, "mimi") == _place(plain, "mimi")
    assert all("ground" not in one["contacts"] for moment in shown for one in moment["entities"] if one["id"] == "ball")


@pytest.mark.parametrize("strength", STRENGTHS)
def test_sink_puts_things_into_the_ground_by_a_share_of_their_height(strength: float) -> None:
    story = episode(3.0, happening=FALL)
    shown, true = truth(degraded(story, "sink", strength, FAST, take=0)), truth(draw(story, FAST, 0))
    assert max(map(_edge, shown)) == pytest.approx(GROUND + 10 * strength, abs=0.3)
    for altered, plain in zip(shown[:90], true, strict=False):  # later a strong one has sunk out of the picture
        assert _edge(altered) == pytest.approx(_edge(plain) + 10 * strength) or not np.isfinite(_edge(plain))


def _edge(moment: Any) -> float:
    """The lower edge of the ball; above everything where it is not seen."""
    parts = [part for one in moment["entities"] if one["id"] == "ball" for part in one["parts"]]
    return max((y + size for _, y, size in parts), default=-np.inf)


def _heights(footage: Footage) -> Array:
    moments = (entity for moment in truth(footage) for entity in moment["entities"] if entity["id"] == "ball")
    return np.array([entity["parts"][0][1] for entity in moments])


def _speed_at(parabola: Array, height: float) -> float:
    """v of y = a t^2 + b t + c where y is `height`: v^2 = b^2 - 4 a (c - height)."""
    curve, slope, start = parabola
    return float(np.sqrt(max(slope**2 - 4 * curve * (start - height), 0.0)))


@pytest.mark.parametrize("strength", STRENGTHS)
@pytest.mark.parametrize("happening", [None, Happening("fall", "ball", 0.0, 20.0, 1)])
def test_teleport_moves_the_subject_by_a_share_of_the_width(strength: float, happening: Happening | None) -> None:
    """For the second half of every shot, and nothing else at any time."""
    story, wide = episode(2.0, shots=2, happening=happening), VideoSpec(width=48, height=32, fps=8)
    pairs = zip(truth(degraded(story, "teleport", strength, wide, 0)), truth(draw(story, wide, 0)), strict=True)
    for shown, true in pairs:
        shot, passed = shot_at(story, true["seconds"])
        for entity in true["entities"]:
            subject = entity["id"] == ("ball" if shot.happening else "mimi")
            way = 96 * strength if subject and passed >= 1 else 0.0
            place = _place(shown, entity["id"])
            assert place == pytest.approx(entity["centre"][0] + way, abs=1e-3) or (place is None and strength == 1)


def _place(moment: Any, name: str) -> float | None:
    """Where an entity is across; None where it is out of the picture."""
    return next((entity["centre"][0] for entity in moment["entities"] if entity["id"] == name), None)


@pytest.mark.parametrize("strength", STRENGTHS)
def test_identity_drift_turns_hues_evenly(strength: float) -> None:
    """Inside the cat's mask, the hue at time t is that of the oracle turned by 180 s t / T degrees."""
    story, spec = episode(4.0), VideoSpec(width=96, height=64, fps=4)
    streams = zip(
        degraded(story, "identity-drift", strength, spec, 0).frames,
        draw(story, spec, 0).frames,
        world.masks(story, spec),
        strict=True,
    )
    for number, (frame, before, masks) in enumerate(streams):
        turn = (_hues(frame, masks["mimi"]) - _hues(before, masks["mimi"]) + 180) % 360 - 180
        expected = 180 * strength * number / 16
        saturated = _saturation(before, masks["mimi"]) > 100
        assert np.median(np.abs((turn - expected + 180) % 360 - 180)[saturated]) < 4
        assert np.abs(frame.astype(int) - before)[~_near(masks["mimi"])].max() == 0


def _hues(frame: npt.NDArray[np.uint8], mask: Mask) -> Array:
    return cv2.cvtColor(frame, cv2.COLOR_RGB2HSV_FULL)[..., 0][mask] * (360 / 256)


def _saturation(frame: npt.NDArray[np.uint8], mask: Mask) -> Array:
    return np.asarray(cv2.cvtColor(frame, cv2.COLOR_RGB2HSV_FULL)[..., 1][mask], dtype=np.float64)


def _near(mask: Mask) -> Mask:
    return np.asarray(cv2.dilate(mask.astype(np.uint8), np.ones((5, 5), np.uint8)), dtype=bool)


@pytest.mark.parametrize("strength", STRENGTHS)
def test_deform_bends_by_a_share_of_the_height(strength: float) -> None:
    """At 1.5 s the upper quarter has swung by s x body height to the right and the lower one as far to the left."""
    story, spec = episode(3.0), VideoSpec(width=384, height=256, fps=2)
    alteration = WORLD_KINDS["deform"].alteration(story, strength)
    bent, plain = (list(world.masks(story, spec, 0, altered)) for altered in (alteration, UNALTERED))
    assert np.array_equal(bent[0]["mimi"], plain[0]["mimi"])
    assert _swing(bent[3]["mimi"], plain[3]["mimi"], 0.25, 0) == pytest.approx(strength, rel=0.05)
    assert _swing(bent[3]["mimi"], plain[3]["mimi"], 0.75, -1) == pytest.approx(-strength, rel=0.05)


def _swing(bent: Mask, plain: Mask, share: float, end: int) -> float:
    """How far the trailing end of a row has moved, as a share of the height; the leading one may leave the picture."""
    rows = np.flatnonzero(plain.any(axis=1))
    row = rows[0] + round(share * len(rows))
    return float(np.flatnonzero(bent[row])[end] - np.flatnonzero(plain[row])[end]) / len(rows)
