"""CLIPSIM (arXiv 2104.14806): the mean over frames of the cosine between CLIP's frame and CLIP's text.

OpenAI's CLIP ViT-B/32 sees two frames a second, each beside the text of its segment; where names have looks, the text
that tells them. It sees 77 tokens of a text: how many it lost is in `details`. One good frame, repeated, wins it, so it
belongs in no axis.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import numpy as np

from evalsuite import backbones
from evalsuite.interfaces import Metric
from evalsuite.types import Features, Measured, Storyboard

from ._open_clip import NAME, OPENAI, text_rows
from ._timeline import segments_at


class ClipSim(Metric):
    """How near frames are to their texts in CLIP's space; -1 - 1, in practice 0.15 - 0.4."""

    summary: ClassVar[str] = "CLIPSIM as the literature computes it (one good frame, repeated, wins it)"
    version: ClassVar[str] = f"1-{backbones.revision(OPENAI)}"
    higher_is_better: ClassVar[bool] = True
    bounds: ClassVar[tuple[float, float]] = (-1.0, 1.0)
    extractors: ClassVar[tuple[str, ...]] = (NAME,)

    def measure(self, features: Mapping[str, Features], storyboard: Storyboard) -> Measured:
        """`series` is the mean of each segment that has frames; `coverage` the share of segments that have."""
        seen = features[NAME]
        told = text_rows([segment.resolved_text or segment.text for segment in storyboard.segments])
        within = seen.seconds < storyboard.seconds
        segment = segments_at(seen.seconds[within], storyboard)
        cosine = (seen.array[within].astype(np.float64) * told.rows[segment]).sum(axis=1)
        shown = np.unique(segment)
        return Measured(
            float(cosine.mean()),
            details={"tokens_lost": float(told.lost)},
            series=tuple((storyboard.starts[each], float(cosine[segment == each].mean())) for each in shown),
            coverage=len(shown) / len(storyboard.segments),
        )
