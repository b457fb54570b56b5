"""When each expected character is seen, and how it looks there: detections are given to those whom the story expects.

Where several are expected, each moment's detections are shared out so that looks agree best with what the storyboard
describes; a character who is alone is whoever is seen. Moments that are frozen, looped or incoherent show nobody.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import linear_sum_assignment

from evalsuite.types import Entity, Features, Storyboard

from ._evidence import evidence
from ._stir import NAME as STIR
from ._timeline import Array, Flags, lasting, overlooked, segments_at, shares, timeline
from ._toon_id import NAME, Sights, sights
from .models.looks import ASPECTS, EMBEDDING, SCORE, look_of

CHARACTER = 0
OFTEN = 0.25
"""The share of a segment's moments from which on a character counts as present in it."""


@dataclass(frozen=True)
class Appearances:
    """What is seen of whom, by character and segment."""

    names: tuple[str, ...]
    expected: Flags
    """Whether the storyboard has it in the segment, which is looked at, (characters, segments)."""
    share: Array
    """The share of the segment's moments in which it is seen, (characters, segments)."""
    aspects: tuple[str, ...]
    """What of a look is told apart."""
    prototype: Array
    """The mean of what is seen of each aspect there, of length 1; 0 where the character is not seen.

    Shape (characters, segments, aspects, channels).
    """
    new: Array
    """The share of each segment that repeats nothing, (segments,)."""
    strangers: float
    """How many more characters than expected are seen at a moment, on average."""

    @property
    def present(self) -> Flags:
        """Whether it is seen in a segment often enough, (characters, segments)."""
        return self.share >= OFTEN


def characters(storyboard: Storyboard) -> list[tuple[Entity, Array]]:
    """Those whose look is described in the words of the cartoon world, and the embedding of it."""
    looks = [(entity, look_of(entity.description)) for entity in storyboard.entities if entity.kind == "character"]
    return [(entity, look) for entity, look in looks if look is not None]


def appearances(features: Mapping[str, Features], storyboard: Storyboard) -> Appearances:
    """Looks through a video once, moment by moment."""
    line = timeline(features[NAME], storyboard)
    pictures = timeline(features["thumbnails"], storyboard)
    judged = evidence(pictures, features[STIR])
    live = judged.live
    seen = sights(line.rows)
    cast = characters(storyboard)
    expected = wanted([one for one, _ in cast], storyboard, line.seconds, pictures.coverage)
    number = segments_at(line.seconds, storyboard)
    count, total = np.zeros(expected.shape), np.zeros((*expected.shape, EMBEDDING))
    strangers = 0
    for sample in np.flatnonzero(live):
        segment = number[sample]
        there = np.flatnonzero(expected[:, segment])
        identity = seen.identity[sample, characters_at(seen, int(sample))]
        strangers += max(0, len(identity) - len(there))
        for who, which in shared_out(np.array([cast[one][1] for one in there]), identity):
            count[there[who], segment] += 1
            total[there[who], segment] += identity[which]
    return Appearances(
        tuple(one.id for one, _ in cast),
        expected,
        count / lasting(line, storyboard),
        ASPECTS,
        prototypes(total, len(ASPECTS)),
        shares(~judged.looped, pictures, storyboard),
        strangers / max(1, int(live.sum())),
    )


def wanted(cast: Sequence[Entity], storyboard: Storyboard, looks: Array, coverage: float) -> Flags:
    """Where the storyboard has whom, (characters, segments); not where no look falls that the video could answer."""
    there = np.array([[one.id in segment.present for segment in storyboard.segments] for one in cast], dtype=bool)
    return there.reshape(len(cast), len(storyboard.segments)) & ~overlooked(looks, storyboard, coverage)


def prototypes(total: Array, aspects: int) -> Array:
    """Sums of embeddings as directions of each aspect: (..., dimensions) to (..., aspects, dimensions / aspects)."""
    each = total.reshape(*total.shape[:-1], aspects, -1)
    return np.asarray(each / np.maximum(np.linalg.norm(each, axis=-1, keepdims=True), 1e-9))


def characters_at(seen: Sights, sample: int) -> npt.NDArray[np.int64]:
    """Which of the sights of a moment are characters."""
    return np.flatnonzero((seen.score[sample] >= SCORE) & (seen.kind[sample] == CHARACTER))


def shared_out(looks: Array, identity: Array) -> list[tuple[int, int]]:
    """Pairs of expected look and detection, as many as there can be, whose cosines have the greatest sum."""
    if not len(looks) or not len(identity):
        return []
    who, which = linear_sum_assignment(looks @ identity.T, maximize=True)
    return list(zip(who.tolist(), which.tolist(), strict=True))
