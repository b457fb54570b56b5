"""Tracks: where each character and thing that the story expects is seen, with the camera's own motion taken out.

Each moment's detections are given to whom the story expects there, so that looks agree best with what it describes.
Places are in pixels of which a picture has 96 x 64, as the first frame of the shot has them.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.optimize import linear_sum_assignment

from evalsuite.toon.episode import PHYSICAL_THINGS
from evalsuite.types import Entity, Features, Storyboard

from ._camera import FEWEST_FOLLOW, HEIGHT, WIDTH
from ._camera import NAME as CAMERA
from ._cuts import begins_shot, cuts
from ._evidence import evidence
from ._stir import NAME as STIR
from ._timeline import Array, Flags, segments_at, timeline
from ._toon_id import NAME, sights
from .models.looks import KINDS, SCORE, look_of

LOOKED_AT = (NAME, CAMERA, STIR, "thumbnails")
"""The extractors that tracks are made of."""
ALIKE = 0.35
"""The cosine of looks from which on a detection may be the one that is expected."""
FAR = 0.004
"""What a pixel's distance from where it was last seen takes from that."""


@dataclass(frozen=True)
class Track:
    """One entity over the whole video; arrays are of shape (samples, ...)."""

    entity: Entity
    kind: str
    """`character`, or the word for a thing."""
    box: Array
    """Left, top, right, bottom where the shot's first frame has them; NaN where it is not seen."""
    picture: Array
    """The same in the picture as it is."""
    expected: Flags
    """Whether the storyboard has it there."""

    @property
    def seen(self) -> Flags:
        return np.isfinite(self.box[:, 0])

    @property
    def middle(self) -> Array:
        """x and y."""
        return np.asarray((self.box[:, :2] + self.box[:, 2:]) / 2)

    @property
    def size(self) -> Array:
        """Width and height."""
        return np.asarray(self.box[:, 2:] - self.box[:, :2])


@dataclass(frozen=True)
class Tracks:
    """All that the story expects, and when; arrays are of shape (samples,)."""

    tracks: tuple[Track, ...]
    seconds: Array
    rate: float
    segment: npt.NDArray[np.int64]
    shot: npt.NDArray[np.int64]
    """Counts from 0; a new one begins with each cut, planned or seen."""
    live: Flags
    view: Array
    """Scale and shift from the first frame of each sample's shot to the picture, (samples, 3)."""

    def of(self, entity: str) -> Track | None:
        """The track of an entity; None where its look cannot be told."""
        return next((track for track in self.tracks if track.entity.id == entity), None)


class _Wanted(NamedTuple):
    entity: Entity
    kind: str
    look: Array


def tracks(
    features: Mapping[str, Features],
    storyboard: Storyboard,
    sure: float = SCORE,
    things: Collection[str] = PHYSICAL_THINGS,
) -> Tracks:
    """Looks through a video once, moment by moment, at detections of at least the score `sure`.

    `things` are the kinds of thing that are looked for, beside characters.
    """
    line, pictures = timeline(features[NAME], storyboard), timeline(features["thumbnails"], storyboard)
    seconds = line.seconds
    segment = segments_at(seconds, storyboard)
    shot = np.cumsum(begins_shot(line, cuts(pictures), storyboard), dtype=np.int64)
    cast = _cast(storyboard, things)
    expected = np.array([[one.entity.id in segment.present for segment in storyboard.segments] for one in cast])
    expected = expected.reshape(len(cast), len(storyboard.segments))[:, segment]
    boxes = _assigned(line.rows, cast, expected, shot, sure)
    view = _view(features[CAMERA], storyboard, shot)
    still = (boxes - np.tile(view[:, 1:], 2)) / view[:, :1]
    live = evidence(pictures, features[STIR]).live
    each = [Track(one.entity, one.kind, still[who], boxes[who], expected[who]) for who, one in enumerate(cast)]
    return Tracks(tuple(each), seconds, line.rate, segment, shot, live, view)


def _cast(storyboard: Storyboard, things: Collection[str]) -> list[_Wanted]:
    """Those of whom the detector was taught, and whose look the storyboard describes."""
    found = []
    for entity in storyboard.entities:
        thing = next((word for word in entity.description.split() if word in things), None)
        look = look_of(f"{entity.description} nothing" if thing else entity.description)
        if look is not None and (thing or entity.kind == "character"):
            found.append(_Wanted(entity, thing or "character", look))
    return found


def _assigned(rows: Array, cast: list[_Wanted], expected: Flags, shot: npt.NDArray[np.int64], least: float) -> Array:
    """The box of each entity at each moment in pixels, (entities, samples, 4); NaN where it is not seen."""
    seen = sights(rows)
    boxes = np.full((len(cast), len(rows), 4), np.nan)
    places = seen.box * [WIDTH, HEIGHT, WIDTH, HEIGHT]
    last = np.full((len(cast), 4), np.nan)
    for sample in range(len(rows)):
        if sample and shot[sample] != shot[sample - 1]:
            last[:] = np.nan
        there = np.flatnonzero(expected[:, sample])
        sure = np.flatnonzero(seen.score[sample] >= least)
        kind, look = seen.kind[sample, sure], seen.identity[sample, sure]
        fits = np.array([[_fits(cast[who], *one) for one in zip(kind, look, strict=True)] for who in there])
        fits = fits.reshape(len(there), len(sure))
        far = np.abs(last[there, None] - places[sample, sure]).mean(axis=2)
        wanted = fits - FAR * np.nan_to_num(far)
        for who, which in zip(*linear_sum_assignment(np.where(fits > ALIKE, wanted, -9.0), maximize=True), strict=True):
            if fits[who, which] > ALIKE:
                boxes[there[who], sample] = last[there[who]] = places[sample, sure[which]]
    return boxes


def _fits(wanted: _Wanted, kind: int, look: Array) -> float:
    """How alike the looks are; -1 where it is something else."""
    return float(wanted.look @ look) if KINDS[kind] == wanted.kind else -1.0


def _view(camera: Features, storyboard: Storyboard, shot: npt.NDArray[np.int64]) -> Array:
    """Scale and shift of each sample against the first frame of its shot, (samples, 3)."""
    moves = timeline(_since_start(camera), storyboard).rows
    first = moves[np.searchsorted(shot, shot)]
    scale = moves[:, :1] / first[:, :1]
    return np.concatenate([scale, moves[:, 1:] - scale * first[:, 1:]], axis=1)


def _since_start(camera: Features) -> Features:
    """Scale and shift of each frame against the first one; moves that little of the picture follows are none."""
    moves = np.zeros((len(camera.array), 3), np.float32)
    scale, shift = 1.0, np.zeros(2)
    for number, (zoom, across, down, share) in enumerate(camera.array.astype(np.float64)):
        if share >= FEWEST_FOLLOW:
            scale, shift = scale * zoom, zoom * shift + [across, down]
        moves[number] = scale, *shift
    return Features(camera.extractor, camera.version, moves, camera.seconds)
