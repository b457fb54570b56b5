from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest
from evalsuite.metrics._trend import places

from evalsuite.types import Change, Entity

Film = Callable[..., np.ndarray]


def lit(frames: np.ndarray, gain: np.ndarray) -> np.ndarray:
    return np.clip(frames * gain[:, None, None, None], 0, 255).astype(np.uint8)


def turned(frames: np.ndarray, degrees: np.ndarray) -> np.ndarray:
    """The hue of the disc alone, which is all that is strongly red, turned."""
    out = []
    for frame, angle in zip(frames, degrees, strict=True):
        colour = cv2.cvtColor(np.array([[[angle / 2 + 1, 210, 230]]], np.uint8), cv2.COLOR_HSV2RGB)[0, 0]
        disc = (frame[..., 0] > 200) & (frame[..., 1] < 90)
        out.append(np.where(disc[..., None], colour, frame))
    return np.stack(out).astype(np.uint8)


def blurred(frames: np.ndarray, sigma: np.ndarray) -> np.ndarray:
    return np.stack([cv2.GaussianBlur(frame, (0, 0), each) for frame, each in zip(frames, sigma, strict=True)])


def test_a_steady_film_keeps_its_look(story: Callable, film: Film, measure: Callable) -> None:
    plan = story()
    found = measure("drift", film(plan), plan)
    assert found.value > 0.75
    assert found.details["evidence"] == 1.0
    assert abs(found.details["exposure_per_minute"]) < 2


def test_slopes_are_signed_and_in_units_per_minute(story: Callable, film: Film, measure: Callable) -> None:
    """A grey ramp of L = 50 +- 6 a minute, over which nothing but a disc moves."""
    plan = story("a" * 8)
    still = measure("drift", film(plan), plan).details["exposure_per_minute"]
    minutes = np.arange(192) / 8 / 60
    for sign in (-1, 1):
        gain = 1 + sign * 0.3 * minutes  # mean L of the film is about 53, and L goes about as gain ** (2.2 / 3 * 1.16)
        slope = measure("drift", lit(film(plan), gain), plan).details["exposure_per_minute"] - still
        assert slope == pytest.approx(sign * 0.3 * 53 * 0.9, rel=0.2)


def test_more_drift_scores_lower(story: Callable, film: Film, measure: Callable) -> None:
    plan = story()
    frames, ramp = film(plan), np.linspace(0, 1, 192)
    jump = (np.arange(192) >= 96).astype(float)
    for damaged in (
        [lit(frames, 1 - strength * ramp) for strength in (0, 0.3, 0.6)],
        [lit(frames, 1 - strength * jump) for strength in (0, 0.15, 0.3)],
        [blurred(frames, 0.01 + strength * 3 * ramp) for strength in (0, 0.3, 1)],
    ):
        values = [measure("drift", each, plan).value for each in damaged]
        assert values[0] > values[1] + 0.01 > values[2] + 0.02
    hues = [measure("drift", turned(frames, angle * ramp), plan).details["hue"] for angle in (0, 54, 180)]
    assert hues[0] < hues[1] - 2 < hues[2] - 4


def test_a_jump_of_the_light_is_seen_within_a_shot_and_across_a_return(
    story: Callable, film: Film, measure: Callable
) -> None:
    """A gain g of the pixels is about 2.2 / 3 ln g in the logarithm of L + 16, since L + 16 is a cube root of light."""
    dark = np.where(np.arange(192) < 96, 1.0, 0.8)
    for settings, sees, other in (("a" * 8, "jump", "light"), ("aabbaabb", "light", "jump")):
        plan = story(settings)
        found = measure("drift", lit(film(plan), dark), plan)
        assert found.details[sees] == pytest.approx(-np.log(0.8) * 2.2 / 3, rel=0.2)
        assert found.details[other] < found.details[sees]
        assert found.value < 0.9 * measure("drift", film(plan), plan).value


def test_a_wrong_setting_is_drift(story: Callable, film: Film, measure: Callable) -> None:
    plan, swapped = story("aabbaabb"), story("aabbccbb")
    assert measure("drift", film(swapped), plan).value < 0.9 * measure("drift", film(plan), plan).value


def test_a_declared_change_is_not_blamed(story: Callable, film: Film, measure: Callable) -> None:
    """From the fifth segment on it is night: darker by half."""
    plan = story("aabbaabb")
    night = lit(film(plan), np.where(np.arange(192) < 96, 1.0, 0.5))
    declared = [
        segment.model_copy(update={"changes": (Change(entity=segment.setting, what="time_of_day", value="night"),)})
        if number in (4, 6)
        else segment
        for number, segment in enumerate(plan.segments)
    ]
    told = plan.model_copy(update={"segments": tuple(declared)})
    assert measure("drift", night, plan).value < 0.6
    assert measure("drift", night, told).value == pytest.approx(measure("drift", film(plan), plan).value, abs=0.08)


def test_without_settings_each_shot_is_a_place_of_its_own(story: Callable, film: Film, measure: Callable) -> None:
    plan = story("aabbaacc")
    nowhere = tuple(segment.model_copy(update={"setting": None}) for segment in plan.segments)
    untold = plan.model_copy(update={"segments": nowhere})
    assert places(untold).tolist() == [0, 0, 2, 2, 4, 4, 6, 6]
    whole = measure("drift", film(plan), plan).value
    assert measure("drift", film(plan), untold).value == pytest.approx(whole, abs=0.1)
    fading = lit(film(plan), np.where(np.arange(192) % 48 < 24, 1.0, 0.5))
    assert measure("drift", fading, untold).value < 0.6


def test_all_that_is_declared_of_a_place_is_its_state(story: Callable) -> None:
    plan = story("aaaaa")
    said = [("door", "open"), ("time", "night"), ("door", "shut"), ("door", "open"), ("time", "day")]
    told = [
        segment.model_copy(update={"changes": (Change(entity="a", what=what, value=value),)})
        for segment, (what, value) in zip(plan.segments, said, strict=True)
    ]
    # door open at an hour not told; open by night; shut by night; open by night; open by day
    assert places(plan.model_copy(update={"segments": tuple(told)})).tolist() == [0, 1, 2, 1, 4]


def test_a_change_of_cast_is_not_blamed(story: Callable, film: Film, measure: Callable) -> None:
    """At half time the red disc leaves and a blue one comes."""
    plan = story("aaaaaaaa")
    frames = turned(film(plan), np.where(np.arange(192) < 96, 0, 240))
    discs = tuple(Entity(id=name, kind="character", name=name) for name in ("red", "blue"))
    cast = [
        segment.model_copy(update={"present": ("red" if number < 4 else "blue",)})
        for number, segment in enumerate(plan.segments)
    ]
    told = plan.model_copy(update={"entities": (*plan.entities, *discs), "segments": tuple(cast)})
    assert measure("drift", frames, told).details["hue"] < 0.5 * measure("drift", frames, plan).details["hue"]


def test_time_without_evidence_counts_as_drifted(story: Callable, film: Film, measure: Callable) -> None:
    plan = story("a" * 8)
    frames = film(plan)
    whole = measure("drift", frames, plan)
    for half in (frames[np.minimum(np.arange(192), 96)], frames[np.arange(192) % 96], frames[:96]):
        found = measure("drift", half, plan)
        assert found.details["evidence"] == pytest.approx(0.5, abs=0.02)
        assert found.value < 0.6 * whole.value
