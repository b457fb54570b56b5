"""How well toon-id finds and tells apart on episodes that it was not trained on; intervals are over episodes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from evalsuite.stats import Estimate, auc, clustered_mean
from evalsuite.toon.episode import ACCESSORIES, COLOURS, SPECIES, Look

from ..models.looks import SCORE
from ..models.toon_id import Detector, peaks
from .scenes import FEWEST_PIXELS, Scenes, scenes

OVERLAP = 0.5
_AT_ONCE = 64
_OTHERS = 300
"""Sights of other characters, drawn once, with which those of an episode are compared."""

Array = npt.NDArray[np.float64]
Words = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Reading:
    """What was made of one frame."""

    hits: int
    extra: int
    missed: int
    portraits: list[tuple[Array, Words]]
    """Embedding and look of each character that was found."""


@dataclass(frozen=True, slots=True)
class Cosines:
    """Of an episode's pairs of sights of one character, and of pairs with sights of another."""

    genuine: Array
    impostor: Array


def quality(model: Detector, folder: Path, episodes: int) -> dict[str, Estimate]:
    """Of detection: precision, recall, F1; of looks: mean cosines of genuine and impostor pairs, and their AUC.

    What could not be measured, since nothing was found, is left out.
    """
    seen = scenes(folder, "dev", 0, episodes)
    each = len(seen) // episodes
    readings = list(_readings(model, seen))
    told = [[one for reading in readings[i : i + each] for one in reading.portraits] for i in range(0, len(seen), each)]
    known = _cosines(told)
    strange = _cosines([[one for one in portraits if _look(one[1]).held_out] for portraits in told])
    values = {
        **_detection(readings, each),
        "genuine": [pairs.genuine for pairs in known],
        "impostor": [pairs.impostor for pairs in known],
        "auc": [np.array([auc(pairs.genuine, pairs.impostor)]) for pairs in known],
        "auc_of_unseen_looks": [np.array([auc(pairs.genuine, pairs.impostor)]) for pairs in strange],
    }
    return {name: _estimate(of_episodes) for name, of_episodes in values.items() if of_episodes}


def overlap(one: Array, other: Array) -> float:
    """Intersection over union of two boxes."""
    low, high = np.maximum(one[:2], other[:2]), np.minimum(one[2:], other[2:])
    both = float(np.prod(np.maximum(high - low, 0)))
    area = sum(float(np.prod(box[2:] - box[:2])) for box in (one, other))
    return both / (area - both)


def _estimate(of_episodes: Sequence[Array]) -> Estimate:
    clusters = [str(number) for number, values in enumerate(of_episodes) for _ in values]
    return clustered_mean(np.concatenate(of_episodes).tolist(), clusters)


def _detection(readings: Sequence[Reading], each: int) -> dict[str, list[Array]]:
    """For each episode, a 1 for each hit and a 0 for each fault: the mean of both kinds' together is F1."""
    found: dict[str, list[Array]] = {"precision": [], "recall": [], "f1": []}
    for start in range(0, len(readings), each):
        here = readings[start : start + each]
        hits, extra, missed = (sum(getattr(one, name) for one in here) for name in ("hits", "extra", "missed"))
        for name, right, wrong in (
            ("precision", hits, extra),
            ("recall", hits, missed),
            ("f1", 2 * hits, extra + missed),
        ):
            found[name].append(np.repeat([1.0, 0.0], [right, wrong]))
    return found


def _readings(model: Detector, seen: Scenes) -> Iterator[Reading]:
    for start in range(0, len(seen), _AT_ONCE):
        frames = seen.frames[start : start + _AT_ONCE].movedim(-1, 1).float() / 127.5 - 1
        with torch.no_grad():
            scores, kinds, boxes, identities = (part.numpy() for part in peaks(model(frames), 10))
        for number in range(len(frames)):
            good = scores[number] >= SCORE
            truth = (part[start + number].numpy() for part in (seen.boxes, seen.words, seen.pixels))
            yield _compare(kinds[number][good], boxes[number][good], identities[number][good], *truth)


def _compare(kinds: Array, boxes: Array, identities: Array, true_boxes: Array, words: Array, pixels: Array) -> Reading:
    """Each detection, the surest first, answers for one entity of its kind at most."""
    free = {number for number in range(len(pixels)) if pixels[number] > 0}
    hits, extra, portraits = 0, 0, []
    for kind, box, identity in zip(kinds, boxes, identities, strict=True):
        fits = {number: overlap(box, true_boxes[number]) for number in free if words[number, 0] == kind}
        best = max(fits, key=fits.__getitem__, default=-1)
        if best < 0 or fits[best] < OVERLAP:
            extra += 1
            continue
        free.remove(best)
        if pixels[best] >= FEWEST_PIXELS:
            hits += 1
            if kind == 0:
                portraits.append((identity, tuple(int(word) for word in words[best, 1:])))
    return Reading(hits, extra, sum(bool(pixels[number] >= FEWEST_PIXELS) for number in free), portraits)


def _look(words: Words) -> Look:
    return Look(SPECIES[words[0]], COLOURS[words[1]], ACCESSORIES[words[2]])


def _cosines(told: Sequence[list[tuple[Array, Words]]]) -> list[Cosines]:
    """For each episode that has a pair of one character; sights of others are drawn from all episodes."""
    everyone = [one for portraits in told for one in portraits]
    order = np.random.default_rng(0).permutation(len(everyone))[:_OTHERS]
    others = [everyone[place] for place in order]
    found = []
    for portraits in told:
        genuine = [
            one @ other
            for place, (one, look) in enumerate(portraits)
            for other, same in portraits[place + 1 :]
            if same == look
        ]
        impostor = [one @ other for one, look in portraits for other, same in others if same != look]
        if genuine and impostor:
            found.append(Cosines(np.array(genuine), np.array(impostor)))
    return found
