"""The families of plots and the incidents by the way, as `plots.toml` holds them, with roles in place of names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from evalsuite.toon.phrases import read

Purpose = Literal["", "goal", "obstacle", "return", "resolution"]


@dataclass(frozen=True, slots=True)
class BeatPlan:
    """A beat of a scene; the act `fill` stands for any number of incidents."""

    act: str
    lead: str = "x"
    thing: str | None = None
    purpose: Purpose = ""
    lines: tuple[str, ...] = ("",)


@dataclass(frozen=True, slots=True)
class ScenePlan:
    """Beats in one place."""

    place: str
    cast: str
    beats: tuple[BeatPlan, ...]
    time: Literal["day", "night"] = "day"
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Family:
    """A kind of story."""

    titles: tuple[str, ...]
    cast: int
    """How many characters it needs."""
    scenes: tuple[ScenePlan, ...]


@dataclass(frozen=True, slots=True)
class Incident:
    """A small thing that happens by the way to a character x and another y."""

    weight: float
    beats: tuple[BeatPlan, ...]
    hands: bool = False
    """Whether x must have nothing in hand."""
    toy: str = ""
    """The physical thing that stays behind."""


def _beats(tables: list[dict[str, Any]]) -> tuple[BeatPlan, ...]:
    return tuple(BeatPlan(**{**table, "lines": tuple(table.get("lines", [""]))}) for table in tables)


def _scenes(tables: list[dict[str, Any]]) -> tuple[ScenePlan, ...]:
    return tuple(ScenePlan(**{**table, "beats": _beats(table["beats"])}) for table in tables)


def _families(tables: list[dict[str, Any]]) -> tuple[Family, ...]:
    return tuple(Family(tuple(table["titles"]), table["cast"], _scenes(table["scenes"])) for table in tables)


_PLOTS = read("plots.toml")

ADVENTURES = _families(_PLOTS["adventures"])
ERRANDS = _families(_PLOTS["errands"])
VIGNETTES = _families(_PLOTS["vignettes"])
INCIDENTS = tuple(Incident(**{**table, "beats": _beats(table["beats"])}) for table in _PLOTS["incidents"])
