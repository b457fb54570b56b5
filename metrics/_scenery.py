"""What of the place and of what lies there is seen in each segment of a story."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from evalsuite.types import Entity, Features, Storyboard

from ._evidence import evidence
from ._stir import NAME as STIR
from ._timeline import Array, Flags, Timeline, overlooked, segments_at, shares, timeline
from ._toon_id import NAME as TOON_ID
from ._toon_id import sights
from ._toon_place import NAME as TOON_PLACE
from .models.looks import KINDS, SCORE, THINGS
from .models.places import EMBEDDING, kind_of, kinds_seen

OFTEN = 0.25
"""The share of a segment's moments from which on something counts as seen in it."""


@dataclass(frozen=True)
class Scenery:
    """By segment; arrays are (segments, ...)."""

    present: Flags
    """Whether a place is seen often enough, of the kind that the setting's description names if it names one."""
    prototype: Array
    """The mean of its embeddings, of length 1, or 0 where it is not seen: (segments, EMBEDDING)."""
    things: tuple[dict[str, bool], ...]
    """The things that the storyboard has there, and whether each is seen often enough."""
    overlooked: Flags
    """Whether it is so short that no look at the place fell into it."""
    coverage: float


def scenery(features: Mapping[str, Features], storyboard: Storyboard) -> Scenery:
    """Looks through a video once; moments that are frozen, looped or incoherent show nothing."""
    thumbnails = timeline(features["thumbnails"], storyboard)
    live = evidence(thumbnails, features[STIR]).live
    line = timeline(features[TOON_PLACE], storyboard)
    counts = thumbnails.at(line.seconds, live) & _as_named(line, storyboard)
    total = np.zeros((len(storyboard.segments), EMBEDDING))
    np.add.at(total, segments_at(line.seconds, storyboard)[counts], line.rows[counts])
    length = np.linalg.norm(total, axis=1, keepdims=True)
    present = shares(counts, line, storyboard) >= OFTEN
    things, unseen = _things(features, storyboard, live), overlooked(line.seconds, storyboard, thumbnails.coverage)
    return Scenery(present, total / np.maximum(length, 1e-9), things, unseen, thumbnails.coverage)


def _as_named(line: Timeline, storyboard: Storyboard) -> Flags:
    """Whether each moment shows the kind of place that its setting is said to be; any will do where none is named."""
    kinds = {entity.id: kind_of(entity.description) for entity in storyboard.entities}
    named = [kinds.get(segment.setting or "") for segment in storyboard.segments]
    wanted = np.array([-1 if kind is None else kind for kind in named])[segments_at(line.seconds, storyboard)]
    return np.asarray((wanted < 0) | (wanted == kinds_seen(line.rows)))


def _things(features: Mapping[str, Features], storyboard: Storyboard, live: Flags) -> tuple[dict[str, bool], ...]:
    """Of each segment, the things that the storyboard has there, by whether one of their kind is seen often enough."""
    line = timeline(features[TOON_ID], storyboard)
    seen = sights(line.rows)
    kinds = np.where(seen.score >= SCORE, seen.kind, -1)
    number = {entity.id: _thing(entity) for entity in storyboard.entities}
    often = {kind: shares(live & (kinds == kind).any(axis=1), line, storyboard) >= OFTEN for kind in number.values()}
    things = [[name for name in segment.present if number[name] is not None] for segment in storyboard.segments]
    return tuple({name: bool(often[number[name]][place]) for name in here} for place, here in enumerate(things))


def _thing(entity: Entity) -> int | None:
    """The number in `KINDS` of what is described, where toon-id knows it; None for all else."""
    words = entity.description.split() if entity.kind == "object" else []
    return next((KINDS.index(kind) for kind in THINGS if kind in words), None)
