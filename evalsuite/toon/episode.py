"""An episode: the exact script of one cartoon, from which both its English and its pictures are made.

Places are measured in stage units: the camera at rest sees 96 across (x, to the right) and 64 down (y); the ground on
which characters stand is at y = `GROUND`.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Literal

STAGE_WIDTH = 96.0
STAGE_HEIGHT = 64.0
GROUND = 54.0

SPECIES = ("cat", "dog", "rabbit", "bear", "fox", "mouse", "frog", "penguin")
COLOURS = ("red", "orange", "yellow", "green", "blue", "purple", "pink", "brown")
ACCESSORIES = ("hat", "scarf", "glasses", "bow", "crown", "backpack")
SETTINGS = (
    "meadow",
    "forest",
    "beach",
    "snowfield",
    "mountain",
    "harbour",
    "street",
    "playground",
    "farm",
    "kitchen",
    "bedroom",
    "library",
)
INDOORS = ("kitchen", "bedroom", "library")
PALETTES = 3
LAYOUTS = 3
ACTIONS = (
    "stand",
    "walk",
    "run",
    "jump",
    "wave",
    "dance",
    "sit",
    "sleep",
    "look",
    "cheer",
    "pick_up",
    "put_down",
    "carry",
    "push",
    "throw",
    "blow_bubbles",
)
KEEPSAKES = ("lantern", "umbrella", "basket", "drum", "teapot", "book")
PHYSICAL_THINGS = ("ball", "box", "barrel", "blocks", "bubbles")
HAPPENINGS = ("throw", "bounce", "fall", "roll", "rise", "topple")

Action = str
TimeOfDay = Literal["day", "night"]


@dataclass(frozen=True, slots=True)
class Look:
    """What a character looks like, for the whole episode."""

    species: str
    colour: str
    accessory: str

    @property
    def held_out(self) -> bool:
        """Whether this triple is one of the 10 % that never occur in training."""
        digest = hashlib.sha256(f"{self.species} {self.colour} {self.accessory}".encode()).digest()
        return digest[0] * 256 + digest[1] < 6554


@dataclass(frozen=True, slots=True)
class Character:
    id: str
    name: str
    look: Look


@dataclass(frozen=True, slots=True)
class Thing:
    """A keepsake or a physical thing; blocks are one stack of three, bubbles one breath of them."""

    id: str
    kind: str
    colour: str


@dataclass(frozen=True, slots=True)
class Place:
    """A setting with its variants, which stay the same whenever the story returns to it."""

    id: str
    kind: str
    palette: int
    layout: int


@dataclass(frozen=True, slots=True)
class Performance:
    """What a character does during a shot."""

    character: str
    action: Action
    start_x: float
    end_x: float
    facing: Literal[-1, 1]
    target: str | None = None
    """A thing that the action is about. `pick_up` takes it and `put_down` leaves it at half time."""


@dataclass(frozen=True, slots=True)
class Placement:
    """A thing that is in the shot when it begins."""

    thing: str
    x: float | None
    """Where it rests on the ground; None means where it was last seen in this place."""
    held_by: str | None = None


@dataclass(frozen=True, slots=True)
class Happening:
    """A physical event, set off `start` seconds into the shot and left to gravity."""

    kind: str
    thing: str
    start: float
    x: float
    direction: Literal[-1, 1]
    actor: str | None = None


@dataclass(frozen=True, slots=True)
class Camera:
    """`amount` is -1 - 1: a pan to the left or right, a zoom out or in, over the length of the shot."""

    kind: Literal["still", "pan", "zoom"]
    amount: float = 0.0


@dataclass(frozen=True, slots=True)
class Shot:
    """What one segment of the storyboard shows."""

    seconds: float
    place: str
    time: TimeOfDay
    cut_before: bool
    camera: Camera
    performances: tuple[Performance, ...]
    placements: tuple[Placement, ...] = ()
    happening: Happening | None = None


@dataclass(frozen=True, slots=True)
class Episode:
    """One whole cartoon."""

    id: str
    seed: str
    title: str
    characters: tuple[Character, ...]
    things: tuple[Thing, ...]
    places: tuple[Place, ...]
    shots: tuple[Shot, ...]

    @property
    def seconds(self) -> float:
        return sum(shot.seconds for shot in self.shots)
