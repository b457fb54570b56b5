"""Does a character look the same whenever the story has it?

For each two segments in which the storyboard expects a character: the cosine of its mean embeddings there, of its
species, its colour or its accessory, whichever agrees least, so that the same ears do not make up for a coat of another
colour. It is calibrated by whole looks: the mean cosine of two characters of the world is 0 and that of two sights of
one is 1, bounded to 0 - 1; and it is 0 where the character is not seen in one of them. It counts by the share that is
new in the segment that repeats more of what was shown before, so that nobody gains by a replay of which a moment passes
for new. Where all look alike, sameness proves nothing: the mean is multiplied by 2 AUC - 1 of telling pairs of one
character from pairs of two, where there are two.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from evalsuite.interfaces import Metric
from evalsuite.types import Features, Measured, Storyboard

from ._appearances import appearances, characters
from ._sameness import sameness
from ._stir import NAME as STIR
from ._toon_id import NAME
from .models.looks import REVISION, calibration


class Identity(Metric):
    """How alike each character looks in all segments that should show it, absence counted as 0; 0 - 1."""

    summary: ClassVar[str] = "characters look the same whenever they come back"
    version: ClassVar[str] = f"6-{REVISION}"
    higher_is_better: ClassVar[bool] = True
    bounds: ClassVar[tuple[float, float]] = (0.0, 1.0)
    extractors: ClassVar[tuple[str, ...]] = (NAME, STIR, "thumbnails")
    failures: ClassVar[tuple[str, ...]] = ("identity-drift", "identity-swap", "vanish")
    lagged: ClassVar[bool] = True

    def measure(self, features: Mapping[str, Features], storyboard: Storyboard) -> Measured:
        """`details` has the mean cosine of each aspect where both are seen.

        `series` is (mean lag in seconds, what the pairs of such a lag give) for lags from short to long.
        """
        if not characters(storyboard):
            return Measured(None, "the storyboard describes no character in the words of the cartoon world")
        return sameness(appearances(features, storyboard), storyboard, calibration())
