"""Damages finished videos of any system, so that a metric can be tried on the pictures that it will really judge.

A video that was altered at strength 0 is only encoded once more: compare the others with it, not with the source.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import cv2
import numpy as np

from evalsuite import video
from evalsuite.errors import PluginError, StoryboardError, VideoError
from evalsuite.footage import KINDS, Dose, Timeline, damaged, kind_and_strength, reordered
from evalsuite.types import Footage, Frame, Storyboard, Suite, VideoRef


def alter_folder(
    source: Path, suite: Suite, damage: str, out: Path, other: Path | None = None, seed: int = 0
) -> Iterator[tuple[int, int, str]]:
    """Alter the videos of a folder into `<storyboard id>.mp4` of another, by `damage` such as `freeze@0.5`.

    Yields (done, of how many, what went wrong or nothing) for each. The source holds `<storyboard id>.mp4`, or
    `<storyboard id>-s<seed>.mp4` as a run does. `prompt-swap` and `splice` show the video of the suite's next
    storyboard in the same folder, or that of the same storyboard in the folder `other`, such as another system's.
    """
    _refuse_worlds_own(damage)
    kind, strength = kind_and_strength(damage, KINDS)
    for folder in filter(None, (source, other)):
        if not folder.is_dir():
            raise StoryboardError(f"there is no folder {folder}.")
    if out.resolve() in {folder.resolve() for folder in (source, other) if folder is not None}:
        raise StoryboardError(
            f"{out} holds the videos that are to be altered; name another folder for what comes of them."
        )
    found = [storyboard for storyboard in suite.storyboards if file_of(source, storyboard, seed).is_file()]
    if not found:
        example = file_of(source, suite.storyboards[0], seed).name
        raise StoryboardError(f"{source} holds no video of the suite {suite.name}; name the files as {example}.")
    if kind in ("prompt-swap", "splice") and other is None and len(found) == 1:
        raise StoryboardError(f"{kind} shows another video, and {source} holds one alone; say --other FOLDER.")
    for number, (board, following) in enumerate(zip(found, [*found[1:], found[0]], strict=True), 1):
        partner = file_of(source, following, seed) if other is None else file_of(other, board, seed)
        said = ""
        try:
            alter_video(file_of(source, board, seed), board, kind, strength, out / f"{board.id}.mp4", partner, seed)
        except VideoError as error:
            said = f"{board.id}: {error}"
        yield number, len(found), said


def alter_video(
    source: Path, storyboard: Storyboard, kind: str, strength: float, out: Path, other: Path, seed: int = 0
) -> None:
    """Alter one video that tells the storyboard; `other` is where `prompt-swap` and `splice` take pictures from.

    Frames are taken as equally spaced in time. Streams: see `evalsuite.footage.reordered` for what is held in memory.
    """
    described = video.describe(source)
    timeline = Timeline.of(storyboard.segments, described.fps, described.frames)
    dose = Dose(strength, f"{storyboard.id} {kind} {seed}", timeline, partial(_conformed, other, described))
    video.write(out, damaged(_opened(source, described.fps), kind, dose))


def _refuse_worlds_own(damage: str) -> None:
    """PluginError for kinds that are done to a story or its world, which finished videos have left behind."""
    kind = damage.partition("@")[0]
    if kind not in KINDS:
        from evalsuite.toon.controls import KINDS as DRAWN  # heavy

        if kind in DRAWN:
            raise PluginError(
                f"{kind} takes the world that draws the story; finished videos can have {', '.join(KINDS)}."
            )


def file_of(folder: Path, storyboard: Storyboard, seed: int) -> Path:
    """Where a folder holds the finished video of a storyboard, named as a run does or by its id alone."""
    of_run = folder / f"{storyboard.id}-s{seed}.mp4"
    return of_run if of_run.is_file() else folder / f"{storyboard.id}.mp4"


def _opened(path: Path, fps: float) -> Footage:
    return Footage((frame for clip in video.decode(path) for frame in clip.frames), fps)


def _conformed(path: Path, like: VideoRef) -> Footage:
    """Another video, brought to the rate, size and length of `like`."""
    described = video.describe(path)
    order = [int(number / like.fps * described.fps + 1e-6) for number in range(like.frames)]
    if order[-1] >= described.frames:
        raise VideoError(
            f"{path.name} lasts {described.seconds:.2f} s and cannot be shown in place of {like.path.name}, "
            f"which lasts {like.seconds:.2f} s; take one that is as long"
        )
    footage = reordered(_opened(path, described.fps), order)
    return replace(footage, frames=_resized(footage.frames, like), fps=like.fps)


def _resized(frames: Iterable[Frame], like: VideoRef) -> Iterator[Frame]:
    for frame in frames:
        same = frame.shape[:2] == (like.height, like.width)
        size = (like.width, like.height)
        yield frame if same else np.asarray(cv2.resize(frame, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
