"""A metric's course over a suite: its value against the time in the story, or against the time between two moments.

What each video's score tells as its `series` is joined over the storyboards of a system: the mean in each bin of time,
and a straight line through all points, whose slope is what a minute, or a doubling of the time between, changes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from evalsuite import plugins
from evalsuite.errors import StoreError
from evalsuite.interfaces import Metric
from evalsuite.ranking import chosen
from evalsuite.results import in_folder
from evalsuite.stats import ENDS, Estimate, clustered_mean, draws, widened_interval, widening
from evalsuite.table import INTERVALS, Cell, estimate_cells, with_interval
from evalsuite.types import Score, Suite, Table

Array = npt.NDArray[np.float64]
Points = tuple[list[str], Array, Array]
"""Of one system: the storyboard, the time in seconds and the value of each point."""

MOST_BINS = 24
"""Times that are equal in all videos are bins of their own, if there are no more."""
_EVEN_BINS = 12
_FIRST_BIN = 1.5
"""Bins of the time between end at so many times the shortest one, and at each doubling of that."""
FARTHEST = 10.0
"""A line is followed to so many times the longest time between."""
_FLAT = 1e-9
"""Less variance of times, and less slope, than this is none."""
_ENDLESS = 100
"""Doublings."""
_LINES = ("-", "--", ":")
"""One for each ten systems, since there are ten colours."""


@dataclass(frozen=True, slots=True)
class Curve:
    """One system's course."""

    model: str
    means: tuple[Estimate | None, ...]
    """In each bin; None where the system has no point."""
    slope: Estimate
    """What a minute changes, or a doubling of the time between."""
    half_life: Estimate | None
    """The time between, in seconds, at which the line is at half of where it begins, which may be endless."""
    storyboards: int


@dataclass(frozen=True, slots=True)
class Curves:
    """The courses of several systems, in the same bins."""

    seconds: tuple[float, ...]
    """The mean time of each bin."""
    lagged: bool
    """Whether times are between two moments, and not in the story."""
    curves: tuple[Curve, ...]
    farthest: float
    """Seconds from which on a half-life is not told from an endless one."""


def course(suite: Suite, folder: Path, metric: str, models: Sequence[str], storyboards: Sequence[str]) -> Curves:
    """A metric's curves by the scores in a run folder, of these systems and storyboards, or of all."""
    judge, name = plugins.metric(metric), plugins.canonical(metric)
    scores = chosen(in_folder(folder, suite), models, storyboards).scores
    current = [score for score in scores if score.metric == name and score.metric_version == judge.version]
    return curves(current, isinstance(judge, Metric) and judge.lagged)


def curves(scores: Sequence[Score], lagged: bool) -> Curves:
    """One metric's, of all systems that were scored; `StoreError` where no score has a course."""
    positive = [replace(score, series=tuple(one for one in score.series if one[0] > 0)) for score in scores]
    told = [score for score in (positive if lagged else scores) if score.status == "ok" and score.series]
    if not told:
        raise StoreError("no score here tells a course: the metric has none, or the videos were measured elsewhere.")
    points = {model: _points([score for score in told if score.model == model]) for model in {s.model for s in told}}
    times = np.concatenate([seconds for _, seconds, _ in points.values()])
    edges = _edges(times, lagged)
    bins = np.digitize(times, edges)
    shown = [number for number in range(len(edges) + 1) if (bins == number).any()]
    begins, farthest = float(times.min()), FARTHEST * float(times.max())
    found = [_curve(model, points[model], edges, shown, lagged, begins) for model in sorted(points)]
    return Curves(tuple(float(times[bins == number].mean()) for number in shown), lagged, tuple(found), farthest)


def curve_table(found: Curves, title: str) -> Table:
    """A row for each system: the mean in each bin, the slope, and the half-life where times are between two moments."""
    names = [f"{seconds:.1f} s" for seconds in found.seconds]
    names += ["per doubling", "half-life s"] if found.lagged else ["per minute"]
    headings = [heading for name in names for heading in with_interval(name)]
    rows = [(each.model, *_cells(each, found), each.storyboards) for each in found.curves]
    notes = [INTERVALS, "means of what the courses of single videos tell in each bin; a straight line through all"]
    if found.lagged:
        end = f"{found.farthest:.0f} s, where intervals end too"
        notes.append(
            f"half-life: where the line is at half of where it begins; - where it does not fall so far in {end}"
        )
    return Table(title, ("model", *headings, "storyboards"), tuple(rows), tuple(notes))


def draw(path: Path, found: Curves, title: str) -> None:
    """The courses as a picture, each with the band of its intervals."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 4.5), layout="constrained")
    axes = figure.add_subplot()
    for number, each in enumerate(found.curves):
        there = [(at, mean) for at, mean in zip(found.seconds, each.means, strict=True) if mean is not None]
        at = [seconds for seconds, _ in there]
        colour, style = f"C{number % 10}", _LINES[number // 10 % len(_LINES)]
        axes.plot(at, [mean.value for _, mean in there], color=colour, ls=style, marker="o", ms=3, label=each.model)
        low, high = [mean.low for _, mean in there], [mean.high for _, mean in there]
        axes.fill_between(at, low, high, color=colour, alpha=0.15, lw=0)
    axes.set(title=title, xlabel="seconds between two moments" if found.lagged else "seconds into the story")
    if found.lagged:
        axes.set_xscale("log", base=2)
        axes.set_xticks(found.seconds, [f"{seconds:.3g}" for seconds in found.seconds])
    axes.grid(alpha=0.3)
    figure.legend(loc="outside right upper", fontsize=8)
    if not path.suffix:
        raise StoreError(f"{path} does not tell the kind of picture; name it such as {path.name}.png.")
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        figure.savefig(path, dpi=120)
    except (ValueError, RuntimeError) as error:  # it knows no such kind of picture, or lacks what draws it
        raise StoreError(f"{path} cannot be written; name another picture, such as {path.stem}.png.") from error


def _points(scores: Sequence[Score]) -> Points:
    rows = [(score.storyboard, at, value) for score in scores for at, value in score.series]
    boards, seconds, values = zip(*rows, strict=True)
    return list(boards), np.array(seconds, dtype=np.float64), np.array(values, dtype=np.float64)


def _edges(times: Array, lagged: bool) -> Array:
    """Where one bin of time ends and the next begins."""
    if lagged:
        first = _FIRST_BIN * float(times.min())
        doublings = int(np.ceil(np.log2(max(1.0, float(times.max()) / first)))) + 1
        return np.asarray(first * 2.0 ** np.arange(doublings))
    each = np.unique(times.round(6))
    if len(each) <= MOST_BINS:
        return np.asarray((each[1:] + each[:-1]) / 2)
    return np.linspace(float(times.min()), float(times.max()), _EVEN_BINS + 1)[1:-1]


def _curve(model: str, points: Points, edges: Array, shown: Sequence[int], lagged: bool, begins: float) -> Curve:
    boards, seconds, values = points
    bins, count = np.digitize(seconds, edges), len(set(boards))
    line, resampled = _lines(boards, np.log2(seconds / begins) if lagged else seconds / 60, values)
    return Curve(
        model,
        tuple(_mean_of(bins == number, values, boards) for number in shown),
        Estimate(float(line.slope), *widened_interval(resampled.slope, float(line.slope), count), count),
        _half_life(line, resampled, begins, count) if lagged else None,
        count,
    )


def _mean_of(here: npt.NDArray[np.bool_], values: Array, boards: Sequence[str]) -> Estimate | None:
    if not here.any():
        return None
    return clustered_mean(
        values[here].tolist(), [board for board, is_here in zip(boards, here, strict=True) if is_here]
    )


class _Line(NamedTuple):
    """A straight line, or several: `height` where x is 0, and `slope`."""

    height: Array
    slope: Array


def _lines(boards: Sequence[str], x: Array, y: Array) -> tuple[_Line, _Line]:
    """The line of least squares through all points, and those through what storyboards drawn again give."""
    names, index = np.unique(np.asarray(boards), return_inverse=True)
    moments = np.stack([np.bincount(index, weights=each) for each in (np.ones_like(x), x, y, x * x, x * y)], axis=1)
    return _line(moments.sum(axis=0)), _line(draws(len(names)) @ moments)


def _line(moments: Array) -> _Line:
    """From the sums of 1, x, y, x x and x y along the last axis; level where all x are equal."""
    count, x, y, xx, xy = np.moveaxis(moments, -1, 0)
    spread = count * xx - x * x
    slope = np.divide(count * xy - x * y, spread, out=np.zeros_like(spread), where=spread > _FLAT * count * count)
    return _Line((y - slope * x) / count, slope)


def _half_life(line: _Line, resampled: _Line, begins: float, count: int) -> Estimate:
    wide = widening(count)
    widened = _Line(*(middle + wide * (each - middle) for middle, each in zip(line, resampled, strict=True)))
    low, high = np.quantile(begins * _halving(widened), ENDS, method="inverted_cdf")
    return Estimate(begins * float(_halving(line)), float(low), float(high), count)


def _halving(line: _Line) -> Array:
    """How many times as far as where it begins a line over doublings is at half of its height; endless if it rises."""
    falls = line.slope < -_FLAT
    doublings = np.divide(-line.height, 2 * line.slope, out=np.full_like(line.slope, np.inf), where=falls)
    return np.exp2(np.where(doublings < _ENDLESS, np.maximum(doublings, 0.0), np.inf))


def _cells(curve: Curve, found: Curves) -> list[Cell]:
    cells = [cell for mean in curve.means for cell in estimate_cells(mean)] + estimate_cells(curve.slope)
    life = curve.half_life
    if life is None:
        return cells
    if curve.storyboards < 2:
        return [*cells, life.value if life.value < found.farthest else None, None, None]
    ends = [min(end, found.farthest) for end in (life.low, life.high)]
    return [*cells, *([life.value, *ends] if life.value < found.farthest else [None, *ends])]
