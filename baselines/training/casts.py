"""Made-up texts with many characters and next to no story: half introduce them, the other half names some again.

A memory that knows all the looks of a story and not whose they are is right in every second case where there are two
characters, and in one of six where there are six. So it is from many that whose is learned soonest.
"""

from __future__ import annotations

import random

from evalsuite.toon.episode import ACCESSORIES, COLOURS, SPECIES
from evalsuite.toon.language import STATURE, WORN
from evalsuite.toon.names import NAMES

_AGAIN = 3
"""So many are named in a later text."""
_DOES = (
    "waves",
    "rests",
    "laughs",
    "sits on the floor",
    "walks to the left",
    "waits on the left",
    "dances in the middle",
    "jumps again and again",
    "looks to the right side",
    "stands in the centre of it all",
)
_AROUND = (
    "In the bedroom, a bed stands on the right.",
    "Clouds stand in the sky.",
    "The camera keeps still.",
    "It is bright day.",
    "Slowly the picture drifts to the left.",
)


def draw_cast(luck: random.Random, segments: int, characters: int) -> list[str]:
    """The texts of `segments` segments."""
    names = luck.sample(NAMES, characters)
    first = max(1, segments // 2)
    told = [[f"{name}, {_look(luck)}, {luck.choice(_DOES)}." for name in names[part::first]] for part in range(first)]
    again = min(_AGAIN, characters)
    later = [[f"{name} {luck.choice(_DOES)}." for name in luck.sample(names, again)] for _ in range(first, segments)]
    return [_told(sentences, luck) for sentences in told + later]


def _look(luck: random.Random) -> str:
    """Such as "a little red fox with a hat"."""
    noun = f"{luck.choice(STATURE)}{luck.choice(COLOURS)} {luck.choice(SPECIES)}"
    article = "an" if noun[0] in "aeiou" else "a"
    return f"{article} {noun} {luck.choice(WORN[luck.choice(ACCESSORIES)])}"


def _told(sentences: list[str], luck: random.Random) -> str:
    """In any order, and half of the time with one more about something else."""
    around = [luck.choice(_AROUND)] if luck.random() < 0.5 else []
    return " ".join(luck.sample([*sentences, *around], len(sentences) + len(around)))
