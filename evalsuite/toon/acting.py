"""Acting: where a character is and how it holds itself at any second of a shot."""

from __future__ import annotations

import random
from bisect import bisect_right
from dataclasses import dataclass, replace

from evalsuite.toon.draw_character import Figure
from evalsuite.toon.episode import Character, Performance
from evalsuite.toon.motion import TRAVELLING, Beat, pose

REACH = 10.5
"""How far in front of a character a thing is that it takes or leaves."""
PUSHED = 16.0
"""How far a thing is pushed, in units."""
BLINK_SECONDS = 0.15


@dataclass(frozen=True, slots=True)
class Manner:
    """What differs between two takes: the phase of the motion, and when the eyes blink."""

    phase: float
    blink_every: float
    blink_phase: float

    def blinks(self, second: float) -> bool:
        """Whether the eyes are closed for a moment."""
        return (second + self.blink_phase) % self.blink_every < BLINK_SECONDS


def manner(seed: str, character: str, take: int) -> Manner:
    """The manner of a character in one take of an episode."""
    rng = random.Random(f"manner {seed} {character} {take}")
    return Manner(rng.uniform(0, 1.25), rng.uniform(2.2, 4.2), rng.uniform(0, 4))


@dataclass(frozen=True, slots=True)
class Acting:
    """A character over one shot; all seconds are those of the episode."""

    character: Character
    action: str
    way: tuple[tuple[float, float], ...]
    """(second, x) along which it goes, in order."""
    facing: int
    """Where it looks once it has arrived."""
    key: float
    """When the action has its key moment: taking, leaving, throwing, blowing."""
    manner: Manner

    @property
    def end_x(self) -> float:
        return self.way[-1][1]

    def moving(self, second: float) -> bool:
        """Whether it is on its way."""
        return self._place(second)[1] != 0

    def figure(self, second: float) -> Figure:
        """How it is seen at a second."""
        x, step = self._place(second)
        beat = Beat(second + self.manner.phase, second - self.key, step != 0)
        held = pose(self.action, beat)
        if held.eyes == "open" and self.manner.blinks(second):
            held = replace(held, eyes="closed")
        return Figure(self.character.look, held, x, self.facing if step == 0 else step)

    def _place(self, second: float) -> tuple[float, int]:
        """x, and the direction in which it is going: -1, 0 or 1."""
        number = bisect_right([moment for moment, _ in self.way], second)
        if number == 0 or number == len(self.way):
            return self.way[max(number - 1, 0)][1], 0
        (start, x), (end, next_x) = self.way[number - 1], self.way[number]
        step = 0 if abs(next_x - x) < 0.5 else 1 if next_x > x else -1
        return x + (next_x - x) * (second - start) / (end - start), step


def perform(
    character: Character,
    performance: Performance,
    start_x: float,
    span: tuple[float, float],
    target_x: float | None,
    key: float | None,
    manner: Manner,
) -> Acting:
    """Turn a performance into acting from `span[0]` to `span[1]`.

    `target_x` is where the thing rests that is to be taken, approached or pushed; `key` the moment of a happening that
    this character sets off.
    """
    begin, end = span
    half = (begin + end) / 2
    facing: int = performance.facing
    end_x = performance.end_x
    if target_x is not None:
        side = 1 if target_x >= start_x else -1
        if performance.action == "push":
            key = begin + (end - begin) / 3
            way = _pushing_way(start_x, target_x, side, span)
            return Acting(character, "push", way, side, key, manner)
        end_x, facing = target_x - REACH * side, side
    elif performance.action in TRAVELLING and abs(end_x - start_x) >= 0.5:
        facing = 1 if end_x > start_x else -1
    way = ((begin, start_x), (_arrival(performance.action, span), end_x))
    return Acting(character, performance.action, way, facing, half if key is None else key, manner)


def _arrival(action: str, span: tuple[float, float]) -> float:
    share = 1.0 if action in TRAVELLING else 0.5 if action in ("pick_up", "put_down") else 0.45
    return span[0] + (span[1] - span[0]) * share


def _pushing_way(
    start_x: float, target_x: float, side: int, span: tuple[float, float]
) -> tuple[tuple[float, float], ...]:
    """To the thing in a third of the time, then on with it."""
    begin, end = span
    contact = target_x - side * (REACH + 4.5)
    return (begin, start_x), (begin + (end - begin) / 3, contact), (end, contact + side * pushed_by(target_x, side))


def pushed_by(x: float, side: int) -> float:
    """How far a thing at x is pushed without leaving the stage."""
    return min(PUSHED, max(86.0 - x if side > 0 else x - 10.0, 1.0))
