"""Courses of many videos as one: bins, lines and half-lives, against what is worked out another way."""

from __future__ import annotations

import dataclasses
import math

import cv2
import numpy as np
import pytest
from scipy.stats import linregress

from evalsuite import plugins
from evalsuite.curves import course, curve_table, curves, draw
from evalsuite.errors import StoreError
from evalsuite.stats import clustered_mean
from evalsuite.store import Store, VideoRecord
from evalsuite.types import Score, Status

LAGS = (3.0, 7.5, 13.0, 27.0, 48.0)


def score(model: str, board: str, series, status: Status = "ok", metric: str = "identity") -> Score:
    version = plugins.metric(metric).version
    return Score(model, "1", "tiny", "1", board, 0, metric, version, status, 0.5, series=tuple(series))


def noisy(model: str, value, boards: int = 20, seed: int = 0) -> list[Score]:
    """Scores whose courses are `value` of the lag, with noise that a board shares and noise that it does not."""
    luck = np.random.default_rng(seed)
    return [
        score(model, f"b{board}", [(lag, value(lag) + shared + luck.normal(0, 0.02)) for lag in LAGS])
        for board, shared in enumerate(luck.normal(0, 0.05, boards))
    ]


def test_a_bin_is_the_mean_over_storyboards_at_its_lag():
    scores = noisy("a", lambda lag: 1 - 0.1 * math.log2(lag))
    found = curves(scores, lagged=True)
    assert found.seconds == pytest.approx(LAGS)
    for place, mean in enumerate(found.curves[0].means):
        expected = clustered_mean([one.series[place][1] for one in scores], [one.storyboard for one in scores])
        assert mean == expected


def test_the_slope_is_that_of_a_line_through_all_points_and_its_interval_holds_the_truth():
    scores = noisy("a", lambda lag: 1 - 0.1 * math.log2(lag / 3))
    (curve,) = curves(scores, lagged=True).curves
    points = [point for one in scores for point in one.series]
    line = linregress([math.log2(at) for at, _ in points], [value for _, value in points])
    assert curve.slope.value == pytest.approx(line.slope)
    assert curve.slope.low < -0.1 < curve.slope.high
    assert curve.slope.high - curve.slope.low < 0.03


def test_the_half_life_is_where_the_line_has_halved():
    (exact,) = curves([score("a", "b", [(lag, 0.8 - 0.1 * math.log2(lag / 3)) for lag in LAGS])], lagged=True).curves
    assert exact.half_life.value == pytest.approx(3 * 2**4)
    (noisy_one,) = curves(noisy("a", lambda lag: 0.8 - 0.1 * math.log2(lag / 3)), lagged=True).curves
    assert noisy_one.half_life.low < 48 < noisy_one.half_life.high


def test_half_lives_of_few_storyboards_hold_at_the_level_that_is_claimed():
    covered = 0
    for trial in range(100):
        luck = np.random.default_rng(trial)
        scores = []
        for number, slope in enumerate(luck.normal(0.1, 0.02, 4)):
            points = [(lag, 0.8 - slope * math.log2(lag / 3) + luck.normal(0, 0.02)) for lag in LAGS]
            scores.append(score("a", f"b{number}", points))
        (curve,) = curves(scores, lagged=True).curves
        covered += curve.half_life.low <= 48 <= curve.half_life.high
    assert covered > 86  # of 95 that are claimed; 84 without Student's t


def test_what_is_always_the_same_is_flat_and_never_halves():
    found = curves([score("a", f"b{n}", [(lag, 1.0) for lag in LAGS]) for n in range(3)], lagged=True)
    (curve,) = found.curves
    assert [mean.value for mean in curve.means] == [1.0] * len(LAGS)
    assert (curve.slope.value, curve.slope.low, curve.slope.high) == pytest.approx((0, 0, 0), abs=1e-12)
    assert curve.half_life.value == math.inf
    table = curve_table(found, "t")
    row = dict(zip(table.columns, table.rows[0], strict=True))
    assert (row["half-life s"], row["half-life s high"]) == (None, 480)


def test_times_in_the_story_are_bins_of_their_own_and_slopes_a_minute():
    scores = [score("a", f"b{n}", [(at, 0.9 - 0.01 * at) for at in range(0, 63, 3)]) for n in range(2)]
    found = curves(scores, lagged=False)
    assert found.seconds == tuple(range(0, 63, 3))
    assert found.curves[0].slope.value == pytest.approx(-0.6)
    assert "per minute" in curve_table(found, "t").columns


def test_many_times_are_joined():
    scores = [score("a", f"b{n}", [(at / 8, 0.5) for at in range(504)]) for n in range(2)]
    found = curves(scores, lagged=False)
    assert len(found.seconds) == 12
    assert np.diff(found.seconds) == pytest.approx([63 / 12] * 11, abs=0.13)


def test_systems_share_bins_and_lack_what_they_do_not_tell():
    scores = [score("long", "b", [(3, 1.0), (40, 0.5)]), score("short", "b", [(3, 1.0)])]
    scores += [score("failed", "b", [(3, 1.0)], status="failed")]
    found = curves(scores, lagged=True)
    assert [(curve.model, len(curve.means)) for curve in found.curves] == [("long", 2), ("short", 2)]
    assert found.curves[1].means[1] is None
    assert curve_table(found, "t").rows[1][-1] == 1


def test_the_picture_is_drawn_in_the_run_folder(tmp_path):
    found = curves(noisy("a", lambda lag: 0.5) + noisy("b", lambda lag: 0.9, seed=1), lagged=True)
    draw(tmp_path / "curves" / "identity.png", found, "identity")
    assert cv2.imread(str(tmp_path / "curves" / "identity.png")).std() > 1


def test_a_picture_of_no_kind_is_refused(tmp_path):
    with pytest.raises(StoreError, match=r"such as drawn\.png"):
        draw(tmp_path / "drawn", curves(noisy("a", lambda lag: 0.5), lagged=True), "identity")


def test_a_moment_and_itself_are_no_pair():
    steady = noisy("a", lambda lag: 0.5)
    beginning = [dataclasses.replace(one, series=((0.0, 1.0), *one.series)) for one in steady]
    assert curves(beginning, lagged=True) == curves(steady, lagged=True)


def test_a_run_folder_gives_the_course_of_current_scores(suite, tmp_path):
    store = Store(tmp_path, suite.name, suite.version)
    for board, metric_version in (("tiny-0", None), ("tiny-1", "0")):
        one = score("mine", board, [(3, 0.5), (9, 0.25)])
        one = dataclasses.replace(one, metric_version=metric_version or one.metric_version)
        store.add(VideoRecord("mine", board, 0, "1", "ok", "", "x.mp4", board), [one], [])
    store.close()
    found = course(suite, tmp_path, "identity", ["mine"], [])
    assert found.lagged
    assert found.curves[0].storyboards == 1
    with pytest.raises(StoreError, match="no score here tells a course"):
        course(suite, tmp_path, "drift", [], [])
