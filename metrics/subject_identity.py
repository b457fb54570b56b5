"""Does a character look the same whenever the story has it, in natural video?

As `identity`, through public networks: OWLv2 finds what fits the character's description, DINOv2 says how it looks. The
cosines are as they are, since no two worlds of pictures have the same strangers: compare systems by it on the same
storyboards, and never with `identity`. Moments that are frozen, looped or incoherent show nobody.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import ClassVar

import numpy as np
from scipy.optimize import linear_sum_assignment

from evalsuite import backbones
from evalsuite.interfaces import Metric
from evalsuite.types import Entity, Features, Measured, Storyboard

from ._appearances import Appearances, prototypes, wanted
from ._evidence import evidence
from ._objects import DINO, NAME, OWL, boxes, phrase_rows
from ._sameness import sameness
from ._stir import NAME as STIR
from ._timeline import Array, segments_at, shares, timeline
from .models.parts import RAW

LEAST = 0.1
"""How surely a box has to be what a description says, which is what OWLv2's authors take for their pictures."""


class SubjectIdentity(Metric):
    """How alike each character looks in all segments that should show it, absence counted as 0; 0 - 1."""

    summary: ClassVar[str] = "characters look the same whenever they come back, in natural video"
    higher_is_better: ClassVar[bool] = True
    bounds: ClassVar[tuple[float, float]] = (0.0, 1.0)
    extractors: ClassVar[tuple[str, ...]] = (NAME, STIR, "thumbnails")
    lagged: ClassVar[bool] = True
    version: ClassVar[str] = f"3-{backbones.revision(OWL)}-{backbones.revision(DINO)}"

    def measure(self, features: Mapping[str, Features], storyboard: Storyboard) -> Measured:
        """`series` is (mean lag in seconds, what the pairs of such a lag give) for lags from short to long."""
        cast = [one for one in storyboard.entities if one.kind == "character"]
        if not cast:
            return Measured(None, "the storyboard has no character")
        return sameness(_appearances(features, storyboard, cast), storyboard, RAW)


def _appearances(features: Mapping[str, Features], storyboard: Storyboard, cast: Sequence[Entity]) -> Appearances:
    """Who is seen in which segment, and how: at each moment boxes are shared out so that they fit best."""
    phrases = _phrases(tuple(one.description or one.name for one in cast))
    seen, seconds = boxes(features[NAME].array, phrases.shape[1]), features[NAME].seconds
    pictures = timeline(features["thumbnails"], storyboard)
    judged = evidence(pictures, features[STIR])
    live = pictures.at(seconds, judged.live) & (seconds < storyboard.seconds)
    expected = wanted(cast, storyboard, seconds, pictures.coverage)
    number = segments_at(seconds, storyboard)
    count, total = np.zeros(expected.shape), np.zeros((*expected.shape, seen.identity.shape[-1]))
    fits, strangers = seen.fits(phrases), 0
    for moment in np.flatnonzero(live):
        there = np.flatnonzero(expected[:, number[moment]])
        strangers += max(0, int((fits[moment] >= LEAST).any(axis=1).sum()) - len(there))
        for who, which in _shared_out(fits[moment][:, there]):
            count[there[who], number[moment]] += 1
            total[there[who], number[moment]] += seen.identity[moment, which]
    return Appearances(
        tuple(one.id for one in cast),
        expected,
        count / _moments(seconds, storyboard),
        ("look",),
        prototypes(total, 1),
        shares(~judged.looped, pictures, storyboard),
        strangers / max(1, int(live.sum())),
    )


@cache
def _phrases(texts: tuple[str, ...]) -> Array:
    return phrase_rows(texts)


def _shared_out(fits: Array) -> list[tuple[int, int]]:
    """Pairs of a character and a box, as many as fit, which fit best in sum; `fits` is (boxes, characters)."""
    if not fits.size:
        return []
    which, who = linear_sum_assignment(fits, maximize=True)
    pairs = zip(who.tolist(), which.tolist(), strict=True)
    return [(one, box) for one, box in pairs if fits[box, one] >= LEAST]


def _moments(seconds: Array, storyboard: Storyboard) -> Array:
    """How many moments of each segment there are, or should be, a second apart; those that the video lacks count."""
    number = segments_at(seconds[seconds < storyboard.seconds], storyboard)
    looks = np.bincount(number, minlength=len(storyboard.segments))
    return np.maximum(1, np.maximum(looks, [int(segment.seconds) for segment in storyboard.segments]))
