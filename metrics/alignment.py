"""Does each segment show what its sentence tells?

The rows of all live moments of a segment are averaged. Its agreement is the cosine with the row of its own sentence,
calibrated so that a segment and a sentence of another story have 0 and a segment and its own have 1, bounded to 0 - 1.
It counts by the share of the segment in which the picture is live: what is frozen, looped or incoherent shows nothing.

`alignment:ARGUMENT` looks and reads through another CLIP, named as for the extractor `open-clip`. Nobody told what its
cosines are of stories that fit and that do not, so there the agreement is the cosine itself, bounded to 0 - 1.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import numpy as np

from evalsuite.interfaces import Metric
from evalsuite.types import Features, Measured, Storyboard

from . import _open_clip, _toon_clip
from ._evidence import evidence
from ._open_clip import Texts
from ._stir import NAME as STIR
from ._text_matrix import margin, order, recall_at_1
from ._timeline import Array, Flags, Timeline, overlooked, segments_at, shares, timeline
from .models.clip_source import source
from .models.parts import RAW, Calibration


class Alignment(Metric):
    """How well segments fit their sentences, 0 - 1."""

    summary: ClassVar[str] = "each segment shows what its sentence tells"
    version: ClassVar[str] = f"4-{_toon_clip.REVISION}"
    higher_is_better: ClassVar[bool] = True
    bounds: ClassVar[tuple[float, float]] = (0.0, 1.0)
    extractors: ClassVar[tuple[str, ...]] = (_toon_clip.NAME, STIR, "thumbnails")
    failures: ClassVar[tuple[str, ...]] = ("prompt-swap", "splice")

    def __init__(self, clip: str = "") -> None:
        self._clip = clip
        if clip:
            self.extractors = (f"{_open_clip.ANY}:{clip}", STIR, "thumbnails")  # type: ignore[misc] # of this one alone
            self.version = f"4-{source(clip).revision}"  # type: ignore[misc]

    def measure(self, features: Mapping[str, Features], storyboard: Storyboard) -> Measured:
        """`series` is (second, agreement) of each segment; those that are too short to be looked at are left out."""
        said = self._sentences(tuple(segment.resolved_text or segment.text for segment in storyboard.segments))
        line = timeline(features["thumbnails"], storyboard)
        live = evidence(line, features[STIR]).live
        looks = features[self.extractors[0]]
        judged = np.flatnonzero(~overlooked(looks.seconds, storyboard, line.coverage))
        if not len(judged):
            return Measured(None, "each segment is shorter than the time between two looks at the video")
        share = shares(live, line, storyboard)[judged]
        scores = (_segment_rows(looks, storyboard, line, live) @ said.rows.T)[np.ix_(judged, judged)]
        agreement = share * _agreement(scores, RAW if self._clip else _toon_clip.calibration())
        return Measured(
            value=float(agreement.mean()),
            details={
                "cosine": float(np.diagonal(scores).mean()),
                "margin": margin(scores),
                "recall_at_1": recall_at_1(scores),
                "order": order(scores),
                "live": float(share.mean()),
                "tokens_lost": float(said.lost),
            },
            series=tuple(zip((storyboard.starts[number] for number in judged), agreement.tolist(), strict=True)),
            coverage=line.coverage,
        )

    def _sentences(self, texts: tuple[str, ...]) -> Texts:
        return _open_clip.text_rows(texts, self._clip) if self._clip else _toon_clip.sentences(texts)


def _segment_rows(seen: Features, storyboard: Storyboard, line: Timeline, live: Flags) -> Array:
    """For each segment the mean row of its live moments, of length 1 or 0."""
    told = seen.seconds < len(live) / line.rate  # what comes after the story's end is of no segment
    seconds, rows = seen.seconds[told], seen.array[told]
    good = line.at(seconds, live)
    total = np.zeros((len(storyboard.segments), rows.shape[1]))
    np.add.at(total, segments_at(seconds[good], storyboard), rows[good])
    length = np.linalg.norm(total, axis=1, keepdims=True)
    return np.asarray(total / np.maximum(length, 1e-9))


def _agreement(scores: Array, told: Calibration) -> Array:
    """Of each segment, 0 - 1."""
    return np.asarray(np.clip((np.diagonal(scores) - told.impostor) / (told.genuine - told.impostor), 0, 1))
