"""Each kind of damage to footage does what its name says, by that much: measured on numbered or textured frames."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import cv2
import numpy as np
import pytest
from scipy import ndimage

from evalsuite.errors import StoryboardError, VideoError
from evalsuite.footage import KINDS, Dose, Timeline, choose, damaged, portion, reordered
from evalsuite.types import Footage, Frame, Segment

STRENGTHS = (0.2, 0.4, 1.0)
FPS = 8
CUTS = (2, 3, 5, 7, 9)
SEGMENTS = tuple(Segment(text="something", seconds=2.0, cut_before=number in CUTS) for number in range(10))
TIMELINE = Timeline.of(SEGMENTS, FPS)


def numbered(start: int = 0) -> Footage:
    """160 frames that carry their number in every pixel, and a truth that does so too."""
    numbers = range(start, start + TIMELINE.frames)
    frames = (np.full((2, 2, 3), number, dtype=np.uint8) for number in numbers)
    return Footage(frames, FPS, truth=lambda: ({"number": number} for number in numbers))


def textured() -> Footage:
    """The same noise picture at each moment, smooth enough for its displacement to be measured."""
    noise = ndimage.gaussian_filter(np.random.default_rng(0).uniform(size=(64, 96)), 1.5)
    scaled = 60 + 160 * (noise - noise.min()) / np.ptp(noise)
    picture = np.repeat(scaled[:, :, None], 3, axis=2).astype(np.uint8)
    return Footage((picture for _ in range(TIMELINE.frames)), FPS)


def dose(strength: float, seed: str = "seed") -> Dose:
    return Dose(strength, seed, TIMELINE, lambda: numbered(start=90))


def numbers(kind: str, strength: float) -> list[int]:
    footage = damaged(numbered(), kind, dose(strength))
    assert footage.truth is not None
    shown = [int(frame[0, 0, 0]) for frame in footage.frames]
    assert shown == [truth["number"] for truth in footage.truth()]
    return shown


def pictures(kind: str, strength: float) -> list[Frame]:
    return list(damaged(textured(), kind, dose(strength)).frames)


def by_segment(values: list[int]) -> list[list[int]]:
    return [values[segment.start : segment.stop] for segment in TIMELINE.segments]


@pytest.mark.parametrize("kind", KINDS)
def test_strength_zero_changes_nothing(kind: str) -> None:
    assert np.array_equal(list(damaged(textured(), kind, dose(0.0)).frames), list(textured().frames))


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "truncate"])
def test_the_length_stays(kind: str) -> None:
    assert len(list(damaged(numbered(), kind, dose(0.4)).frames)) == TIMELINE.frames


@pytest.mark.parametrize("kind", ["frame-shuffle", "segment-shuffle", "prompt-swap", "jitter"])
def test_the_seed_alone_decides(kind: str) -> None:
    once, again, other = (
        np.array(list(damaged(source(), kind, dose(0.4, seed)).frames))
        for source, seed in zip([numbered if kind != "jitter" else textured] * 3, ["a", "a", "b"], strict=True)
    )
    assert np.array_equal(once, again)
    assert not np.array_equal(once, other)


@pytest.mark.parametrize(("share", "count", "expected"), [(0.2, 10, 2), (0.25, 10, 3), (0.7, 5, 4), (0.04, 10, 0)])
def test_portions_are_rounded_half_up(share: float, count: int, expected: int) -> None:
    assert portion(share, count) == expected


def test_a_smaller_share_is_part_of_a_larger_one() -> None:
    chosen = [set(choose(range(20), share / 20, "seed")) for share in range(21)]
    assert all(smaller < larger for smaller, larger in pairwise(chosen))
    assert [len(some) for some in chosen] == list(range(21))


def test_a_timeline_covers_all_frames_of_a_short_and_of_a_long_video() -> None:
    for frames in (1, 50, 160, 200):
        timeline = Timeline.of(SEGMENTS, FPS, frames)
        assert [frame for segment in timeline.segments for frame in segment] == list(range(frames))
        assert all(cut < frames for cut in timeline.cuts)


def test_the_first_frame_of_a_segment_is_never_shown_before_it_begins() -> None:
    timeline = Timeline.of([Segment(text="something", seconds=1 / 3) for _ in range(9)], fps=10)
    assert [segment.start for segment in timeline.segments] == [0, 4, 7, 10, 14, 17, 20, 24, 27]
    assert timeline.frames == 30


@pytest.mark.parametrize("strength", STRENGTHS)
def test_freeze(strength: float) -> None:
    shown, still = numbers("freeze", strength), round(160 * strength)
    assert shown == [*range(160 - still), *[160 - still] * still]


@pytest.mark.parametrize("strength", STRENGTHS)
def test_truncate(strength: float) -> None:
    assert numbers("truncate", strength) == list(range(max(1, round(160 * (1 - strength)))))


@pytest.mark.parametrize("strength", STRENGTHS)
def test_loop(strength: float) -> None:
    shown, looped = numbers("loop", strength), round(160 * strength)
    assert shown == [*range(160 - looped), *(list(range(16)) * 10)[:looped]]


@pytest.mark.parametrize("strength", STRENGTHS)
def test_frame_shuffle(strength: float) -> None:
    pairs = list(zip(by_segment(numbers("frame-shuffle", strength)), TIMELINE.segments, strict=True))
    assert all(sorted(shown) == list(segment) for shown, segment in pairs)
    assert sum(shown != list(segment) for shown, segment in pairs) == round(10 * strength)


@pytest.mark.parametrize("strength", STRENGTHS)
def test_segment_shuffle(strength: float) -> None:
    shown, whole = by_segment(numbers("segment-shuffle", strength)), [list(segment) for segment in TIMELINE.segments]
    assert sorted(shown) == whole
    assert sum(one != other for one, other in zip(shown, whole, strict=True)) == round(10 * strength)


def test_segment_shuffle_never_moves_one_segment_alone() -> None:
    shown = by_segment(numbers("segment-shuffle", 0.1))
    assert sum(one != list(other) for one, other in zip(shown, TIMELINE.segments, strict=True)) == 2


@pytest.mark.parametrize("strength", STRENGTHS)
def test_prompt_swap(strength: float) -> None:
    shown = by_segment(numbers("prompt-swap", strength))
    foreign = [[frame + 90 for frame in segment] for segment in TIMELINE.segments]
    assert sum(one == other for one, other in zip(shown, foreign, strict=True)) == round(10 * strength)
    assert sum(one == list(own) for one, own in zip(shown, TIMELINE.segments, strict=True)) == 10 - round(10 * strength)


@pytest.mark.parametrize("strength", STRENGTHS)
def test_splice(strength: float) -> None:
    start = 160 - round(160 * strength)
    assert numbers("splice", strength) == [*range(start), *range(start + 90, 250)]


@pytest.mark.parametrize("strength", STRENGTHS)
def test_missed_cut(strength: float) -> None:
    """Black and white scenes: a planned cut is a step of 255; a dissolve over 12 frames has none above 255 / 12."""
    scene = np.cumsum([frame in TIMELINE.cuts for frame in range(TIMELINE.frames)]) % 2
    footage = Footage((np.full((2, 2, 3), 255 * side, dtype=np.uint8) for side in scene), FPS)
    shown = np.array([frame[0, 0, 0] for frame in damaged(footage, "missed-cut", dose(strength)).frames], dtype=float)
    steps = np.abs(np.diff(shown))
    missed = round(len(CUTS) * strength)
    assert np.count_nonzero(steps > 200) == len(CUTS) - missed
    assert max(steps[steps < 200], default=0) <= 255 / 12 + 1
    assert np.count_nonzero((steps > 0) & (steps < 200)) == 13 * missed  # its first and last step are halves


def test_missed_cut_leaves_the_frames_outside_its_dissolve_as_they_were() -> None:
    shown = [int(frame[0, 0, 0]) for frame in damaged(numbered(), "missed-cut", dose(1.0)).frames]
    assert {number for number in range(160) if shown[number] == number} >= {
        number for number in range(160) if all(abs(number + 0.5 - cut) > 6 for cut in TIMELINE.cuts)
    }


@pytest.mark.parametrize("strength", STRENGTHS)
def test_flicker(strength: float) -> None:
    means = [frame.mean() for frame in pictures("flicker", strength)]
    assert np.allclose(means[::2], means[0])
    assert np.allclose(np.array(means[1::2]) / means[0], 1 - 0.5 * strength, atol=0.005)


@pytest.mark.parametrize("strength", STRENGTHS)
def test_exposure_jump(strength: float) -> None:
    means = [frame.mean() for frame in pictures("exposure-jump", strength)]
    assert np.allclose(means[:80], means[0])
    assert np.allclose(np.array(means[80:]) / means[0], 1 - 0.5 * strength, atol=0.005)


@pytest.mark.parametrize("strength", STRENGTHS)
def test_blur(strength: float) -> None:
    original = next(iter(textured().frames)).astype(float)
    expected = ndimage.gaussian_filter(original, (3.2 * strength, 3.2 * strength, 0), mode="mirror")
    assert np.abs(pictures("blur", strength)[-1] - expected).max() < 2.5


@pytest.mark.parametrize("strength", STRENGTHS)
def test_jitter(strength: float) -> None:
    original = next(iter(textured().frames))
    offsets = np.array([_displacement(original, frame) for frame in pictures("jitter", strength)])
    reach = 9.6 * strength
    assert np.abs(offsets).max() <= round(reach)
    assert offsets.std(axis=0) == pytest.approx(reach / np.sqrt(3), rel=0.15)
    assert np.abs(offsets.mean(axis=0)).max() < 0.15 * reach


def _displacement(original: Frame, frame: Frame) -> tuple[int, int]:
    """The shift at which the two pictures agree exactly, away from the edges, found by trying all."""
    core = original[12:-12, 12:-12, 0]
    for down in range(-11, 12):
        for right in range(-11, 12):
            if np.array_equal(frame[12 + down : 52 + down, 12 + right : 84 + right, 0], core):
                return right, down
    raise AssertionError("the frame is not a shifted copy")


def test_frames_are_read_one_by_one_and_no_further_than_needed() -> None:
    read: list[int] = []

    def frames() -> Iterator[Frame]:
        for number in range(1000):
            read.append(number)
            yield np.full((2, 2, 3), number % 256, dtype=np.uint8)

    shown = iter(reordered(Footage(frames(), FPS), [0, 0, 5, 2, 2]).frames)
    next(shown)
    assert read == [0]
    assert [int(frame[0, 0, 0]) for frame in shown] == [0, 5, 2, 2]
    assert read == [0, 1, 2, 3, 4, 5]


def test_a_video_that_ends_too_early_is_said_to() -> None:
    short = Footage((frame for frame, _ in zip(numbered().frames, range(20), strict=False)), FPS)
    with pytest.raises(VideoError, match="is needed, but the video ends before it"):
        list(damaged(short, "segment-shuffle", dose(1.0)).frames)
    with pytest.raises(VideoError, match="not so long"):
        list(damaged(numbered(), "splice", Dose(0.5, "", TIMELINE, lambda: short)).frames)


def _moving_film() -> Footage:
    ground = cv2.resize(np.random.default_rng(0).integers(0, 256, (8, 12, 3), dtype=np.uint8), (96, 64))
    return Footage((np.roll(ground, 3 * number, axis=1) for number in range(24)), 8.0)


@pytest.mark.parametrize("kind", ["dot", "pan"])
def test_what_moves_on_or_across_a_still_begins_where_a_freeze_does(kind: str) -> None:
    dose = Dose(0.5, "seed", Timeline.of([Segment(text="One.")], 8.0), _moving_film)
    own, frozen, moved = (
        np.stack(list(each.frames)).astype(int)
        for each in (_moving_film(), damaged(_moving_film(), "freeze", dose), damaged(_moving_film(), kind, dose))
    )
    assert (moved[:12] == own[:12]).all()
    differs = (moved[13:] != frozen[13:]).any(axis=3).mean(axis=(1, 2))
    assert ((differs < 0.01) & (differs > 0)).all() if kind == "dot" else (differs > 0.5).all()
    assert len({frame.tobytes() for frame in moved[12:]}) == 12


def test_a_pan_moves_by_a_fiftieth_of_the_width_a_second() -> None:
    parts = [Segment(text="One.")] * 8
    still = cv2.resize(np.random.default_rng(0).integers(0, 256, (8, 12, 3), dtype=np.uint8), (100, 64))
    dose = Dose(1.0, "seed", Timeline.of(parts, 1.0), lambda: Footage((), 1.0))
    frames = list(damaged(Footage((still for _ in range(24)), 1.0), "pan", dose).frames)
    assert (frames[3][:, :94] == still[:, 6:]).all()
    assert (frames[12][:, :76] == still[:, 24:]).all()
    assert (frames[21] == frames[3]).all()


def test_a_story_shorter_than_a_frame_is_a_sentence():
    with pytest.raises(StoryboardError, match=r"a story of 0\.05 s is shorter than one frame at 8 frames a second"):
        Timeline.of([Segment(text="a", seconds=0.05)], FPS)
