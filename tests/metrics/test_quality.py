"""Quality against distributions whose shape is known, and on the world and what spoils it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import cv2
import numpy as np
import pytest
from evalsuite.metrics._scene_statistics import asymmetric, normalised, sized_statistics, statistics
from evalsuite.metrics.models.clean_frames import clean_frames, fitted
from scipy.spatial.distance import mahalanobis
from scipy.stats import gennorm

from evalsuite import plugins
from evalsuite.errors import PluginError
from evalsuite.features import extract
from evalsuite.interfaces import Training
from evalsuite.suites import load
from evalsuite.types import Clip, Frame, Measured, VideoSpec


@pytest.mark.parametrize("shape", [0.7, 1.0, 2.0, 4.0])
def test_a_symmetric_shape_is_found(shape: float):
    found = asymmetric(gennorm.rvs(shape, scale=2.0, size=200_000, random_state=0))
    assert found.shape == pytest.approx(shape, rel=0.03)
    assert found.left == pytest.approx(gennorm.std(shape, scale=2.0), rel=0.02)
    assert found.mean == pytest.approx(0, abs=0.02 * found.left)


def test_an_asymmetric_shape_is_found_and_its_mean():
    luck = np.random.default_rng(0)
    left, right, shape = 1.0, 3.0, 1.5
    draws = np.abs(gennorm.rvs(shape, size=400_000, random_state=1))
    below = luck.random(len(draws)) < left / (left + right)
    values = np.where(below, -left, right) * draws
    found = asymmetric(values)
    assert found.shape == pytest.approx(shape, rel=0.05)
    assert found.right / found.left == pytest.approx(right / left, rel=0.02)
    assert found.mean == pytest.approx(values.mean(), rel=0.03)


def test_normalising_is_what_windows_say():
    light = np.random.default_rng(0).random((20, 24)) * 255
    line = cv2.getGaussianKernel(7, 7 / 6)
    window = (line @ line.T).ravel()
    values = light[5:12, 8:15].ravel()
    mean = window @ values
    contrast = np.sqrt(window @ values**2 - mean**2)
    assert normalised(light)[8, 11] == pytest.approx((light[8, 11] - mean) / (contrast + 1))


def test_products_are_of_neighbours():
    frame = np.random.default_rng(0).integers(0, 256, (32, 48, 3), dtype=np.uint8)
    evened = normalised(cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY).astype(np.float64))
    height, width = evened.shape
    for place, (down, right) in enumerate([(0, 1), (1, 0), (1, 1), (1, -1)]):
        pairs = [
            evened[y, x] * evened[y + down, x + right]
            for y in range(height - down)
            for x in range(width)
            if 0 <= x + right < width
        ]
        assert statistics(frame)[2 + 4 * place : 6 + 4 * place] == pytest.approx(asymmetric(np.array(pairs)))


def test_the_distance_is_that_of_mahalanobis():
    rows = np.random.default_rng(0).normal(size=(300, 4)) @ np.random.default_rng(1).normal(size=(4, 4)) + 5
    found = fitted(np.column_stack([rows, np.zeros(300)]), shrinkage=0.0)
    inverse = np.linalg.inv(np.cov(rows, rowvar=False, bias=True))
    expected = [mahalanobis(row, rows.mean(axis=0), inverse) for row in rows]
    assert found.distance(np.column_stack([rows, np.zeros(300)])) == pytest.approx(expected, rel=1e-4)
    assert np.mean(np.array(expected) <= found.typical) == pytest.approx(0.9, abs=0.01)


def test_the_mean_is_that_of_the_size_and_between_sizes_linear():
    rows = np.random.default_rng(0).normal(size=(600, 3))
    size = np.repeat([-1.0, 0.0, 2.0], 200)
    small, middle, large = (rows[size == each].mean(axis=0) for each in (-1.0, 0.0, 2.0))
    found = fitted(np.column_stack([rows, size]), shrinkage=0.0)
    middles = np.stack([small, (small + middle) / 2, middle, (middle + 3 * large) / 4, large])
    at = np.array([-3.0, -0.5, 0.0, 1.5, 9.0])
    assert found.distance(np.column_stack([middles, at])) == pytest.approx(np.zeros(5), abs=1e-6)


def test_a_flat_picture_has_statistics_and_no_quality():
    row = sized_statistics(np.full((64, 96, 3), 128, np.uint8))
    assert row[-1] == 0
    assert np.isfinite(row).all()
    assert clean_frames().distance(row[None])[0] > 2 * clean_frames().typical


@pytest.fixture(scope="module")
def scored() -> Callable[..., Measured]:
    """Quality of a system's video of one storyboard, each frame of which is changed."""
    board = load("dev", limit=1).storyboards[0]
    metric = plugins.metric("quality")

    def measured(
        system: str, change: Callable[[Frame], Frame] = lambda frame: frame, until: int | None = None
    ) -> Measured:
        footage = plugins.baseline(system).generate(board, 0, VideoSpec(96, 64, 8.0))
        footage = replace(footage, frames=(change(frame) for frame in footage.frames))
        frames = np.stack(list(footage.frames))[:until]
        seconds = np.arange(len(frames)) / footage.fps
        return metric.measure(extract([Clip(frames, seconds)], metric.extractors), board)

    return measured


def test_blur_lowers_it_step_by_step_and_another_size_does_not(scored: Callable[..., Measured]):
    world, *blurred = (scored(system).value for system in ("oracle", "degraded:blur@0.2", "degraded:blur@0.4"))
    assert world > 0.9
    assert world > blurred[0] > blurred[1] + 0.1
    for size in ("resize", "resize@0.75"):
        assert scored(f"harmless:{size}").value == pytest.approx(world, abs=0.02)


def test_noise_and_blocks_lower_it(scored: Callable[..., Measured]):
    luck = np.random.default_rng(0)

    def noisy(frame: Frame) -> Frame:
        return np.clip(frame + luck.normal(0, 25, frame.shape), 0, 255).astype(np.uint8)

    def blocky(frame: Frame) -> Frame:
        return cv2.imdecode(cv2.imencode(".jpg", frame, [cv2.IMWRITE_JPEG_QUALITY, 5])[1], cv2.IMREAD_COLOR)

    world = scored("oracle").value
    assert scored("oracle", noisy).value < world - 0.1
    assert scored("oracle", blocky).value < world - 0.1


def test_what_stands_still_or_repeats_earns_little(scored: Callable[..., Measured]):
    half = scored("degraded:freeze@0.5")
    assert half.value == pytest.approx(scored("oracle").value / 2, abs=0.1)
    assert half.details["quality"] > 0.9
    for frozen in ("still", "looped", "noise", "degraded:frame-shuffle@1.0"):
        assert scored(frozen).value < 0.25, frozen


def test_what_the_video_lacks_counts_to_the_frame(scored: Callable[..., Measured]):
    """Its looks are half a second apart, and none of them falls into what is lacking of the last one's half."""
    whole, early = scored("oracle"), scored("oracle", until=-3)
    assert early.coverage == pytest.approx(1 - 3 / 8 / load("dev", limit=1).storyboards[0].seconds)
    assert early.value == pytest.approx(whole.value * early.coverage, rel=0.02)


def test_clean_frames_are_measured_by_the_training_door(tmp_path):
    plugins.metric("quality")
    (file,) = plugins.trainable("scene-statistics").train(Training(tmp_path, smoke=True))
    assert 0 < clean_frames(file).typical < 20
    with pytest.raises(PluginError, match="leave out --further"):
        plugins.trainable("scene-statistics").train(Training(tmp_path, further=True))
