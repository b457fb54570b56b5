"""The curves of the loss of a training run."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt


def draw_curves(path: Path, tables: Sequence[Path]) -> None:
    """The loss of each table of steps, four in a row, each under the table's name; not of those without a row yet."""
    from matplotlib.figure import Figure

    tables = [table for table in tables if len(table.read_text().splitlines()) > 1]
    rows = -(-len(tables) // 4)
    figure = Figure(figsize=(11, 2.6 * rows), layout="constrained")
    for number, table in enumerate(tables):
        steps, losses = _smooth(table)
        axes = figure.add_subplot(rows, 4, number + 1)
        axes.plot(steps, losses, color="#20639b", linewidth=1, marker="." if len(steps) < 5 else "")
        axes.set(title=table.stem, xlabel="step", ylabel="loss" if number % 4 == 0 else "")
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110)


def _smooth(table: Path, window: int = 5) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    with table.open(newline="") as file:
        rows = list(csv.DictReader(file))
    steps, losses = (np.array([float(row[name]) for row in rows]) for name in ("step", "loss"))
    window = max(1, min(window, len(steps) // 8))
    kernel = np.ones(window) / window
    return steps[window - 1 :], np.convolve(losses, kernel, mode="valid")
