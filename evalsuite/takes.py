"""Physics-IQ of a folder of generated videos, beside two folders with real takes of the same events."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from evalsuite import video
from evalsuite.errors import VideoError
from evalsuite.physics_iq import Agreement, Frames, compare, score
from evalsuite.stats import RESAMPLES, Estimate, draws, widened_interval
from evalsuite.table import estimate_cells, with_interval
from evalsuite.types import Table, VideoRef

LATE = 0.25
"""Seconds by which the three videos of an event may differ in length; what is longer is cut."""
COLUMNS = ("video", "spatial", "spatiotemporal", "weighted", "error", "seconds", *with_interval("score"))
SAME = Agreement(1.0, 1.0, 1.0, 0.0)
Pair = tuple[Agreement, Agreement]
"""Of a generated video with a take, and of another take with that one."""


@dataclass(frozen=True, slots=True)
class Event:
    """A generated video, and the two takes of what it should show."""

    name: str
    generated: Path
    first: Path
    second: Path


@dataclass(frozen=True, slots=True)
class Judged:
    """What was found of one event."""

    name: str
    generated: Agreement
    """Of the generated video with the first take."""
    takes: Agreement
    """Of the second take with the first."""
    seconds: float


def events(generated: Path, first: Path, second: Path) -> list[Event]:
    """By file name. VideoError where a folder has no video, or an event lacks one of its three."""
    found = [{path.name: path for path in sorted(folder.glob("*.mp4"))} for folder in (generated, first, second)]
    for folder, videos in zip((generated, first, second), found, strict=True):
        if not videos:
            raise VideoError(f"there are no mp4 files in {folder}.")
        lacking = sorted(set().union(*found) - videos.keys())
        if lacking:
            raise VideoError(f"{folder} lacks {lacking[0]}: a video must have one name in all three folders.")
    return [Event(name.removesuffix(".mp4"), *(videos[name] for videos in found)) for name in sorted(found[0])]


def judged(asked: Sequence[Event]) -> Iterator[Judged]:
    """One after the other, in the memory of one event."""
    for event in asked:
        shape = video.describe(event.generated)
        made, first, second = (_frames(path, shape) for path in (event.generated, event.first, event.second))
        seconds = [len(frames) / shape.fps for frames in (made, first, second)]
        if max(seconds) - min(seconds) > LATE:
            told = ", ".join(f"{each:.2f}" for each in seconds)
            raise VideoError(f"the videos of {event.name} last {told} s: Physics-IQ needs them equally long, cut them.")
        count = min(map(len, (made, first, second)))
        made, first, second = made[:count], first[:count], second[:count]
        takes = compare(second, first)
        if takes == SAME:
            raise VideoError(f"the takes of {event.name} are one and the same video: Physics-IQ needs two takes of it.")
        yield Judged(event.name, compare(made, first), takes, count / shape.fps)


def table(found: Sequence[Judged]) -> Table:
    """A row for each event, their means with the score of all, and what the takes have of each other."""
    rows = [(each.name, *each.generated, each.seconds, None, None, None) for each in found]
    means = ("mean", *_mean([each.generated for each in found]), None, *estimate_cells(total(found)))
    lawful = ("the takes' own", *_mean([each.takes for each in found]), None, 100.0, None, None)
    notes = (
        f"score: Physics-IQ, 0 - 100, of all {len(found)} events together; 100 is two takes of the same event",
        f"intervals are 95 %, from {RESAMPLES} bootstraps over events; one event gives none",
    )
    return Table("Physics-IQ", COLUMNS, (*rows, means, lawful), notes)


def total(found: Sequence[Judged]) -> Estimate:
    """The score of all, 0 - 100, with an interval from events that are drawn again.

    VideoError where no two takes ever move in one place.
    """
    pairs = [(each.generated, each.takes) for each in found]
    try:
        value = _score(pairs)
    except ValueError as error:
        raise VideoError(f"{error}") from error
    low, high = widened_interval(np.array(list(_scores_again(pairs))), value, len(pairs))
    return Estimate(value, max(0.0, low), min(100.0, high), len(pairs))


def _scores_again(pairs: Sequence[Pair]) -> Iterator[float]:
    for times in draws(len(pairs)):
        with suppress(ValueError):  # of events alone whose takes never move in one place
            yield _score([pair for pair, count in zip(pairs, times, strict=True) for _ in range(int(count))])


def _score(pairs: Sequence[Pair]) -> float:
    generated, takes = zip(*pairs, strict=True)
    return score(generated, takes)


def _mean(found: Sequence[Agreement]) -> list[float]:
    return [float(each) for each in np.mean(np.array(found), axis=0)]


def _frames(path: Path, like: VideoRef) -> Frames:
    """All frames in the size and at the pace of another video."""
    size, parts, seconds = (like.width, like.height), [], []
    for clip in video.decode(path):
        parts += [_sized(frame, size) for frame in clip.frames]
        seconds.append(clip.seconds)
    shown = np.concatenate(seconds)
    lasting = float(shown[-1] + np.median(np.diff(shown))) if len(shown) > 1 else 1 / like.fps
    moments = np.arange(max(1, round(lasting * like.fps))) / like.fps
    return np.stack(parts)[np.maximum(np.searchsorted(shown, moments + 0.5 / like.fps) - 1, 0)]


def _sized(frame: Frames, size: tuple[int, int]) -> Frames:
    if (frame.shape[1], frame.shape[0]) == size:
        return frame
    return np.asarray(cv2.resize(frame, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
