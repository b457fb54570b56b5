"""Does each segment show what its sentence tells?

The rows of all live moments of a segment are averaged. Its agreement is the cosine with the row of its own sentence,
calibrated so that a segment and a sentence of another story have 0 and a segment and its own have 1, bounded to 0 - 1.
It counts by the share of the segment in which the picture is live: what is frozen, looped or incoherent shows nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import numpy as np

from evalsuite.interfaces import Metric
from evalsuite.types import Features, Measured, Storyboard

from . import _toon_clip
from ._evidence import evidence
from ._text_matrix import margin, order, recall_at_1
from ._timeline import Array, segments_at, shares, timeline


class Alignment(Metric):
    """How well segments fit their sentences, 0 - 1."""

    summary: ClassVar[str] = "each segment shows what its sentence tells"
    version: ClassVar[str] = f"1-{_toon_clip.REVISION}"
    higher_is_better: ClassVar[bool] = True
    extractors: ClassVar[tuple[str, ...]] = (_toon_clip.NAME, "thumbnails")
    failures: ClassVar[tuple[str, ...]] = ("prompt-swap", "splice")

    def measure(self, features: Mapping[str, Features], storyboard: Storyboard) -> Measured:
        """`series` is (second, agreement) of each segment."""
        texts = [segment.resolved_text or segment.text for segment in storyboard.segments]
        said = _toon_clip.sentences(tuple(texts))
        shown, share = _segment_rows(features, storyboard)
        scores = shown @ said.rows.T
        agreement = share * _agreement(scores)
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
            series=tuple(zip(storyboard.starts, agreement.tolist(), strict=True)),
            coverage=timeline(features["thumbnails"], storyboard).coverage,
        )


def _segment_rows(features: Mapping[str, Features], storyboard: Storyboard) -> tuple[Array, Array]:
    """For each segment the mean row of its live moments, of length 1 or 0, and the share of it that is live."""
    line = timeline(features["thumbnails"], storyboard)
    live = evidence(line).live
    seen = features[_toon_clip.NAME]
    told = seen.seconds < len(live) / line.rate  # what comes after the story's end is of no segment
    seconds, rows = seen.seconds[told], seen.array[told]
    good = line.at(seconds, live)
    total = np.zeros((len(storyboard.segments), rows.shape[1]))
    np.add.at(total, segments_at(seconds[good], storyboard), rows[good])
    length = np.linalg.norm(total, axis=1, keepdims=True)
    return total / np.maximum(length, 1e-9), shares(live, line, storyboard)


def _agreement(scores: Array) -> Array:
    """Of each segment, 0 - 1."""
    told = _toon_clip.calibration()
    return np.asarray(np.clip((np.diagonal(scores) - told.impostor) / (told.genuine - told.impostor), 0, 1))
