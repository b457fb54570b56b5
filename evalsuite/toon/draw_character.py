"""Characters: a body in a pose, with the head, tail and limbs of its species.

A character is drawn around the middle of its feet, facing right, about 26 units tall; y grows downwards.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from evalsuite.toon.draw_accessory import draw_on_back, draw_on_head, draw_on_neck
from evalsuite.toon.draw_head import draw_head
from evalsuite.toon.episode import GROUND, Look
from evalsuite.toon.looks import BLACK, CREAM, PAINTS, WHITE, darker, lighter
from evalsuite.toon.motion import Pose
from evalsuite.toon.sketch import Pen, Point

SIZES = {"mouse": 0.94, "bear": 1.06, "penguin": 1.02}
"""Species that are smaller or larger than the others."""

WIDTHS = {"bear": 1.16, "frog": 1.08, "penguin": 1.12, "mouse": 0.92, "fox": 0.94}
"""Species that are stouter or slimmer than the others."""

SHOULDER_HEIGHT = 12.0
ARM_LENGTH = 7.6
SHOULDER = 4.6
LEG_LENGTH = 5.2
NECK = (0.4, -18.6)
SEAT = 4.2
"""How far a seated body is lowered."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A character at one moment: who, how, where; `x` and the ground are in stage units."""

    look: Look
    pose: Pose
    x: float
    facing: int


def draw_character(pen: Pen, figure: Figure) -> None:
    """Draw the whole character on the ground at its place."""
    look, pose = figure.look, figure.pose
    coat = PAINTS[look.colour]
    with pen.at(*_feet(figure), _tilt(figure), *_scales(figure)):
        _draw_tail(pen, look.species, coat, pose.tail)
        _draw_arm(pen, look.species, darker(coat, 0.15), pose.arm_back, side=-1)
        _draw_leg(pen, look.species, darker(coat, 0.15), pose, pose.leg_back, side=-1)
        draw_on_back(pen, look)
        _draw_body(pen, look.species, coat)
        _draw_leg(pen, look.species, coat, pose, pose.leg_front, side=1)
        draw_on_neck(pen, look)
        with pen.at(*NECK, pose.head_tilt):
            draw_head(pen, look.species, coat, pose)
            draw_on_head(pen, look)
        _draw_arm(pen, look.species, coat, pose.arm_front, side=1)


def hand_of(figure: Figure) -> Point:
    """Where the hand in front is, in stage units."""
    return _on_stage(figure, _hand(figure.pose.arm_front, 1))


def mouth_of(figure: Figure) -> Point:
    """Where breath leaves the mouth, in stage units."""
    return _on_stage(figure, (NECK[0] + 9.0, NECK[1] + 2.5))


def _on_stage(figure: Figure, point: Point) -> Point:
    (x, y), (scale_x, scale_y) = _feet(figure), _scales(figure)
    angle = math.radians(_tilt(figure))
    across, down = point[0] * scale_x, point[1] * scale_y
    return x + across * math.cos(angle) - down * math.sin(angle), y + across * math.sin(angle) + down * math.cos(angle)


def _feet(figure: Figure) -> Point:
    if figure.pose.lying:
        return figure.x + 11.0 * figure.facing, GROUND - 6.4
    return figure.x, GROUND - figure.pose.lift + (SEAT if figure.pose.seated else 0.0)


def _tilt(figure: Figure) -> float:
    return figure.facing * (-86.0 if figure.pose.lying else figure.pose.lean)


def _scales(figure: Figure) -> Point:
    size = SIZES.get(figure.look.species, 1.0)
    return figure.facing * size, size * figure.pose.squash


def _hand(angle: float, side: int) -> Point:
    turn = math.radians(angle)
    return side * SHOULDER + ARM_LENGTH * math.sin(turn), -SHOULDER_HEIGHT + ARM_LENGTH * math.cos(turn)


def _draw_arm(pen: Pen, species: str, coat: int, angle: float, side: int) -> None:
    hand = _hand(angle, side)
    shoulder = (side * SHOULDER, -SHOULDER_HEIGHT)
    if species == "penguin":
        middle = ((shoulder[0] + hand[0]) / 2, (shoulder[1] + hand[1]) / 2)
        pen.oval(*middle, 2.0, 4.4, coat, turn=-angle)
        return
    pen.limb([shoulder, hand], 2.3, coat)


def _draw_leg(pen: Pen, species: str, coat: int, pose: Pose, angle: float, side: int) -> None:
    turn = math.radians(angle)
    hip = (side * 2.5, -LEG_LENGTH)
    reach = 6.6 if pose.seated else 4.2
    foot = (hip[0] + reach * math.sin(turn), hip[1] + reach * math.cos(turn))
    shoe = {"penguin": PAINTS["orange"], "frog": lighter(coat, 0.15)}.get(species, darker(coat, 0.3))
    if species != "penguin":
        pen.limb([hip, foot], 2.5, coat)
    length = 3.2 if species in ("frog", "rabbit", "penguin") else 2.6
    pen.oval(foot[0] + 0.9, foot[1], length, 1.5, shoe, turn=-82 if pose.seated else -angle * 0.5)


def _draw_body(pen: Pen, species: str, coat: int) -> None:
    width = 5.2 * WIDTHS.get(species, 1.0)
    pen.oval(0, -8.8, width, 6.0, coat)
    belly = WHITE if species in ("penguin", "fox") else lighter(coat, 0.6)
    pen.oval(1.3, -8.0, width * 0.62, 4.3, belly, lined=False)


def _draw_tail(pen: Pen, species: str, coat: int, wag: float) -> None:
    with pen.at(-4.2, -6.0, wag):
        _TAILS[species](pen, coat)


def _cat_tail(pen: Pen, coat: int) -> None:
    pen.limb([(0, 0), (-8.5, 1.5), (-6.5, -9)], 1.9, coat)


def _dog_tail(pen: Pen, coat: int) -> None:
    pen.limb([(0, 0), (-4.5, -0.5), (-5.5, -4.5)], 2.2, coat)


def _rabbit_tail(pen: Pen, coat: int) -> None:
    pen.oval(-2.0, 0.6, 2.7, 2.7, WHITE)


def _bear_tail(pen: Pen, coat: int) -> None:
    pen.oval(-1.5, 0.8, 1.8, 1.8, coat)


def _fox_tail(pen: Pen, coat: int) -> None:
    pen.blob([(0.5, 2), (-6, 3.5), (-11, -1), (-10.5, -9), (-6.5, -5), (-2, -3)], coat)
    pen.blob([(-8.2, -3.2), (-11, -3.5), (-10.6, -9.4), (-7.5, -6)], WHITE)


def _mouse_tail(pen: Pen, coat: int) -> None:
    pen.stroke([(0, 1.5), (-8, 5.5), (-11, -3)], 1.5, darker(PAINTS["pink"], 0.25))


def _no_tail(pen: Pen, coat: int) -> None:
    """A frog has none."""


def _penguin_tail(pen: Pen, coat: int) -> None:
    pen.polygon([(0.5, 1), (-3.5, 4.2), (1.5, 4)], darker(coat))


_TAILS = {
    "cat": _cat_tail,
    "dog": _dog_tail,
    "rabbit": _rabbit_tail,
    "bear": _bear_tail,
    "fox": _fox_tail,
    "mouse": _mouse_tail,
    "frog": _no_tail,
    "penguin": _penguin_tail,
}


def draw_sleep_letters(pen: Pen, figure: Figure, seconds: float) -> None:
    """The Zzz that rise from someone asleep."""
    for number in range(3):
        share = (seconds * 0.4 + number / 3) % 1.0
        size = 1.0 + 1.6 * share
        x = figure.x - figure.facing * (8 - 7 * share)
        _draw_letter_z(pen, x, GROUND - 15 - 13 * share, size)


def _draw_letter_z(pen: Pen, x: float, y: float, size: float) -> None:
    corners = [(x - size, y - size), (x + size, y - size), (x - size, y + size), (x + size, y + size)]
    pen.stroke(corners, 2.0, BLACK)
    pen.stroke(corners, 0.9, CREAM)


def draw_bubble_wand(pen: Pen, figure: Figure) -> None:
    """The ring on a stick of someone who blows bubbles."""
    x, y = hand_of(figure)
    ahead = figure.facing * 1.6
    pen.stroke([(x, y), (x + ahead, y - 2.6)], 1.1, PAINTS["pink"])
    pen.oval(x + ahead * 1.4, y - 4.6, 2.0, 2.2, 0x55FFFFFF)
