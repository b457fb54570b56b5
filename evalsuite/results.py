"""What is known of the videos of a suite: their scores, how they were made and what that cost."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from evalsuite.store import Store, Timing, VideoRecord
from evalsuite.types import Score, Suite


class Key(NamedTuple):
    """What names one video."""

    model: str
    storyboard: str
    seed: int


MADE = "generate"
"""The step of a timing that says what the making of a video cost."""


@dataclass(frozen=True, slots=True)
class Results:
    """Of a run folder, of a table that somebody published, or of several together."""

    scores: tuple[Score, ...] = ()
    videos: tuple[VideoRecord, ...] = ()
    timings: tuple[Timing, ...] = ()

    def beside(self, others: Results) -> Results:
        """These, and of the others those of videos that are not among these."""
        here = {key(video) for video in self.videos} | {key(score) for score in self.scores}
        return together([self, others.where(lambda video: video not in here)])

    def where(self, is_wanted: Callable[[Key], bool]) -> Results:
        """What is of the wanted videos."""
        return Results(
            tuple(score for score in self.scores if is_wanted(key(score))),
            tuple(video for video in self.videos if is_wanted(key(video))),
            tuple(timing for timing in self.timings if is_wanted(key(timing))),
        )


def together(parts: Iterable[Results]) -> Results:
    """One of several that share no video."""
    parts = list(parts)
    return Results(
        tuple(score for part in parts for score in part.scores),
        tuple(video for part in parts for video in part.videos),
        tuple(timing for part in parts for timing in part.timings),
    )


def key(of: Score | VideoRecord | Timing) -> Key:
    return Key(of.model, of.storyboard, of.seed)


def in_folder(folder: Path, suite: Suite) -> Results:
    """All that a run folder holds; `StoreError` where it holds nothing, or is another suite's."""
    store = Store.existing(folder, suite.name, suite.version)
    try:
        return Results(tuple(store.scores()), tuple(store.videos()), tuple(store.timings()))
    finally:
        store.close()
