"""What every plugin must keep, tried on tiny inputs: `evalsuite check my_plugin.py`."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np

from evalsuite import features, plugins, video
from evalsuite.disk import sha256
from evalsuite.errors import EvalsuiteError, PluginError
from evalsuite.interfaces import Baseline, Leaderboard, Metric, SetMetric
from evalsuite.stats import UNBOUNDED
from evalsuite.toon import script
from evalsuite.types import Clip, Comparison, Features, Footage, Frame, Measured, VideoSpec

SPEC = VideoSpec(96, 64, 8.0)
STORYBOARD = script.storyboard(script.episode("dev", 2, 1))
ROUNDING = 1e-6
"""By so much, and so much of itself, a value may change with how many frames are handed over at once."""


def check_plugin(text: str) -> str:
    """Say in one sentence that a plugin keeps its contract; `PluginError` says what it breaks."""
    spelled = plugins.spelling(text)
    if spelled.path is None:
        raise PluginError(f"{text} is no plugin's file; write PATH.py or PATH.py:ARGUMENT.")
    role, plugin = plugins.load_file(spelled.path)
    try:
        _check(text, plugin)
    except EvalsuiteError:
        raise
    except (Exception, SystemExit) as error:  # a plugin may fail in any way
        raise PluginError(f"{spelled.path.name} fails on a tiny story: {type(error).__name__}: {error}") from error
    return f"{spelled.path.name}: {plugin.__name__} keeps the contract of {role}."


def _check(text: str, plugin: type) -> None:
    if issubclass(plugin, Baseline):
        check_baseline(plugins.baseline(text))
    elif issubclass(plugin, Leaderboard):
        check_leaderboard(plugins.leaderboard(text))
    else:
        check_metric(plugins.metric(text))


def check_baseline(system: Baseline) -> None:
    """It says what it is, makes a playable video, and makes the same one again for the same seed."""
    _says(system, "summary", "revision")
    with tempfile.TemporaryDirectory() as folder:
        first, again = (_made(system, Path(folder) / f"{name}.mp4") for name in ("first", "again"))
        if sha256(first) != sha256(again):
            raise PluginError("two videos of one storyboard and seed differ: draw all chance from the seed.")
        found = video.describe(first)
    if found.seconds < STORYBOARD.seconds - 1 / found.fps:
        raise PluginError(f"the video lasts {found.seconds:.2f} s, and the storyboard {STORYBOARD.seconds:.2f} s.")


def check_metric(metric: Metric | SetMetric) -> None:
    """It says what it is, and gives the same finite number twice, however the frames were handed over."""
    _says(metric, "summary", "version", "higher_is_better", "extractors")
    if isinstance(metric, SetMetric):
        _check_set_metric(metric)
        return
    _check_values(([_measured(metric, step)] for step in (48, 7)), metric.bounds)


def _check_set_metric(metric: SetMetric) -> None:
    """The same for a set of as many pictures as it asks for."""
    whole, parts = ([_seen(metric.extractors, step, number) for number in range(metric.fewest)] for step in (48, 7))
    refused = [metric.unfit(video, STORYBOARD) for video in whole]
    if any(refused):
        raise PluginError(f"it finds a plain moving picture unfit: {next(filter(None, refused))}")
    boards = [STORYBOARD] * metric.fewest
    found = [metric.measure_set(videos, boards) for videos in (whole, parts)]
    if len(found[0]) != metric.fewest:
        raise PluginError(f"it gives {len(found[0])} values for {metric.fewest} videos; there must be one for each.")
    _check_values(found)


def _equal(first: float | None, second: float | None) -> bool:
    """But for rounding: how a processor adds up may depend on how many frames it is handed at once."""
    if first is None or second is None:
        return first is second
    return math.isclose(first, second, rel_tol=ROUNDING, abs_tol=ROUNDING)


def _check_values(found: Iterable[Sequence[Measured]], bounds: tuple[float, float] = UNBOUNDED) -> None:
    """Of the same videos, handed over as a whole and in parts."""
    low, high = bounds
    for whole, parts in zip(*found, strict=True):
        if not isinstance(whole, Measured):
            raise PluginError(f"it gives {type(whole).__name__}; a metric must give Measured.")
        if not _equal(whole.value, parts.value):
            raise PluginError(f"its value depends on how frames are handed over: {whole.value} and {parts.value}.")
        if whole.value is None and not whole.reason:
            raise PluginError("it gives no value and no reason; a value of None must say why.")
        if whole.value is not None and not math.isfinite(whole.value):
            raise PluginError(f"it gives {whole.value} for a plain moving picture; a value must be finite.")
        if whole.value is not None and not low - ROUNDING <= whole.value <= high + ROUNDING:
            raise PluginError(
                f"it gives {whole.value} for a plain moving picture, and its bounds are {low} and {high}."
            )


def check_leaderboard(board: Leaderboard) -> None:
    """It says what it is, and puts the one that always wins above the one that always loses."""
    _says(board, "summary")
    won = [Comparison("good", "bad", f"story-{index}", "all", 1.0) for index in range(12)]
    ratings = {rating.model: rating for rating in board.rate(won, ["good", "bad"])}
    if set(ratings) != {"good", "bad"} or not ratings["good"].value > ratings["bad"].value:
        raise PluginError("a system that wins every comparison is not rated above the one that loses them.")
    if not all(math.isfinite(rating.value) for rating in ratings.values()):
        raise PluginError("a system that wins every comparison is rated infinite; a prior must keep it finite.")


def _says(plugin: object, *names: str) -> None:
    missing = [name for name in names if getattr(plugin, name, None) in (None, "")]
    if missing:
        raise PluginError(f"{type(plugin).__name__} does not say its {' and '.join(missing)}.")


def _made(system: Baseline, path: Path) -> Path:
    footage = system.generate(STORYBOARD if system.privileged else STORYBOARD.told(), 0, SPEC)
    if isinstance(footage, Path):
        return footage
    if not isinstance(footage, Footage):
        raise PluginError(f"generate gave {type(footage).__name__}; it must give Footage or a Path.")
    video.write(path, footage)
    return path


def _measured(metric: Metric, step: int) -> Measured:
    return metric.measure(_seen(metric.extractors, step), STORYBOARD)


def _seen(extractors: Sequence[str], step: int, number: int = 0) -> dict[str, Features]:
    return features.extract(_clips(step, number), extractors)


def _clips(step: int, number: int) -> Iterator[Clip]:
    frames = [_frame(index, number) for index in range(48)]
    for first in range(0, 48, step):
        chosen = frames[first : first + step]
        yield Clip(np.stack(chosen), np.arange(first, first + len(chosen)) / SPEC.fps)


def _frame(index: int, number: int) -> Frame:
    """A square that moves over a plain ground, and another ground after the cut; of any number of such pictures."""
    frame = np.full((SPEC.height, SPEC.width, 3), (90, 180, 90) if index < 24 else (60, 90, 200), np.uint8)
    top = 24 + 7 * number % 24
    frame[top : top + 16, index : index + 16] = (220, 60, 40)
    return frame
