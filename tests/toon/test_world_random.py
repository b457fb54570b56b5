"""Any script that fits the episode's dataclasses is drawn, and its boxes agree with its masks."""

from __future__ import annotations

import random

import numpy as np
import pytest

from evalsuite.toon import world
from evalsuite.toon.episode import (
    ACCESSORIES,
    ACTIONS,
    COLOURS,
    HAPPENINGS,
    KEEPSAKES,
    PHYSICAL_THINGS,
    SETTINGS,
    SPECIES,
    Camera,
    Character,
    Episode,
    Happening,
    Look,
    Performance,
    Place,
    Placement,
    Shot,
    Thing,
)
from evalsuite.types import VideoSpec

SPEC = VideoSpec(96, 64, 8.0)
NAMES = ("ada", "bo", "cy")
THINGS = ("one", "two", "three")


def random_episode(seed: int) -> Episode:
    """An episode without any sense."""
    rng = random.Random(f"random episode {seed}")
    looks = [Look(rng.choice(SPECIES), rng.choice(COLOURS), rng.choice(ACCESSORIES)) for _ in NAMES]
    kinds = rng.sample(KEEPSAKES + PHYSICAL_THINGS, len(THINGS))
    return Episode(
        f"random-{seed}",
        f"random {seed}",
        "Nonsense",
        tuple(Character(name, name.title(), look) for name, look in zip(NAMES, looks, strict=True)),
        tuple(Thing(name, kind, rng.choice(COLOURS)) for name, kind in zip(THINGS, kinds, strict=True)),
        tuple(Place(name, rng.choice(SETTINGS), rng.randrange(3), rng.randrange(3)) for name in "pq"),
        tuple(random_shot(rng) for _ in range(5)),
    )


def random_shot(rng: random.Random) -> Shot:
    cast = rng.sample(NAMES, rng.randrange(4))
    return Shot(
        rng.choice((0.4, 2.0, 3.0)),
        rng.choice("pq"),
        rng.choice(("day", "night")),
        rng.random() < 0.3,
        Camera(rng.choice(("still", "pan", "zoom")), rng.uniform(-1, 1)),
        tuple(random_performance(rng, name) for name in cast),
        tuple(
            Placement(name, rng.choice((None, rng.uniform(0, 96))), rng.choice((None, *NAMES)))
            for name in rng.sample(THINGS, rng.randrange(4))
        ),
        random_happening(rng) if rng.random() < 0.6 else None,
    )


def random_performance(rng: random.Random, name: str) -> Performance:
    start = rng.uniform(0, 96)
    end = rng.choice((start, rng.uniform(0, 96)))
    return Performance(name, rng.choice(ACTIONS), start, end, rng.choice((-1, 1)), rng.choice((None, *THINGS)))


def random_happening(rng: random.Random) -> Happening:
    kind, thing, actor = rng.choice(HAPPENINGS), rng.choice(THINGS), rng.choice((None, *NAMES))
    return Happening(kind, thing, rng.uniform(0, 3.5), rng.uniform(0, 96), rng.choice((-1, 1)), actor)


@pytest.mark.parametrize("seed", range(40))
def test_boxes_enclose_masks_closely(seed: int) -> None:
    episode = random_episode(seed)
    frames, truths, masks = (list(make(episode, SPEC)) for make in (world.frames, world.truth, world.masks))
    assert len(frames) == len(truths) == len(masks) == round(episode.seconds * 8)
    for truth, shown in zip(truths, masks, strict=True):
        boxes = {entity.id: entity.box for entity in truth.entities}
        assert set(shown) <= set(boxes)
        for name, mask in shown.items():
            assert_encloses(boxes[name], mask)


def assert_encloses(box: tuple[float, float, float, float], mask: np.ndarray) -> None:
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    assert box[0] - 1 <= columns[0]
    assert columns[-1] + 1 <= box[2] + 1
    assert box[1] - 1 <= rows[0]
    assert rows[-1] + 1 <= box[3] + 1


@pytest.mark.parametrize("species", SPECIES)
@pytest.mark.parametrize("action", ACTIONS)
def test_the_box_of_someone_alone_fits_tightly(species: str, action: str) -> None:
    look = Look(species, "purple", ACCESSORIES[SPECIES.index(species) % len(ACCESSORIES)])
    shot = Shot(1.0, "p", "day", False, Camera("still"), (Performance("ada", action, 40.0, 48.0, 1),))
    episode = Episode("e", "e", "e", (Character("ada", "Ada", look),), (), (Place("p", "meadow", 0, 0),), (shot,))
    for truth, shown in zip(world.truth(episode, SPEC), world.masks(episode, SPEC), strict=True):
        rows, columns = np.nonzero(shown["ada"])
        edges = (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
        assert np.abs(np.array(edges) - np.array(truth.entities[0].box)).max() <= 1.5
