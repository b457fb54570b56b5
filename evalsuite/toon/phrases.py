"""The phrases of the storyteller, as `words_actions.toml` and `words_places.toml` hold them."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

Patterns = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sight:
    """Something to be seen in a place."""

    pattern: str
    xs: tuple[float, ...] = (48.0, 48.0, 48.0)
    """Where it is in each layout, in stage units."""
    tones: tuple[str, ...] = ("", "", "")
    """The word {tone} in each palette."""


def read(name: str) -> dict[str, Any]:
    """A data file of the cartoon world."""
    return tomllib.loads((files("evalsuite.toon") / name).read_text(encoding="utf-8"))


def _patterns(table: Mapping[str, list[str]]) -> dict[str, Patterns]:
    return {name: tuple(patterns) for name, patterns in table.items()}


def _sight(table: dict[str, Any]) -> Sight:
    unmoved = Sight(table["pattern"])
    return Sight(unmoved.pattern, tuple(table.get("xs", unmoved.xs)), tuple(table.get("tones", unmoved.tones)))


def _sights(table: Mapping[str, list[dict[str, Any]]]) -> dict[str, tuple[Sight, ...]]:
    return {name: tuple(_sight(sight) for sight in sights) for name, sights in table.items()}


_ACTIONS = read("words_actions.toml")
_PLACES = read("words_places.toml")

ACTION = _patterns(_ACTIONS["action"])
BYSTANDING = _patterns(_ACTIONS["bystanding"])
HAPPENING = _patterns(_ACTIONS["happening"])
CAMERA = _patterns(_ACTIONS["camera"])
THINGS = _patterns(_ACTIONS["things"])
SPOTS = _patterns(_ACTIONS["spots"])
EDGES = _patterns(_ACTIONS["edges"])
RELATIONS = _patterns(_ACTIONS["relations"])

BACKGROUND = _patterns(_PLACES["background"])
SIDES = _patterns(_PLACES["sides"])
WHERE: dict[str, str] = _PLACES["where"]
LIGHT = _sights(_PLACES["light"])
SIGHTS = _sights(_PLACES["sights"])
