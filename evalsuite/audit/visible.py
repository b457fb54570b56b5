"""Which damage can be seen at all: a video that differs from the intact one by less than encoding does shows no damage.

With less gravity a story in which nothing falls is played as before, but for a pixel of a wheel's turn: no metric
should see that, and none is asked to.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TextIO

import cv2
import numpy as np
import numpy.typing as npt

from evalsuite.progress import Advance
from evalsuite.run import Report
from evalsuite.store import VideoRecord
from evalsuite.types import Frame
from evalsuite.video import decode

from .plan import Plan

WIDTH, HEIGHT, PATCH = 96, 64, 8
VISIBLE = 0.03
"""By so much of full brightness some patch must differ on average in some frame.

On `eighteen_second` (n = 30) encoding more coarsely moves no patch of the oracle's videos by more than 0.023; where a
world with 0.6 of the gravity shows the difference at all, it is 0.11 or more, and where nothing falls 0.013 or less.
"""
FOUND = "visible.jsonl"
"""The file of the audit's folder with what was found out, so that nothing is compared twice."""

_Pair = tuple[str, str]
"""The sha256 of an intact video and of a damaged one."""


def as_seen(asked: Plan, report: Report, progress: Advance) -> Report:
    """The report, in which damaged videos that show nothing of it have the content of the intact ones."""
    videos = {(video.model, video.storyboard): video for video in report.videos}
    pairs = {
        (label, board): (videos[intact, board], videos[label, board])
        for intact, label in _damaged(asked)
        for board in (one.id for one in asked.suite.storyboards)
        if {videos[intact, board].status, videos[label, board].status} == {"ok"}
    }
    visible = _compared(asked, list(pairs.values()), progress)
    hidden = {
        key: intact.sha256
        for key, (intact, damaged) in pairs.items()
        if not visible.get((intact.sha256, damaged.sha256), False)
    }
    contents = [hidden.get((video.model, video.storyboard), video.sha256) for video in report.videos]
    seen = [replace(video, sha256=content) for video, content in zip(report.videos, contents, strict=True)]
    return replace(report, videos=tuple(seen))


def _damaged(asked: Plan) -> Iterator[tuple[str, str]]:
    for source in asked.sources:
        for dose in source.doses():
            yield source.intact, source.damaged(*dose)


def _compared(asked: Plan, pairs: list[tuple[VideoRecord, VideoRecord]], progress: Advance) -> dict[_Pair, bool]:
    """Whether each damage that changed the file is visible; what is known from before is not looked at again."""
    known = _known(asked.folder)
    paths = {video.sha256: asked.folder / video.path for pair in pairs for video in pair}
    wanted = [pair for pair in dict.fromkeys(_contents(pairs)) if pair not in known and pair[0] != pair[1]]
    with ThreadPoolExecutor(asked.workers) as pool, _appended(asked.folder / FOUND) as file:
        found = pool.map(lambda pair: differ(paths[pair[0]], paths[pair[1]]), wanted)
        for done, (pair, visible) in enumerate(zip(wanted, found, strict=True), 1):
            known[pair] = visible
            file.write(json.dumps([*pair, visible]) + "\n")
            progress(done, len(wanted), "")
    return known


def _contents(pairs: list[tuple[VideoRecord, VideoRecord]]) -> Iterator[_Pair]:
    return ((intact.sha256, damaged.sha256) for intact, damaged in pairs)


def _known(folder: Path) -> dict[_Pair, bool]:
    file = folder / FOUND
    lines = file.read_text().splitlines() if file.is_file() else []
    return {(intact, damaged): visible for line in lines for intact, damaged, visible in _finding(line)}


def _finding(line: str) -> list[tuple[str, str, bool]]:
    """What a line says; nothing, where an audit was killed while it wrote it."""
    with suppress(json.JSONDecodeError):
        return [json.loads(line)]
    return []


def _appended(path: Path) -> TextIO:
    """A file to which whole lines are added, also behind half a one."""
    is_whole = not path.is_file() or path.read_bytes()[-1:] in (b"", b"\n")
    file = path.open("a", buffering=1)
    file.write("" if is_whole else "\n")
    return file


def differ(intact: Path, damaged: Path) -> bool:
    """Whether anything of a damage is to be seen; the first frame that shows it ends the search."""
    before, after = _frames(intact), _frames(damaged)
    while True:
        left, right = next(before, None), next(after, None)
        if left is None or right is None:
            return left is not right
        if _difference(left, right) > VISIBLE:
            return True


def _frames(path: Path) -> Iterator[Frame]:
    for clip in decode(path):
        yield from clip.frames


def _difference(left: Frame, right: Frame) -> float:
    """The largest mean difference of a patch, 0 - 1."""
    return float(np.abs(_patches(left) - _patches(right)).mean(axis=(1, 3, 4)).max()) / 255


def _patches(frame: Frame) -> npt.NDArray[np.float32]:
    """Shape (rows, height, columns, width, 3)."""
    small = cv2.resize(frame, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA).astype(np.float32)
    return small.reshape(HEIGHT // PATCH, PATCH, WIDTH // PATCH, PATCH, 3)
