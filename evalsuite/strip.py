"""Strips of pictures: a row for each video, a column for each of some moments."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np

from evalsuite.errors import StoreError
from evalsuite.types import Frame, Storyboard, VideoSpec

COLUMNS = 9
HEIGHT = 96
_LABEL_HEIGHT = 18


def middles_of(storyboard: Storyboard) -> list[float]:
    """The middle of each segment, in seconds."""
    return [start + segment.seconds / 2 for start, segment in zip(storyboard.starts, storyboard.segments, strict=True)]


def moments(storyboard: Storyboard, columns: int = COLUMNS) -> list[float]:
    """The middle of each segment, in seconds; of evenly chosen ones where there are more than `columns`."""
    middles = middles_of(storyboard)
    if len(middles) <= columns:
        return middles
    return [middles[round(index * (len(middles) - 1) / (columns - 1))] for index in range(columns)]


def pick(shown: Iterable[tuple[Frame, float]], wanted: Sequence[float]) -> list[Frame]:
    """The first frame shown at or after each wanted moment; the last frame where the video ends before."""
    picked: list[Frame] = []
    last: Frame | None = None
    for frame, second in shown:
        last = frame
        while len(picked) < len(wanted) and second >= wanted[len(picked)] - 1e-6:
            picked.append(frame)
        if len(picked) == len(wanted):
            return picked
    return picked if last is None else picked + [last] * (len(wanted) - len(picked))


def of_world(storyboard: Storyboard, spec: VideoSpec) -> list[Frame]:
    """What the world that a storyboard names shows at its moments."""
    from evalsuite.toon import script, world

    if storyboard.world is None:
        return []
    frames = world.frames(script.from_world(storyboard.world), spec)
    return pick(((frame, index / spec.fps) for index, frame in enumerate(frames)), moments(storyboard))


def of_video(path: Path, wanted: Sequence[float]) -> list[Frame]:
    """What a finished video shows at each wanted moment, in seconds."""
    from evalsuite import video

    shown = (
        (frame, float(second))
        for clip in video.decode(path)
        for frame, second in zip(clip.frames, clip.seconds, strict=True)
    )
    return pick(shown, wanted)


def draw(rows: Sequence[tuple[str, Sequence[Frame]]], path: Path) -> None:
    """Write rows of pictures, each with its label above, as one PNG."""
    import cv2

    bands = [_band(label, frames) for label, frames in rows if frames]
    width = max(band.shape[1] for band in bands)
    padded = [np.pad(band, ((0, 0), (0, width - band.shape[1]), (0, 0)), constant_values=255) for band in bands]
    with suppress(cv2.error):  # it knows no such kind of picture
        if cv2.imwrite(str(path), cv2.cvtColor(np.vstack(padded), cv2.COLOR_RGB2BGR)):
            return
    raise StoreError(f"{path} cannot be written; name another picture, such as strip.png, with --picture.")


def _band(label: str, frames: Sequence[Frame]) -> Frame:
    import cv2

    pictures = [cv2.resize(frame, _size(frame), interpolation=cv2.INTER_CUBIC) for frame in frames]
    gap = np.full((HEIGHT, 3, 3), 255, np.uint8)
    row = np.hstack([part for picture in pictures for part in (picture, gap)])
    title = np.full((_LABEL_HEIGHT, row.shape[1], 3), 255, np.uint8)
    cv2.putText(title, label, (2, 13), cv2.FONT_HERSHEY_SIMPLEX, 0.42, (40, 40, 40), 1, cv2.LINE_AA)
    return np.vstack([title, row, np.full((4, row.shape[1], 3), 255, np.uint8)])


def _size(frame: Frame) -> tuple[int, int]:
    return math.ceil(frame.shape[1] * HEIGHT / frame.shape[0]), HEIGHT
