"""The script writer: episodes from a seed, and the storyboards that tell them."""

from __future__ import annotations

import random
import re
from functools import lru_cache

from evalsuite.errors import StoryboardError
from evalsuite.toon.episode import Episode
from evalsuite.toon.plot import Plot, plot
from evalsuite.toon.staging import stage
from evalsuite.toon.telling import tell
from evalsuite.types import Storyboard

_WORLD = re.compile(r"toon/1/([a-z0-9_]+)/([1-9][0-9]{0,3})/(0|[1-9][0-9]{0,8})")


def episode(split: str, segments: int, index: int) -> Episode:
    """The episode of so many segments of 3 s.

    The split `train` has no look that is held out; in any other split, every second cast has only such looks.
    """
    world = f"toon/1/{split}/{segments}/{index}"
    story = _plot(world)
    return Episode(
        id=f"{split}-{index:04d}",
        seed=world,
        title=story.title,
        characters=story.characters,
        things=story.things,
        places=story.places,
        shots=stage(story, random.Random(f"{world}/staging")),
    )


def storyboard(episode: Episode) -> Storyboard:
    """The English of an episode, and what it declares to be seen."""
    return tell(episode, _plot(episode.seed).beats, random.Random(f"{episode.seed}/telling"))


def from_world(world: str) -> Episode:
    """The episode behind `Storyboard.world`; StoryboardError for anything else."""
    split, segments, index = _parts(world)
    return episode(split, segments, index)


@lru_cache(maxsize=4)
def _plot(world: str) -> Plot:
    split, segments, index = _parts(world)
    return plot(random.Random(world), segments, held_out=split != "train" and index % 2 == 0)


def _parts(world: str) -> tuple[str, int, int]:
    found = _WORLD.fullmatch(world)
    if found is None:
        raise StoryboardError(f"{world!r} is no world of this script; one looks like toon/1/one_minute/21/17")
    return found[1], int(found[2]), int(found[3])
