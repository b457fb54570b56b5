from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest

Film = Callable[..., np.ndarray]


def test_a_film_that_moves_is_alive(story: Callable, film: Film, measure: Callable) -> None:
    plan = story()
    found = measure("motion", film(plan), plan)
    assert found.details["alive"] == 1.0
    assert found.details["frozen"] == found.details["looped"] == found.details["loop_period"] == 0.0
    assert found.value == found.details["smoothness"] > 0.5
    assert [second for second, _ in found.series] == list(range(24))


@pytest.mark.parametrize("share", [0.25, 0.5])
def test_a_freeze_costs_its_share_of_time(share: float, story: Callable, film: Film, measure: Callable) -> None:
    plan = story()
    frames = film(plan)
    last = round(len(frames) * (1 - share))
    found = measure("motion", frames[np.minimum(np.arange(len(frames)), last)], plan)
    assert found.details["frozen"] == pytest.approx(share, abs=0.02)
    assert found.value == pytest.approx(measure("motion", frames, plan).value * (1 - share), rel=0.15)


def test_half_a_second_of_stillness_is_no_freeze(story: Callable, film: Film, measure: Callable) -> None:
    plan = story()
    frames = film(plan)
    frames[40:44] = frames[40]
    assert measure("motion", frames, plan).details["frozen"] == 0.0


@pytest.mark.parametrize("period", [2.5, 4.0, 7.0])
def test_a_loop_is_found_with_its_period(period: float, story: Callable, film: Film, measure: Callable) -> None:
    plan = story("a" * 8)
    frames = film(plan)
    found = measure("motion", frames[np.arange(len(frames)) % round(period * 8)], plan)
    assert found.details["loop_period"] == pytest.approx(period)
    assert found.details["looped"] == pytest.approx(1 - period / 24, abs=0.02)
    assert found.value < 0.4 * measure("motion", frames, plan).value


def test_a_loop_is_found_in_noise_and_across_blocks_of_a_long_film(
    story: Callable, film: Film, measure: Callable
) -> None:
    plan = story("a" * 30)
    frames = film(plan)[np.arange(720) % 168]
    noisy = np.clip(frames + np.random.default_rng(0).normal(0, 3, frames.shape), 0, 255).astype(np.uint8)
    found = measure("motion", noisy, plan)
    assert found.details["loop_period"] == pytest.approx(21)
    assert found.details["looped"] == pytest.approx(1 - 21 / 90, abs=0.02)


def test_a_loop_of_a_gesture_that_takes_half_a_second_is_found_in_noise(story: Callable, measure: Callable) -> None:
    """Half a second later a waving disc is where it was, so that only the step aside, once in 3 s, tells of motion."""
    seconds = np.arange(24) / 8
    places = 48 + 10 * np.sin(4 * np.pi * seconds + 0.4) + np.where(seconds > 2.6, 14, 0)
    once = [cv2.circle(np.full((64, 96, 3), 120, np.uint8), (int(x), 32), 10, (230, 40, 40), -1) for x in places]
    noise = np.random.default_rng(0).normal(0, 3, (192, 64, 96, 3))
    frames = np.clip(np.stack(once * 8) + noise, 0, 255).astype(np.uint8)
    found = measure("motion", frames, story("a" * 8))
    assert found.details["loop_period"] == pytest.approx(3)
    assert found.details["looped"] == pytest.approx(1 - 3 / 24, abs=0.02)


def test_a_return_to_a_setting_is_no_loop(story: Callable, film: Film, measure: Callable) -> None:
    plan = story("aabbaabb")
    assert measure("motion", film(plan), plan).details["looped"] == 0.0


def test_worse_motion_scores_worse(story: Callable, film: Film, measure: Callable) -> None:
    plan = story()
    frames = film(plan)
    rng = np.random.default_rng(2)
    jitter = np.stack([np.roll(frame, rng.integers(-3, 4, 2), (0, 1)) for frame in frames])
    flicker = frames.copy()
    flicker[::2] = flicker[::2] // 10 * 9
    some = frames.copy()
    some[:48] = frames[:48][rng.permutation(48)]
    best = measure("motion", frames, plan).value
    for worse in (jitter, flicker, some):
        assert measure("motion", worse, plan).value < 0.9 * best
    assert measure("motion", frames[rng.permutation(len(frames))], plan).value < 0.3 * best


@pytest.mark.parametrize(("width", "height"), [(96, 64), (240, 160), (480, 320), (720, 480)])
def test_noise_is_not_smooth_however_large_its_pictures_are(
    width: int, height: int, story: Callable, measure: Callable
) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (24, height, width, 3), dtype=np.uint8)
    found = measure("motion", noise, story("a"))
    assert found.details["alive"] == 1
    assert found.value == 0


@pytest.mark.parametrize("name", ["transitions", "motion", "drift"])
def test_rate_size_and_brightness_hardly_matter(name: str, story: Callable, film: Film, measure: Callable) -> None:
    plan = story()
    frames = film(plan)
    value = measure(name, frames, plan).value
    assert measure(name, film(plan, fps=16.0), plan, 16.0).value == pytest.approx(value, abs=0.01)
    assert measure(name, film(plan, width=144, height=96), plan).value == pytest.approx(value, abs=0.04)
    assert measure(name, (frames * 0.95).astype(np.uint8), plan).value == pytest.approx(value, abs=0.02)


@pytest.mark.parametrize("name", ["transitions", "motion", "drift"])
@pytest.mark.parametrize("count", [1, 2, 3, 9])
def test_a_few_frames_are_judged_as_a_story_that_is_mostly_missing(
    name: str, count: int, story: Callable, film: Film, measure: Callable
) -> None:
    plan = story()
    found = measure(name, film(plan)[:count], plan)
    assert found.coverage == pytest.approx(count / 192)
    assert 0 <= found.value < 0.06


@pytest.mark.parametrize("name", ["transitions", "motion", "drift"])
def test_what_follows_the_story_is_not_judged(name: str, story: Callable, film: Film, measure: Callable) -> None:
    plan = story()
    frames = film(plan)
    longer = np.concatenate([frames, frames[:50]])
    found = measure(name, longer, plan)
    assert found.coverage == 1.0
    assert found.value == measure(name, frames, plan).value
