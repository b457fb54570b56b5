from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import permutations

import numpy as np
import pytest
from evalsuite.metrics import _cuts
from evalsuite.metrics._cuts import CLEAR, WHOLE
from evalsuite.metrics._stir import LAGS, LIVELY, PAUSE
from evalsuite.metrics._timeline import Timeline
from evalsuite.metrics.transitions import Transitions, match

from evalsuite.features import extract
from evalsuite.types import Clip

Film = Callable[..., np.ndarray]


def _most(planned: list[float], seen: dict[float, float], tolerance: float) -> float:
    """By trying every assignment."""
    places = [*seen, *[None] * len(planned)]
    return max(
        sum(seen[b] for a, b in zip(planned, chosen, strict=True) if b is not None and abs(a - b) <= tolerance)
        for chosen in permutations(places, len(planned))
    )


def test_matching_finds_as_much_as_any_assignment() -> None:
    rng = np.random.default_rng(5)
    for _ in range(200):
        planned = sorted(rng.uniform(0, 2, rng.integers(0, 4)).tolist())
        seen = {second: float(rng.uniform(0.1, 1)) for second in rng.uniform(0, 2, rng.integers(0, 5)).tolist()}
        pairs = match(planned, seen, 0.25)
        assert sum(seen[cut] for cut in pairs.values()) == pytest.approx(_most(planned, seen, 0.25))
        assert all(abs(plan - cut) <= 0.25 for plan, cut in pairs.items())
        assert len(set(pairs.values())) == len(pairs)


@pytest.mark.parametrize(("beyond", "counts"), [(-0.1, 0.0), (0.0, 0.0), (0.25, 0.25), (1.0, 1.0), (3.0, 1.0)])
def test_a_cut_counts_by_how_clear_it_is(beyond: float, counts: float, monkeypatch: pytest.MonkeyPatch) -> None:
    jump = np.zeros(20)
    jump[9] = CLEAR + beyond * (WHOLE - CLEAR)
    monkeypatch.setattr(_cuts, "jumps", lambda line: (jump, np.zeros(20)))
    clear = _cuts.clearness(Timeline(np.zeros((20, 3)), 8.0, 1.0))
    assert clear[9] == pytest.approx(counts)
    assert np.delete(clear, 9).max() == 0


def test_a_moment_counts_by_how_much_stirs_in_it(story: Callable, film: Film, stirring: Callable) -> None:
    """In the last third a half of what is lively, and in the second before it, since a moment has what the next has."""
    plan, frames = story("aaaaaaaa"), film(story("aaaaaaaa"))
    found = extract([Clip(frames, np.arange(len(frames)) / 8)], ("thumbnails",))
    stir = stirring(found["thumbnails"].seconds)
    quiet = stir.array.copy()
    quiet[128:, round(LIVELY * 384 / 2) :] = 0
    calm = (len(quiet) - 128 - round(PAUSE * 8) + 1 + max(LAGS)) / len(quiet)
    for array, lively in ((stir.array, 1.0), (quiet, 1 - calm / 2)):
        judged = Transitions().measure({**found, "stir": replace(stir, array=array)}, plan)
        assert judged.details["agreement"] == judged.details["continuity"] == 1.0
        assert judged.value == judged.details["evidence"] == pytest.approx(lively, abs=0.01)


def test_a_film_that_keeps_its_plan_is_perfect(story: Callable, film: Film, measure: Callable) -> None:
    plan = story()
    found = measure("transitions", film(plan), plan)
    assert found.value == 1.0
    assert found.details["hits"] == len(plan.cuts) == 3
    assert [event for event in found.series if event[1] == 1.0] == [(second, 1.0) for second in plan.cuts]


def test_cuts_are_found_at_any_rate_and_size(story: Callable, film: Film, measure: Callable) -> None:
    plan = story()
    assert measure("transitions", film(plan, fps=24.0), plan, 24.0).value == 1.0
    assert measure("transitions", film(plan, width=320, height=200), plan).value == 1.0


def test_f1_is_that_of_the_counts(story: Callable, film: Film, measure: Callable) -> None:
    """The film cuts at 6, 12 and 18 s; told that 3, 6 and 21 s were planned, it hits 1, misses 2 and has 2 too many."""
    shown = film(story())
    plan = story("aabbaacc", {1: True, 2: True, 4: False, 6: False, 7: True})
    found = measure("transitions", shown, plan)
    assert [found.details[name] for name in ("hits", "missed", "unplanned")] == [1, 2, 2]
    assert found.details["agreement"] == pytest.approx((2 + 1) / (2 + 2 + 2 + 1))
    assert found.details["unplanned_per_minute"] == pytest.approx(2 / 24 * 60)
    assert found.details["continuity"] == pytest.approx(2 / 4)


def test_where_no_cut_is_planned_none_is_best(story: Callable, film: Film, measure: Callable) -> None:
    plan = story("aaaa")
    assert measure("transitions", film(plan), plan).value == 1.0
    assert measure("transitions", film(story("aabb")), plan).value < 0.5


def test_a_dissolve_is_no_cut(story: Callable, film: Film, measure: Callable) -> None:
    plan = story("aabb")
    frames = film(plan).astype(np.float64)
    weight = np.clip((np.arange(len(frames)) - 42) / 12, 0, 1)[:, None, None, None]
    other = film(story("aaaa")).astype(np.float64)
    later = film(story("bbbb")).astype(np.float64)
    dissolved = (other * (1 - weight) + later * weight).astype(np.uint8)
    assert measure("transitions", frames.astype(np.uint8), plan).details["missed"] == 0
    assert measure("transitions", dissolved, plan).details["missed"] == 1


def test_a_flash_a_pan_and_flicker_are_no_cuts(story: Callable, film: Film, measure: Callable) -> None:
    plan = story("aaaa")
    frames = film(plan)
    flash = frames.copy()
    flash[50] = 255
    wide = film(plan, width=160)
    pan = np.stack(
        [frame[:, offset : offset + 96] for offset, frame in zip(np.arange(96) * 64 // 95, wide, strict=True)]
    )
    flicker = frames.copy()
    flicker[::2] = flicker[::2] // 10 * 9
    for shown in (flash, pan, flicker):
        assert measure("transitions", shown, plan).details["unplanned"] == 0


def test_a_cut_in_the_dark_is_as_good_as_one_in_the_light(story: Callable, film: Film, measure: Callable) -> None:
    plan = story()
    for light in (0.5, 0.15):
        dark = (film(plan) * light).astype(np.uint8)
        assert measure("transitions", dark, plan).value == 1.0


def test_a_jump_of_the_light_or_of_somebody_large_is_no_cut(story: Callable, film: Film, measure: Callable) -> None:
    plan = story("aaaa")
    darker, leaping = film(plan), film(plan)
    darker[48:] = darker[48:] // 2
    leaping[:48, 24:56, 8:24] = leaping[48:, 24:56, 60:76] = (250, 220, 40)
    for shown in (darker, leaping):
        assert measure("transitions", shown, plan).value == 1.0


def test_a_missing_end_is_missed_cuts_and_broken_boundaries(story: Callable, film: Film, measure: Callable) -> None:
    plan = story()
    found = measure("transitions", film(plan)[: 8 * 8], plan)
    assert found.coverage == pytest.approx(1 / 3)
    assert found.details["missed"] == 2
    assert found.details["continuity"] == pytest.approx(1 / 4)


@pytest.mark.parametrize("samples", [20, 23, 24])
def test_a_boundary_that_the_video_does_not_reach_is_not_smooth(
    samples: int, story: Callable, film: Film, measure: Callable
) -> None:
    plan = story("aa")
    assert measure("transitions", film(plan)[:samples], plan).details["continuity"] == 0
    assert measure("transitions", film(plan)[:25], plan).details["continuity"] == 1


@pytest.mark.parametrize("settings", ["aabbaacc", "aaaaaaaa", "a"])
def test_nobody_wins_without_evidence(settings: str, story: Callable, film: Film, measure: Callable) -> None:
    plan = story(settings)
    frames = film(plan)
    rng = np.random.default_rng(3)
    still = np.repeat(frames[:1], len(frames), axis=0)
    noise = rng.integers(0, 256, frames.shape, dtype=np.uint8)
    shuffled = frames[rng.permutation(len(frames))]
    for name in ("transitions", "motion", "drift"):
        best = measure(name, frames, plan).value
        for worse in (still, noise, shuffled):
            assert measure(name, worse, plan).value < 0.5 * best
