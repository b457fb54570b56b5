"""Staging: from a plot to shots, with everyone and everything in a place of its own.

The stage remembers: whoever ends a shot at x starts the next one there unless a cut lies between, and a thing stays in
the place where it was left.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Literal

from evalsuite.toon.camera import CameraMove, View, camera_move
from evalsuite.toon.episode import Camera, Happening, Performance, Placement, Shot
from evalsuite.toon.plot import Beat, Plot, Scene

LEFT, RIGHT = 14.0, 82.0
"""How far characters go, in stage units."""
SPOTS = tuple(float(x) for x in range(int(LEFT), int(RIGHT) + 1))
"""Where they may stand."""
GAP = 18.0
"""How close characters come to each other."""
REACH = 7.5
"""How far from its bearer a thing is set down."""

HAPPENINGS = {name: name for name in ("throw", "bounce", "fall", "roll", "topple")} | {"blow_bubbles": "rise"}
"""Beat -> the physical event that it sets off."""
ACTIONS = {"approach": "walk", "stroll": "walk", "bounce": "look", "fall": "look", "roll": "push", "topple": "look"}
"""What a lead does in beats that are no actions themselves."""
MOVES = {"walk": 40.0, "run": 60.0, "carry": 34.0, "approach": 36.0}
"""How far these beats would like to lead, in stage units."""
BYSTANDING = {
    "dance": ("dance", "cheer", "look", "stand"),
    "cheer": ("cheer", "jump", "wave", "stand"),
    "wave": ("wave", "stand", "jump"),
    "sleep": ("sit", "sleep", "stand"),
    "sit": ("sit", "stand", "look"),
}
"""What the others may do while the lead does something."""
OTHERWISE = ("stand", "look", "wave", "jump", "sit", "cheer")
WATCHING = ("look", "cheer", "jump", "stand")
"""What they may do while something falls, flies or rolls."""
CAMERAS: tuple[Literal["still", "pan", "zoom"], ...] = ("still", "still", "still", "pan", "pan", "zoom", "zoom", "zoom")
"""What the camera tries to do, as often as it is named."""


@dataclass(frozen=True, slots=True)
class Path:
    """Where someone starts and ends."""

    start: float
    end: float

    @property
    def facing(self) -> Literal[-1, 1]:
        return 1 if self.end >= self.start else -1

    def clear_of(self, x: float) -> bool:
        """Whether someone who stays at x is never closer than `GAP`, nor passed by."""
        return x <= min(self.start, self.end) - GAP or x >= max(self.start, self.end) + GAP


class Stage:
    """What is where, while a plot is played."""

    def __init__(self, plot: Plot, rng: random.Random) -> None:
        self.plot = plot
        self.rng = rng
        self.kinds = {thing.id: thing.kind for thing in plot.things}
        self.lying: dict[str, dict[str, float]] = {place.id: {} for place in plot.places}
        """Place -> thing -> where it lies, as far as the script knows."""
        self.shown: set[tuple[str, str]] = set()
        """(place, thing) that a shot has shown at rest, so that its x is the world's to remember."""
        self.held: dict[str, str] = {}
        """Thing -> who holds it."""
        self.at: dict[str, float] = {}
        """Character -> where it ended the last shot of this scene."""
        self.view: View | None = None
        """Where the last shot of this scene left the camera."""

    def play(self) -> tuple[Shot, ...]:
        """One shot for each beat."""
        return tuple(shot for scene in self.plot.scenes for shot in self._scene(scene))

    def _scene(self, scene: Scene) -> list[Shot]:
        self.at = {}
        self.view = None
        self.held = {thing: who for thing, who in self.held.items() if who in scene.cast}
        self._bring(scene)
        return [self._shot(scene, beat, number) for number, beat in enumerate(scene.beats)]

    def _bring(self, scene: Scene) -> None:
        """What must be there from the start of a scene, because it cannot appear later."""
        for number, beat in enumerate(scene.beats):
            if beat.thing is None:
                continue
            if beat.act == "throw" or (beat.act in ("carry", "put_down", "stroll") and not self._known(beat.thing)):
                self.held[beat.thing] = beat.lead
            if beat.act == "topple" or (beat.act == "roll" and number == 0):
                self.lying[scene.place][beat.thing] = self._free_spot(scene.place)

    def _known(self, thing: str) -> bool:
        return thing in self.held or any(thing in things for things in self.lying.values())

    def _shot(self, scene: Scene, beat: Beat, number: int) -> Shot:
        placements = self._placements(scene.place)
        paths = self._paths(scene, beat)
        performances = self._performances(scene, beat, paths)
        happening = self._happening(scene, beat, performances[0])
        self._remember(scene, beat, performances, happening)
        return Shot(
            3.0,
            scene.place,
            scene.time,
            number == 0 and scene is not self.plot.scenes[0],
            self._camera(performances, happening),
            performances,
            self._with_prop(placements, happening, beat),
            happening,
        )

    # Where things are

    def _placements(self, place: str) -> list[Placement]:
        resting = [
            Placement(thing, None if (place, thing) in self.shown else x) for thing, x in self.lying[place].items()
        ]
        self.shown.update((place, thing) for thing in self.lying[place])
        return resting + [Placement(thing, None, who) for thing, who in self.held.items()]

    def _with_prop(self, placements: list[Placement], happening: Happening | None, beat: Beat) -> tuple[Placement, ...]:
        """A rolling barrel of a scene's first shot stands where it will be pushed."""
        if happening is None or happening.kind != "roll":
            return tuple(placements)
        return tuple(
            Placement(placed.thing, happening.x) if placed.thing == happening.thing else placed for placed in placements
        )

    def _remember(
        self, scene: Scene, beat: Beat, performances: tuple[Performance, ...], happening: Happening | None
    ) -> None:
        self.at = {performance.character: performance.end_x for performance in performances}
        here = self.lying[scene.place]
        if beat.act == "put_down" and beat.thing:
            self.held.pop(beat.thing)
            here[beat.thing] = self.at[beat.lead] + REACH * performances[0].facing
            self.shown.add((scene.place, beat.thing))
        if beat.act == "pick_up" and beat.thing:
            here.pop(beat.thing)
            self.shown.discard((scene.place, beat.thing))
            self.held[beat.thing] = beat.lead
        if happening is not None and happening.kind != "rise":
            self.held.pop(happening.thing, None)
            here[happening.thing] = happening.x
            self.shown.add((scene.place, happening.thing))

    def _free_spot(self, place: str, *taken: float) -> float:
        """The spot that is farthest from everything in a place and from `taken`."""
        lying = [*self.lying[place].values(), *taken]
        spots = [float(spot) for spot in range(16, 81, 4)]
        self.rng.shuffle(spots)
        return max(spots, key=lambda spot: min((abs(spot - x) for x in lying), default=0.0))

    # Where characters go

    def _paths(self, scene: Scene, beat: Beat) -> dict[str, Path]:
        goal = self.lying[scene.place].get(beat.thing or "") if beat.act in ("approach", "pick_up") else None
        if not self.at:
            return self._entrance(scene, beat, goal)
        if beat.act == "stroll":
            return self._together()
        return self._walk_on(beat, goal)

    def _entrance(self, scene: Scene, beat: Beat, goal: float | None) -> dict[str, Path]:
        """Paths for the first shot after a cut: tried until nobody is in the way."""
        wish = MOVES.get(beat.act, 0.0)
        for attempt in range(100):
            way = wish * (1 - attempt / 100) * self.rng.choice((-1, 1))
            end = self._beside(goal) if goal is not None else self._standing_room(scene.place)
            start = end - way
            if LEFT <= start <= RIGHT and (
                paths := self._around(beat.lead, Path(round(start), round(end)), scene.cast)
            ):
                return paths
        raise AssertionError(f"no room for {len(scene.cast)} characters")

    def _around(self, lead: str, path: Path, cast: tuple[str, ...]) -> dict[str, Path] | None:
        """The lead's path, and a spot for everyone else where nobody is in the way; None if there is none."""
        paths = {lead: path}
        for name in cast:
            if name == lead:
                continue
            free = [x for x in SPOTS if all(other.clear_of(x) for other in paths.values())]
            if not free:
                return None
            spot = self.rng.choice(free)
            paths[name] = Path(spot, spot)
        return paths

    def _standing_room(self, place: str) -> float:
        """Somewhere to stand beside what lies in a place."""
        lying = self.lying[place].values()
        return self.rng.choice([x for x in SPOTS if all(abs(x - thing) >= GAP for thing in lying)] or SPOTS)

    def _beside(self, x: float) -> float:
        return min(max(x + self.rng.choice((-REACH, REACH)), LEFT), RIGHT)

    def _together(self) -> dict[str, Path]:
        """Everyone walks the same way, as far as there is room."""
        left, right = min(self.at.values()) - LEFT, RIGHT - max(self.at.values())
        way = float(min(right, 36.0) if right >= left else -min(left, 36.0))
        return {name: Path(x, x + way) for name, x in self.at.items()}

    def _walk_on(self, beat: Beat, goal: float | None) -> dict[str, Path]:
        """The lead walks between its neighbours; the others stay."""
        x = self.at[beat.lead]
        low = max([LEFT, *(other + GAP for other in self.at.values() if other < x)])
        high = min([RIGHT, *(other - GAP for other in self.at.values() if other > x)])
        end = x
        if goal is not None and abs(goal - x) > REACH:
            end = min(max(goal - REACH if x < goal else goal + REACH, low), high)
        elif goal is None and beat.act in MOVES:
            wish = MOVES[beat.act]
            end = min(x + wish, high) if high - x >= x - low else max(x - wish, low)
        return {name: Path(other, other) for name, other in self.at.items()} | {beat.lead: Path(x, end)}

    # What characters do

    def _performances(self, scene: Scene, beat: Beat, paths: dict[str, Path]) -> tuple[Performance, ...]:
        others = [name for name in scene.cast if name != beat.lead]
        pool = WATCHING if beat.act in HAPPENINGS else BYSTANDING.get(beat.act, OTHERWISE)
        shared = self.rng.choice(pool) if self.rng.random() < 0.6 else None
        played = [self._lead(beat, paths[beat.lead])]
        for name in others:
            facing: Literal[-1, 1] = 1 if paths[beat.lead].end >= paths[name].end else -1
            played.append(self._bystander(name, shared or self.rng.choice(pool), paths[name], facing))
        return tuple(played)

    def _lead(self, beat: Beat, path: Path) -> Performance:
        action = "look" if beat.act == "roll" and self.at else ACTIONS.get(beat.act, beat.act)
        if action in ("walk", "run") and path.start == path.end:
            action = "look"
        target, bears = beat.thing, self._borne_by(beat.lead)
        if bears and action in ("walk", "carry"):
            action, target = "carry", bears
        facing = path.facing if path.start != path.end else self._inward(path.end, beat.thing, beat.act)
        return Performance(beat.lead, action, path.start, path.end, facing, target)

    def _borne_by(self, character: str) -> str | None:
        return next((thing for thing, who in self.held.items() if who == character), None)

    def _inward(self, x: float, thing: str | None, act: str) -> Literal[-1, 1]:
        """Towards the thing that is picked up, or towards the larger part of the stage."""
        known = [things[thing] for things in self.lying.values() if thing in things] if act == "pick_up" else []
        towards = known[0] if known else 48.0 if abs(x - 48) > 10 else 48.0 + self.rng.choice((-20, 20))
        return 1 if towards >= x else -1

    def _bystander(self, name: str, action: str, path: Path, facing: Literal[-1, 1]) -> Performance:
        bears = self._borne_by(name)
        if path.start == path.end:
            return Performance(name, action, path.start, path.end, facing)
        return Performance(name, "carry" if bears else "walk", path.start, path.end, path.facing, bears)

    def _happening(self, scene: Scene, beat: Beat, lead: Performance) -> Happening | None:
        kind = HAPPENINGS.get(beat.act)
        if kind is None or beat.thing is None:
            return None
        start = self.rng.choice((0.4, 0.5, 0.6, 0.7, 0.8))
        lying = self.lying[scene.place].get(beat.thing)
        if kind in ("throw", "rise"):
            return Happening(kind, beat.thing, start, lead.end_x, lead.facing, lead.character)
        if kind == "roll" and lead.action == "push":
            return Happening(kind, beat.thing, start, lead.end_x + 9.0 * lead.facing, lead.facing, lead.character)
        if kind == "topple" and lying is not None:
            near = abs(lead.end_x - lying) < GAP
            return Happening(kind, beat.thing, start, lying, 1 if lying < 48 else -1, lead.character if near else None)
        x = self._free_spot(scene.place, *self.at.values(), lead.end_x)
        return Happening(kind, beat.thing, start, x, 1 if x < 48 else -1)

    def _camera(self, performances: tuple[Performance, ...], happening: Happening | None) -> Camera:
        """A move that can be seen from where the last shot left the camera, or none."""
        spots = [x for performance in performances for x in (performance.start_x, performance.end_x)]
        way = performances[0].end_x - performances[0].start_x
        amounts = (1.0, 0.5) if way > 0 else (-1.0, -0.5) if way < 0 else (-1.0, -0.5, 0.5, 1.0)
        kinds = self.rng.sample(CAMERAS, len(CAMERAS))
        for kind in kinds:
            amount = self.rng.choice(amounts if kind == "pan" else (-1.0, 1.0))
            camera = Camera("still") if kind == "still" else Camera(kind, amount)
            move = camera_move(camera, self.view, spots, happening is not None)
            if _seen_as(camera, move):
                break
        self.view = move.end
        return camera


def _seen_as(camera: Camera, move: CameraMove) -> bool:
    """Whether a move looks like what the camera is said to do."""
    if camera.kind == "pan":
        return (move.end.x - move.start.x) * camera.amount > 0 and abs(move.end.x - move.start.x) >= 4
    if camera.kind == "zoom":
        return bool((move.end.zoom / move.start.zoom) ** camera.amount >= 1.12)
    return True


def stage(plot: Plot, rng: random.Random) -> tuple[Shot, ...]:
    """The shots of a plot, one for each beat."""
    return Stage(plot, rng).play()
