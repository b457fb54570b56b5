"""Finished videos are altered as frames are; measured on pictures whose grey is their number."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from evalsuite import video
from evalsuite.alter import alter_folder
from evalsuite.errors import PluginError, StoryboardError
from evalsuite.types import Footage, Segment, Storyboard, Suite

FPS = 8
SEGMENTS = tuple(Segment(text="something", seconds=1.0) for _ in range(5))
SUITE = Suite(
    name="tiny",
    version="1",
    profile="natural",
    fps=FPS,
    width=32,
    height=32,
    seeds=(0,),
    metrics=(),
    axes={},
    storyboards=tuple(Storyboard(id=name, title=name, segments=SEGMENTS) for name in ("one", "two")),
)


RISING = [30.0 + 5 * number for number in range(40)]
FALLING = RISING[::-1]
TOLERANCE = 2.4
"""Grey levels that two encodings may cost; neighbouring frames lie 5 apart."""


def film(path: Path, shown: list[float], size: int = 32, fps: float = FPS) -> None:
    video.write(path, Footage((np.full((size, size, 3), grey, dtype=np.uint8) for grey in shown), fps))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    film(tmp_path / "source" / "one.mp4", RISING)
    film(tmp_path / "source" / "two.mp4", FALLING)
    return tmp_path / "source"


def greys(path: Path) -> list[float]:
    return [float(frame.mean()) for clip in video.decode(path) for frame in clip.frames]


def altered(source: Path, damage: str, out: Path, other: Path | None = None, seed: int = 0) -> list[Path]:
    """The files made, once nothing went wrong with any."""
    assert not [said for _, _, said in alter_folder(source, SUITE, damage, out, other, seed) if said]
    return sorted(out.iterdir())


def test_freeze_and_loop_a_folder(folder: Path, tmp_path: Path) -> None:
    made = altered(folder, "freeze@0.5", tmp_path / "frozen")
    assert [path.name for path in made] == ["one.mp4", "two.mp4"]
    assert np.allclose(greys(made[0]), [*RISING[:20], *[RISING[20]] * 20], atol=TOLERANCE)
    made = altered(folder, "loop@1.0", tmp_path / "looped")
    assert np.allclose(greys(made[1]), FALLING[:8] * 5, atol=TOLERANCE)


def test_the_folder_of_a_run_names_its_seed(tmp_path: Path) -> None:
    film(tmp_path / "run" / "one-s3.mp4", RISING)
    made = altered(tmp_path / "run", "freeze@1.0", tmp_path / "out", seed=3)
    assert [path.name for path in made] == ["one.mp4"]
    assert np.allclose(greys(made[0]), [RISING[0]] * 40, atol=TOLERANCE)


def test_shuffle_keeps_every_frame(folder: Path, tmp_path: Path) -> None:
    shown = greys(altered(folder, "frame-shuffle@1.0", tmp_path / "out")[0])
    assert np.allclose(sorted(shown), RISING, atol=TOLERANCE)
    assert not np.allclose(shown, RISING, atol=TOLERANCE)


def test_splice_shows_the_next_storyboard(folder: Path, tmp_path: Path) -> None:
    made = altered(folder, "splice@0.4", tmp_path / "out")
    assert np.allclose(greys(made[0]), [*RISING[:24], *FALLING[24:]], atol=TOLERANCE)
    assert np.allclose(greys(made[1]), [*FALLING[:24], *RISING[24:]], atol=TOLERANCE)


def test_prompt_swap_from_another_system_of_other_size_and_rate(folder: Path, tmp_path: Path) -> None:
    for name in ("one", "two"):
        film(tmp_path / "other" / f"{name}.mp4", np.repeat(FALLING, 2).tolist(), size=64, fps=2 * FPS)
    made = altered(folder, "prompt-swap@1.0", tmp_path / "out", other=tmp_path / "other")
    assert np.allclose(greys(made[0]), FALLING, atol=TOLERANCE)
    assert (video.describe(made[0]).width, video.describe(made[0]).fps) == (32, FPS)


def test_one_video_alone_has_no_other_to_show(tmp_path: Path) -> None:
    film(tmp_path / "alone" / "one.mp4", RISING)
    with pytest.raises(StoryboardError, match="holds one alone; say --other FOLDER"):
        altered(tmp_path / "alone", "splice@0.4", tmp_path / "out")


def test_a_partner_that_is_too_short_is_refused(folder: Path, tmp_path: Path) -> None:
    film(tmp_path / "other" / "one.mp4", RISING[:30])
    said = [said for _, _, said in alter_folder(folder, SUITE, "splice@0.5", tmp_path / "out", tmp_path / "other")]
    assert re.search(r"one: .* lasts 3\.75 s .* take one that is as long", said[0])
    assert said[1] == "two: there is no file two.mp4."
    assert not list((tmp_path / "out").glob("*"))


def test_a_folder_without_videos_of_the_suite_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StoryboardError, match="name the files as one"):
        altered(tmp_path, "freeze@0.5", tmp_path / "out")


def test_videos_are_not_altered_in_their_own_place(folder: Path) -> None:
    before = {path: path.read_bytes() for path in folder.iterdir()}
    with pytest.raises(StoryboardError, match="name another folder"):
        altered(folder, "freeze@0.5", folder / ".." / folder.name)
    assert {path: path.read_bytes() for path in folder.iterdir()} == before


@pytest.mark.parametrize(
    ("folder", "damage", "error", "said"),
    [
        ("videos", "vanish@0.5", PluginError, "vanish takes the world that draws the story; finished videos can have"),
        ("videos", "vanis@0.5", PluginError, "there is no kind of damage 'vanis'"),
        ("nowhere", "freeze@0.5", StoryboardError, "there is no folder .*nowhere"),
        ("videos", "freeze@0.5", StoryboardError, "holds no video of the suite"),
    ],
)
def test_what_cannot_be_altered_is_said(tmp_path, folder, damage, error, said):
    (tmp_path / "videos").mkdir()
    with pytest.raises(error, match=said):
        list(alter_folder(tmp_path / folder, SUITE, damage, tmp_path / "out"))
    assert not (tmp_path / "out").exists()
