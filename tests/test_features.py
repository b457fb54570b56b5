from __future__ import annotations

import cv2
import numpy as np
import pytest

from evalsuite.errors import UnknownPluginError, VideoError
from evalsuite.features import EXTRACTORS, HUES, Colour, extract, extractor, try_extract
from evalsuite.interfaces import Extractor, Sampling
from evalsuite.types import Clip, Features

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


def test_what_is_no_number_is_an_error_and_costs_other_extractors_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken(Colour):
        def extract(self, clip: Clip) -> np.ndarray:
            rows = super().extract(clip)
            rows[-1, 3] = np.nan
            return rows

    monkeypatch.setitem(EXTRACTORS, "broken", Broken)
    found = try_extract(clips(np.zeros((4, 64, 96, 3), np.uint8), 4), ["broken", "colour"])
    assert isinstance(found["colour"], Features)
    assert str(found["broken"]) == "broken saw something in the video that is no number."


def test_an_extractor_whose_rows_do_not_fit_together_fails_alone(monkeypatch) -> None:
    class Uneven(Colour):
        def extract(self, clip):
            return super().extract(clip)[:, : 1 + int(clip.seconds[0] > 0)]

    monkeypatch.setitem(EXTRACTORS, "uneven", Uneven)
    found = try_extract(clips(np.zeros((8, 64, 96, 3), np.uint8), 4), ["uneven", "colour"])
    assert isinstance(found["colour"], Features)
    assert isinstance(found["uneven"], ValueError)


def test_an_unknown_extractor_and_an_empty_video_are_refused() -> None:
    with pytest.raises(UnknownPluginError, match="colour"):
        extractor("colours")
    with pytest.raises(VideoError, match="no frames"):
        extract([], BOTH)


class Looker(Extractor):
    """Says the mean of each frame that it is shown, one row a clip where clips are excerpts."""

    version = "1"
    dimensions = 4
    sampling = Sampling(every=1.0, frames=4, seconds=2.0)

    def extract(self, clip: Clip) -> np.ndarray:
        return clip.frames.mean(axis=(1, 2, 3), dtype=np.float32)[None]


class Glancer(Extractor):
    version = "1"
    dimensions = 1
    sampling = Sampling(every=0.5)

    def extract(self, clip: Clip) -> np.ndarray:
        return clip.frames.mean(axis=(1, 2, 3), dtype=np.float32)[:, None]


def numbered(count: int) -> np.ndarray:
    """Frames whose every value is their number."""
    return np.broadcast_to(np.arange(count, dtype=np.uint8)[:, None, None, None], (count, 4, 6, 3))


@pytest.mark.parametrize("size", [1, 7, 48])
def test_excerpts_are_taken_by_time(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(EXTRACTORS, "looker", Looker)
    monkeypatch.setitem(EXTRACTORS, "glancer", Glancer)
    found = extract(clips(numbered(48), size), ["looker", "glancer"])
    starts = np.arange(5)  # of 6 s: an excerpt of 2 s that begins at 5 s lacks its end
    expected = 8 * starts[:, None] + 4 * np.arange(4)
    assert np.array_equal(found["looker"].array, expected)
    assert np.array_equal(found["looker"].seconds, starts)
    assert np.array_equal(found["glancer"].array[:, 0], np.arange(0, 48, 4))
    assert np.array_equal(found["glancer"].seconds, np.arange(12) / 2)


def test_single_frames_come_many_at_once_until_the_video_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = []

    class Counter(Glancer):
        def extract(self, clip: Clip) -> np.ndarray:
            shown.append(len(clip.frames))
            return super().extract(clip)

    monkeypatch.setitem(EXTRACTORS, "counter", Counter)
    found = extract(clips(numbered(160), 12), ["counter"])  # three moments in each piece of the stream
    assert shown == [18, 18, 4]
    assert np.array_equal(found["counter"].array[:, 0], np.arange(0, 160, 4))


def test_a_missing_frame_is_stood_in_for_by_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(EXTRACTORS, "looker", Looker)
    frames = numbered(24)
    kept = [number for number in range(24) if number not in (4, 5)]
    clip = Clip(frames[kept], np.array(kept) / 8)
    assert np.array_equal(extract([clip], ["looker"])["looker"].array[0], [0, 6, 8, 12])


def test_a_video_shorter_than_an_excerpt_gives_no_row(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(EXTRACTORS, "looker", Looker)
    found = extract(clips(numbered(8), 8), ["looker"])["looker"]
    assert found.array.shape == (0, 4)
    assert found.seconds.shape == (0,)
