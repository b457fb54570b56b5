"""What several tests share: a small suite, small systems, and an old-fashioned one that fails."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from evalsuite.types import Footage, Frame, Segment, Storyboard, Suite

SQUARE = '''
"""A square that moves over a plain ground; the seed sets where it starts."""
import numpy as np
from evalsuite.interfaces import Baseline
from evalsuite.types import Footage

class Square(Baseline):
    summary = "a moving square"
    revision = "1"

    def generate(self, storyboard, seed, spec):
        def frames():
            for index in range(round(storyboard.seconds * spec.fps)):
                frame = np.full((spec.height, spec.width, 3), (90, 180, 90), np.uint8)
                left = (index * 2 + seed * 5) % (spec.width - 12)
                frame[8:20, left : left + 12] = (220, 60, 40)
                yield frame
        return Footage(frames(), spec.fps)
'''

FLAKY = '''
"""Fails on every second storyboard."""
import numpy as np
from evalsuite.interfaces import Baseline
from evalsuite.types import Footage

class Flaky(Baseline):
    summary = "fails on every second storyboard"
    revision = "1"

    def generate(self, storyboard, seed, spec):
        if int(storyboard.id[-1]) % 2:
            raise RuntimeError("out of\\nideas")
        frames = [np.full((spec.height, spec.width, 3), index * 3 % 255, np.uint8) for index in range(16)]
        return Footage(frames, spec.fps)
'''


def moving_square(count: int, width: int = 96, height: int = 64) -> list[Frame]:
    """A red square that moves two pixels a frame over green."""
    frames = []
    for index in range(count):
        frame = np.full((height, width, 3), (90, 180, 90), np.uint8)
        left = 2 * index % (width - 12)
        frame[20:32, left : left + 12] = (220, 60, 40)
        frames.append(frame)
    return frames


def footage(count: int, fps: float = 8.0) -> Footage:
    return Footage(moving_square(count), fps)


@pytest.fixture
def suite() -> Suite:
    """Four storyboards of two one-second segments with a cut between them."""
    boards = tuple(
        Storyboard(
            id=f"tiny-{index}",
            title=f"Tiny {index}",
            segments=(
                Segment(text="A square moves over the meadow.", seconds=1.0),
                Segment(text="Now it moves over the sea.", seconds=1.0, cut_before=True),
            ),
        )
        for index in range(4)
    )
    return Suite(
        name="tiny",
        version="1",
        profile="toon",
        fps=8,
        width=48,
        height=32,
        seeds=(0,),
        metrics=("motion", "transitions"),
        axes={"motion naturalness": {"motion": 1.0}, "temporal consistency": {"transitions": 1.0}},
        storyboards=boards,
    )


@pytest.fixture
def square(tmp_path: Path) -> str:
    path = tmp_path / "square.py"
    path.write_text(SQUARE)
    return str(path)


@pytest.fixture
def flaky(tmp_path: Path) -> str:
    path = tmp_path / "flaky.py"
    path.write_text(FLAKY)
    return str(path)


@pytest.fixture
def weights_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder for copies of public weights."""
    monkeypatch.setenv("EVALSUITE_WEIGHTS", str(tmp_path / "weights"))
    return tmp_path / "weights"
