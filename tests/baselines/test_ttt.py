"""The shipped generator, as a run meets it."""

from __future__ import annotations

import hashlib
import shutil

import numpy as np
import pytest
from evalsuite.baselines._models.generator import FRAMES_PER_PIECE, Generator, marked_texts, pieces
from evalsuite.baselines._models.weights import AUTOENCODER, SHIPPED
from evalsuite.baselines.ttt import TTT

from evalsuite.errors import EvalsuiteError, StoryboardError
from evalsuite.types import Segment, Storyboard, VideoSpec

SPEC = VideoSpec(96, 64, 8.0)
FILES = (AUTOENCODER, "ttt.safetensors", "sha256sums.txt")


def story(*seconds, identity="story"):
    texts = ("Mimi the red cat with a hat walks over the meadow.", "Mimi waves.", "A cut: the kitchen.")
    segments = tuple(
        Segment(text=text, seconds=length, cut_before=place == 2)
        for place, (text, length) in enumerate(zip(texts, seconds, strict=False))
    )
    return Storyboard(id=identity, title="Mimi", segments=segments)


@pytest.fixture(scope="module")
def ttt():
    return TTT()


@pytest.fixture(scope="module")
def film(ttt):
    return np.stack(list(ttt.generate(story(3, 3), 0, SPEC).frames))


@pytest.fixture
def copied(tmp_path):
    for name in FILES:
        shutil.copy(SHIPPED / name, tmp_path / name)
    return tmp_path


def test_makes_a_moving_picture_in_colour(film):
    assert film.shape == (48, 64, 96, 3)
    assert film.dtype == np.uint8
    assert 20 < film.std() < 120
    assert np.abs(np.diff(film.astype(int), axis=0)).mean() > 0.1


def test_equal_storyboard_and_seed_make_equal_frames(ttt, film):
    again = np.stack(list(ttt.generate(story(3, 3), 0, SPEC).frames))
    assert np.array_equal(again, film)
    other = np.stack(list(ttt.generate(story(3, 3), 1, SPEC).frames))
    assert not np.array_equal(other, film)


@pytest.mark.parametrize(("seconds", "frames"), [((3.0,), 24), ((1.3, 0.7), 16), ((4.5,), 36)])
def test_any_length_of_segment_is_shown_for_its_time(ttt, seconds, frames):
    footage = ttt.generate(story(*seconds), 0, SPEC)
    assert footage.fps == 8
    assert len(list(footage.frames)) == frames


def test_another_size_is_answered_with_that_size(ttt, film):
    frame = next(iter(ttt.generate(story(3, 3), 0, VideoSpec(48, 32, 8.0)).frames))
    assert frame.shape == (32, 48, 3)
    assert np.abs(frame.astype(int) - film[0][::2, ::2]).mean() < 25


def test_odd_texts_are_no_trouble(ttt):
    board = Storyboard(
        id="odd", title="odd", segments=(Segment(text="?!" * 2000), Segment(text="Żółw 烏龜 qwxz " * 50))
    )
    assert len(list(ttt.generate(board, 0, SPEC).frames)) == 48


def test_pieces_are_three_seconds_or_shorter_ends():
    plan = pieces(story(3, 7, 1))
    assert [piece.frames for piece in plan] == [FRAMES_PER_PIECE, 24, 24, 8, 8]
    assert plan[1].text == plan[3].text
    with pytest.raises(StoryboardError, match="shorter than one frame"):
        pieces(story(0.01))


def test_scenes_are_marked_at_cuts_as_in_the_paper():
    texts = marked_texts(story(3, 3, 3).segments)
    assert [text.startswith("<start_scene>") for text in texts] == [False, False, True]
    assert [text.endswith("<end_scene>") for text in texts] == [False, True, False]


def test_weights_are_small_and_are_those_that_are_listed():
    assert sum((SHIPPED / name).stat().st_size for name in FILES[:2]) <= 10_000_000
    listed = dict(reversed(line.split()) for line in (SHIPPED / "sha256sums.txt").read_text().splitlines())
    for name in FILES[:2]:
        assert hashlib.sha256((SHIPPED / name).read_bytes()).hexdigest() == listed[name]


def test_the_revision_changes_with_the_weights(ttt):
    assert len(ttt.revision) == 12


def test_missing_weights_are_told(copied):
    (copied / "ttt.safetensors").unlink()
    with pytest.raises(EvalsuiteError, match=r"ttt\.safetensors"):
        Generator("ttt", copied)


def test_other_weights_than_the_listed_are_refused(copied):
    path = copied / AUTOENCODER
    path.write_bytes(path.read_bytes()[:-1] + b"\x7f")
    with pytest.raises(EvalsuiteError, match="sha256sums"):
        Generator("ttt", copied)
