from __future__ import annotations

import cv2
import numpy as np
import pytest

from evalsuite.errors import UnknownPluginError, VideoError
from evalsuite.features import HUES, Colour, extract, extractor
from evalsuite.types import Clip

BOTH = ("colour", "thumbnails")


def clips(frames: np.ndarray, size: int, fps: float = 8.0) -> list[Clip]:
    starts = range(0, len(frames), size)
    return [
        Clip(frames[start : start + size], np.arange(start, min(start + size, len(frames))) / fps) for start in starts
    ]


def picture(height: int = 64, width: int = 96) -> np.ndarray:
    """A smooth picture of any size: a red disc over a gradient."""
    y, x = np.mgrid[0 : 1 : height * 1j, 0 : 1 : width * 1j]
    frame = np.stack([40 + 80 * x, 90 + 60 * y, 200 - 100 * x], axis=-1)
    frame[(x - 0.4) ** 2 + (y - 0.5) ** 2 < 0.04] = (220, 40, 40)
    return frame.astype(np.uint8)


def colours(frame: np.ndarray) -> np.ndarray:
    return extract(clips(frame[None], 1), ["colour"])["colour"].array[0]


def test_rows_do_not_depend_on_how_the_stream_is_cut() -> None:
    frames = np.random.default_rng(0).integers(0, 256, (50, 64, 96, 3), dtype=np.uint8)
    whole, pieces = (extract(clips(frames, size), BOTH) for size in (50, 7))
    for name in BOTH:
        assert np.array_equal(whole[name].array, pieces[name].array)
        assert np.array_equal(whole[name].seconds, pieces[name].seconds)
        assert whole[name].array.shape == (50, extractor(name).dimensions)
        assert whole[name].array.dtype == np.float32


def test_a_stream_is_not_kept() -> None:
    seen = []

    def stream() -> object:
        for index, clip in enumerate(clips(np.zeros((30, 64, 96, 3), np.uint8), 10)):
            seen.append(index)
            yield clip

    extract(stream(), BOTH)  # a single pass: a generator can be read only once
    assert seen == [0, 1, 2]


@pytest.mark.parametrize(("height", "width"), [(48, 72), (128, 192), (480, 720)])
def test_size_hardly_matters(height: int, width: int) -> None:
    small, large = extract(clips(picture()[None], 1), BOTH), extract(clips(picture(height, width)[None], 1), BOTH)
    difference = np.abs(small["thumbnails"].array - large["thumbnails"].array)
    assert difference.mean() < 1
    assert small["colour"].array[0, Colour.MEAN] == pytest.approx(large["colour"].array[0, Colour.MEAN], abs=0.7)


def test_thumbnails_are_mean_colours_of_cells() -> None:
    frame = np.zeros((64, 96, 3), np.uint8)
    frame[:4, :4] = 255  # the first of 24 x 16 cells is white
    row = extract(clips(frame[None], 1), ["thumbnails"])["thumbnails"].array[0].reshape(16, 24, 3)
    assert row[0, 0] == pytest.approx([100, 0, 0], abs=0.01)
    assert np.abs(row).sum() == pytest.approx(100, abs=0.1)


def test_colour_means_are_those_of_lab() -> None:
    frame = picture()
    lab = cv2.cvtColor(frame.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    row = colours(frame)
    assert row[Colour.MEAN] == pytest.approx(lab.reshape(-1, 3).mean(axis=0), abs=1e-3)
    assert row[Colour.SPREAD][0] == pytest.approx(lab[..., 0].std(), abs=1e-3)


def test_hues_hold_all_chroma_each_in_its_place() -> None:
    frame = picture()
    lab = cv2.cvtColor(frame.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    assert colours(frame)[Colour.HUE].sum() == pytest.approx(np.hypot(lab[..., 1], lab[..., 2]).mean(), rel=1e-4)
    red = np.full((64, 96, 3), (255, 0, 0), np.uint8)  # a = 80, b = 67: at 40 degrees of 360
    assert np.argmax(colours(red)[Colour.HUE]) == 40 * HUES // 360


def test_blur_lowers_sharpness_and_brightness_hardly_moves_it() -> None:
    frame = np.repeat(np.repeat(np.random.default_rng(1).integers(60, 180, (16, 24, 3), dtype=np.uint8), 4, 0), 4, 1)
    sharp = colours(frame)[Colour.SHARPNESS][0]
    assert colours(cv2.GaussianBlur(frame, (0, 0), 1.0))[Colour.SHARPNESS][0] < sharp - 0.4
    brighter = np.clip(frame * 1.05, 0, 255).astype(np.uint8)
    assert colours(brighter)[Colour.SHARPNESS][0] == pytest.approx(sharp, abs=0.03)


def test_an_unknown_extractor_and_an_empty_video_are_refused() -> None:
    with pytest.raises(UnknownPluginError, match="colour"):
        extractor("colours")
    with pytest.raises(VideoError, match="no frames"):
        extract([], BOTH)
