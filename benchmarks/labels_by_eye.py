"""toon-id against labels made by eye on 100 frames of six generators: `python benchmarks/labels_by_eye.py`.

`... draw RUN_FOLDER` chose the frames, by a fixed seed, from finished videos of `one_minute`: into `by_eye/frames.png`,
ten to a row in the order of `by_eye/frames.csv`.
"""

from __future__ import annotations

import csv
import sys
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

from evalsuite import strip, suites
from evalsuite.stats import generator
from evalsuite.store import Store
from evalsuite.types import Frame

PLACE = Path(__file__).parent / "by_eye"
SYSTEMS = ("full-attention", "local-attention", "mamba2", "sliding-window", "ttt", "walt")
FRAMES = 100
COLUMNS = 10


class Chosen(NamedTuple):
    """A frame of a finished video."""

    system: str
    storyboard: str
    second: float


def choose() -> list[Chosen]:
    """A frame of each storyboard of `one_minute`, any of its moments, of each system in turn; in no order."""
    luck = generator("labels by eye")
    suite = suites.load("one_minute")
    boards = [suite.storyboards[place] for place in luck.permutation(len(suite.storyboards))[:FRAMES]]
    frames = [
        Chosen(SYSTEMS[number % len(SYSTEMS)], board.id, int(luck.integers(board.seconds * suite.fps)) / suite.fps)
        for number, board in enumerate(boards)
    ]
    return [frames[place] for place in luck.permutation(FRAMES)]


def draw(folder: Path) -> None:
    """Write the frames, and which they are."""
    suite = suites.load("one_minute")
    store = Store.existing(folder, suite.name, suite.version)
    chosen = choose()
    frames = [_frame(store, one) for one in chosen]
    rows = [np.hstack(frames[start : start + COLUMNS]) for start in range(0, FRAMES, COLUMNS)]
    cv2.imwrite(str(PLACE / "frames.png"), cv2.cvtColor(np.vstack(rows), cv2.COLOR_RGB2BGR))
    with (PLACE / "frames.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("frame", *Chosen._fields), *((i, *one) for i, one in enumerate(chosen))])


def _frame(store: Store, chosen: Chosen) -> Frame:
    record = store.video(chosen.system, chosen.storyboard, 0)
    if record is None:
        raise SystemExit(f"there is no video of {chosen.system} for {chosen.storyboard} in {store.folder}.")
    return strip.of_video(store.folder / record.path, [chosen.second])[0]


def frames() -> npt.NDArray[np.uint8]:
    """All of them, (frames, 64, 96, 3)."""
    sheet = cv2.cvtColor(cv2.imread(str(PLACE / "frames.png")), cv2.COLOR_BGR2RGB)
    rows = sheet.reshape(FRAMES // COLUMNS, 64, COLUMNS, 96, 3)
    return np.ascontiguousarray(rows.swapaxes(1, 2).reshape(FRAMES, 64, 96, 3), dtype=np.uint8)


if __name__ == "__main__":
    draw(Path(sys.argv[2]))
