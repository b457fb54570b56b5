"""Pictures of a training run: the curve of the loss, and strips of frames to look at."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

Strip = Sequence[npt.NDArray[np.uint8]]


def draw_strips(path: Path, strips: Sequence[Strip]) -> None:
    """One row for each strip; all frames are of one size."""
    rows = [np.concatenate([np.pad(frame, ((1, 1), (1, 1), (0, 0))) for frame in strip], axis=1) for strip in strips]
    picture = np.concatenate(rows, axis=0)
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))


def draw_curves(path: Path, tables: Sequence[Path], titles: Sequence[str]) -> None:
    """The loss of each table of steps, four in a row."""
    from matplotlib.figure import Figure

    rows = -(-len(tables) // 4)
    figure = Figure(figsize=(11, 2.6 * rows), layout="constrained")
    for number, (table, title) in enumerate(zip(tables, titles, strict=True)):
        steps, losses = _smooth(table)
        axes = figure.add_subplot(rows, 4, number + 1)
        axes.plot(steps, losses, color="#20639b", linewidth=1, marker="." if len(steps) < 5 else "")
        axes.set(title=title, xlabel="step", ylabel="loss" if number % 4 == 0 else "")
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110)


def _smooth(table: Path, window: int = 5) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    with table.open(newline="") as file:
        rows = list(csv.DictReader(file))
    steps, losses = (np.array([float(row[name]) for row in rows]) for name in ("step", "loss"))
    window = max(1, min(window, len(steps) // 8))
    kernel = np.ones(window) / window
    return steps[window - 1 :], np.convolve(losses, kernel, mode="valid")
