"""Physics-IQ of folders: against the formulas on the same frames, and all that such folders may lack."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

from evalsuite import physics_iq, takes, video
from evalsuite.cli import app
from evalsuite.errors import VideoError
from evalsuite.types import Footage


def film(late: int, speed: int = 5, frames: int = 16, scale: int = 1) -> list[np.ndarray]:
    """A ball that crosses the picture from frame `late` on."""
    made = []
    for number in range(frames):
        frame = np.full((64 * scale, 96 * scale, 3), 90, np.uint8)
        place = (scale * (10 + speed * max(0, number - late)), scale * 30)
        cv2.circle(frame, place, 8 * scale, (240, 220, 200), -1)
        made.append(frame)
    return made


@pytest.fixture
def folders(tmp_path: Path) -> Callable[..., tuple[Path, Path, Path]]:
    """Three folders, each of which is given its videos by name."""

    def make(*videos: dict[str, list[np.ndarray]], fps: float = 8.0) -> tuple[Path, Path, Path]:
        made = tuple(tmp_path / name for name in ("mine", "first", "second"))
        for folder, films in zip(made, videos, strict=True):
            folder.mkdir()
            for name, frames in films.items():
                video.write(folder / f"{name}.mp4", Footage(frames, fps, crf=1))
        return made

    return make


def test_the_score_is_that_of_the_formulas(folders: Callable):
    made = folders(
        {"one": film(2), "two": film(4)}, {"one": film(0), "two": film(0, 4)}, {"one": film(1), "two": film(1, 4)}
    )
    found = list(takes.judged(takes.events(*made)))
    decoded = [
        [np.concatenate([clip.frames for clip in video.decode(folder / f"{name}.mp4")]) for folder in made]
        for name in ("one", "two")
    ]
    generated = [physics_iq.compare(mine, first) for mine, first, _ in decoded]
    lawful = [physics_iq.compare(second, first) for _, first, second in decoded]
    assert [each.generated for each in found] == generated
    whole = takes.total(found)
    assert whole.value == pytest.approx(physics_iq.score(generated, lawful))
    assert 0 < whole.low <= whole.value <= whole.high <= 100
    table = takes.table(found)
    assert [row[0] for row in table.rows] == ["one", "two", "mean", "the takes' own"]
    assert table.rows[-2][-3:] == (whole.value, whole.low, whole.high)


def test_takes_come_to_the_size_and_pace_of_the_video(folders: Callable, tmp_path: Path):
    generated, first, second = folders({"one": film(0)}, {"one": film(0)}, {"one": film(0)})
    twice = [frame for frame in film(0, scale=2) for _ in range(2)]
    video.write(first / "one.mp4", Footage(twice, 16.0, crf=1))
    (found,) = takes.judged(takes.events(generated, first, second))
    assert found.seconds == 2.0
    assert found.generated.spatiotemporal > 0.8
    assert found.generated.error < 0.001


def test_a_second_take_would_have_100(folders: Callable):
    made = folders({"one": film(2)}, {"one": film(0)}, {"one": film(2)})
    result = CliRunner().invoke(app, ["physics-iq", *map(str, made), "--format", "csv"])
    assert result.exit_code == 0
    mean = next(row for row in csv.DictReader(result.stdout.splitlines()) if row["video"] == "mean")
    assert (float(mean["score"]), mean["score low"]) == (100.0, "")


@pytest.mark.parametrize(
    ("videos", "said"),
    [
        (({}, {"one": film(0)}, {"one": film(0)}), "no mp4 files in .*mine"),
        (({"one": film(0)}, {"one": film(0), "two": film(0)}, {"one": film(0)}), "mine lacks two.mp4"),
        (({"one": film(0)}, {"one": film(0, frames=20)}, {"one": film(0)}), "last 2.00, 2.50, 2.00 s"),
        (({"one": film(0)}, {"one": film(99)}, {"one": film(0)}), "two takes"),
        (({"one": film(2)}, {"one": film(0)}, {"one": film(0)}), "one and the same video"),
    ],
)
def test_what_cannot_be_compared_is_said(folders: Callable, videos: tuple[dict, ...], said: str):
    made = folders(*videos)
    with pytest.raises(VideoError, match=said):
        takes.table(list(takes.judged(takes.events(*made))))
