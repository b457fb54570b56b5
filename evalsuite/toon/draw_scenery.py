"""Scenery that several places share: trees, clouds, bushes, fences, windows."""

from __future__ import annotations

import random
from dataclasses import dataclass

from evalsuite.toon.looks import WHITE, by_night, darker, lighter, mix
from evalsuite.toon.sketch import Pen

LEFT, TOP, RIGHT, BOTTOM = -48.0, -48.0, 144.0, 112.0
"""How far a place is drawn, in stage units: beyond all that a camera sees."""

LAMP_LIGHT = 0xFFFFDF7A
WOOD = 0xFFA9774A
TRUNK = 0xFF8A5F43


@dataclass(frozen=True, slots=True)
class Scenery:
    """A place being drawn: `land` darkens at night, `lights` do not."""

    land: Pen
    lights: Pen
    palette: int
    layout: int
    night: bool

    def random(self, purpose: str) -> random.Random:
        """The same numbers whenever this layout is drawn."""
        return random.Random(f"{purpose} {self.layout}")

    def window_light(self, colour: int = 0xFFBFE6F7) -> int:
        """The pane of a window seen from outside."""
        return LAMP_LIGHT if self.night else colour


def ground(pen: Pen, top: float, colour: int) -> None:
    """Level land from `top` to the end of the picture."""
    pen.rectangle((LEFT, top, RIGHT, BOTTOM), colour, lined=False)


def hill(pen: Pen, x: float, top: float, half_width: float, colour: int) -> None:
    """A round hill."""
    pen.oval(x, top + half_width * 0.5, half_width, half_width * 0.5, colour, lined=False)


def cloud(pen: Pen, x: float, y: float, size: float, colour: int) -> None:
    """A flat-bottomed heap of cloud."""
    for across, up, radius in ((-5.0, 0.3, 2.9), (-1.2, -1.7, 4.0), (3.6, -0.6, 3.3), (7.0, 0.9, 2.1)):
        pen.oval(x + across * size, y + up * size, radius * size, radius * size * 0.85, colour, lined=False)
    box = (x - 6.5 * size, y + 0.6 * size, x + 8.0 * size, y + 2.7 * size)
    pen.rectangle(box, colour, 1.0 * size, lined=False)


def round_tree(pen: Pen, x: float, foot: float, size: float, leaves: int) -> None:
    """A tree with a round crown, about 26 units tall at size 1."""
    pen.rectangle((x - 1.7 * size, foot - 12 * size, x + 1.7 * size, foot), TRUNK)
    points = [(-9, -12), (-10, -20), (-3, -27), (5, -26), (10, -19), (8, -11), (0, -9)]
    pen.blob([(x + across * size, foot + up * size) for across, up in points], leaves)
    pen.oval(x - 3 * size, foot - 20 * size, 2.8 * size, 2.2 * size, lighter(leaves, 0.25), lined=False)


def pine(pen: Pen, x: float, foot: float, size: float, needles: int, snow: bool = False) -> None:
    """A fir tree of three tiers, about 26 units tall at size 1."""
    pen.rectangle((x - 1.4 * size, foot - 5 * size, x + 1.4 * size, foot), TRUNK)
    for base, half, top in ((-4, 8.0, -14), (-10, 6.6, -20), (-16, 5.0, -27)):
        tier = [(x - half * size, foot + base * size), (x, foot + top * size), (x + half * size, foot + base * size)]
        pen.polygon(tier, needles)
        if snow:
            cap = [(-half * 0.45, base * 0.45 + top * 0.55), (0, top), (half * 0.45, base * 0.45 + top * 0.55)]
            pen.polygon([(x + across * size, foot + up * size) for across, up in cap], WHITE, lined=False)


def palm(pen: Pen, x: float, foot: float, lean: int) -> None:
    """A palm tree that leans left (-1) or right (1)."""
    top = (x + 5 * lean, foot - 24)
    pen.limb([(x, foot), (x - 2 * lean, foot - 13), top], 2.4, 0xFFB58A5A)
    for across, down in ((-9, 3), (-7.5, -3.5), (8.5, -3.5), (9.5, 3), (1.5, 6)):
        middle = (top[0] + across * 0.6, top[1] + down * 0.5 - 4)
        pen.limb([top, middle, (top[0] + across, top[1] + down)], 2.0, 0xFF58B368)


def bush(pen: Pen, x: float, foot: float, size: float, leaves: int) -> None:
    """A low bush."""
    for across, radius in ((-4.0, 3.2), (0.0, 4.4), (4.2, 3.0)):
        pen.oval(x + across * size, foot - 1.6 * size, radius * size, radius * size, leaves, lined=False)


def flowers(pen: Pen, rng: random.Random, colours: tuple[int, ...], top: float, count: int = 26) -> None:
    """Flowers scattered over a lawn."""
    for _ in range(count):
        x, y = rng.uniform(LEFT, RIGHT), rng.uniform(top, 70)
        pen.stroke([(x, y), (x, y + 2.0)], 0.6, 0xFF3F8F4C)
        pen.oval(x, y, 1.15, 1.15, rng.choice(colours), lined=False)
        pen.oval(x, y, 0.45, 0.45, 0xFFFFE35A, lined=False)


def fence(pen: Pen, start: float, end: float, foot: float, colour: int) -> None:
    """A picket fence."""
    for y in (-6.0, -2.8):
        pen.rectangle((start, foot + y, end, foot + y + 1.2), darker(colour, 0.1), lined=False)
    x = start
    while x < end:
        pen.polygon([(x, foot), (x, foot - 7), (x + 1.2, foot - 8.4), (x + 2.4, foot - 7), (x + 2.4, foot)], colour)
        x += 5.0


def pane(pen: Pen, box: tuple[float, float, float, float], glass: int, frame: int) -> None:
    """A window with a cross."""
    left, top, right, bottom = box
    pen.rectangle((left - 1, top - 1, right + 1, bottom + 1), frame, 0.6)
    pen.rectangle(box, glass, lined=False)
    middle, half = (left + right) / 2, (top + bottom) / 2
    pen.stroke([(middle, top), (middle, bottom)], 0.9, frame)
    pen.stroke([(left, half), (right, half)], 0.9, frame)


def window_outside(scenery: Scenery, box: tuple[float, float, float, float], frame: int) -> None:
    """A window seen from inside: sky and sun by day, stars and moon by night."""
    left, top, right, bottom = box
    pen = scenery.lights
    shown = mix(by_night(frame), frame, 0.4) if scenery.night else frame
    pane(pen, box, 0xFF22306B if scenery.night else 0xFFA9DFF7, shown)
    if scenery.night:
        pen.oval(right - 3.4, top + 3.6, 1.9, 1.9, 0xFFFFF3C4, lined=False)
        for share in (0.18, 0.36, 0.62):
            pen.oval(left + (right - left) * share, top + 3 + 8 * share, 0.5, 0.5, WHITE, lined=False)
    else:
        cloud(pen, (left + right) / 2 - 0.5, top + (bottom - top) * 0.4, 0.42, WHITE)
        pen.oval(right - 3.0, top + 3.2, 1.8, 1.8, 0xFFFFE35A, lined=False)
