"""What characters wear, each large enough to be told apart at 96 x 64 pixels."""

from __future__ import annotations

from evalsuite.toon.episode import Look
from evalsuite.toon.looks import PAINTS, TONGUE, WHITE, accessory_colour, darker, lighter
from evalsuite.toon.sketch import Pen

HEAD_TOPS = {"frog": -9.0, "bear": -6.2, "penguin": -6.4, "mouse": -5.6, "dog": -6.0}
"""Where a hat sits, above the middle of the head."""


def draw_on_back(pen: Pen, look: Look) -> None:
    """What is worn on the back; drawn before the body."""
    if look.accessory == "backpack":
        colour = accessory_colour("backpack", look.colour)
        pen.rectangle((-12.4, -16.0, -2.0, -4.0), colour, 2.6)
        pen.rectangle((-11.6, -9.4, -6.0, -5.2), lighter(colour, 0.45), 0.8)


def draw_on_neck(pen: Pen, look: Look) -> None:
    """What is worn around the neck or over the shoulders; drawn before the head."""
    colour = accessory_colour(look.accessory, look.colour)
    if look.accessory == "scarf":
        pen.polygon([(-5.0, -11.6), (-1.4, -10.6), (-3.0, -2.8), (-7.0, -3.6)], darker(colour, 0.12))
        pen.rectangle((-6.6, -13.8, 6.8, -9.2), colour, 1.8)
        pen.stroke([(-2.4, -10.0), (-2.0, -12.0)], 0.9, WHITE)
        pen.stroke([(2.2, -10.0), (2.6, -12.0)], 0.9, WHITE)
    elif look.accessory == "backpack":
        pen.stroke([(2.2, -13.6), (4.4, -9.6), (0.4, -4.6)], 1.8, colour)


def draw_on_head(pen: Pen, look: Look) -> None:
    """What is worn on the head; drawn around the middle of the head, after the face."""
    colour = accessory_colour(look.accessory, look.colour)
    top = HEAD_TOPS.get(look.species, -5.4)
    if look.accessory == "hat":
        _draw_hat(pen, colour, top)
    elif look.accessory == "crown":
        _draw_crown(pen, colour, top)
    elif look.accessory == "bow":
        _draw_bow(pen, colour, top)
    elif look.accessory == "glasses":
        _draw_glasses(pen, colour, look.species)


def _draw_hat(pen: Pen, colour: int, top: float) -> None:
    with pen.at(0.4, top):
        pen.rectangle((-4.2, -7.6, 4.2, 0.4), colour, 0.8)
        pen.rectangle((-3.8, -2.6, 3.8, -0.6), lighter(colour, 0.7), lined=False)
        pen.rectangle((-7.2, -0.8, 7.2, 1.4), colour, 1.0)


def _draw_crown(pen: Pen, colour: int, top: float) -> None:
    with pen.at(0.4, top + 0.6):
        points = [(-5.2, 0.8), (-5.8, -6.4), (-2.6, -3.2), (0, -7.6), (2.6, -3.2), (5.8, -6.4), (5.2, 0.8)]
        pen.polygon(points, colour)
        pen.oval(0, -1.4, 1.2, 1.2, TONGUE, lined=False)
        for side in (-1, 1):
            pen.oval(side * 3.2, -1.2, 0.8, 0.8, PAINTS["blue"], lined=False)


def _draw_bow(pen: Pen, colour: int, top: float) -> None:
    with pen.at(-2.6, top - 0.4, -16):
        for side in (-1, 1):
            pen.blob([(0, 0), (side * 3.6, -5.2), (side * 8.0, -3.4), (side * 8.0, 2.8), (side * 3.6, 3.6)], colour)
        pen.oval(0, -0.4, 1.7, 1.8, darker(colour, 0.25))


def _draw_glasses(pen: Pen, colour: int, species: str) -> None:
    x, y, spread = {"frog": (0.7, -5.2, 4.5), "dog": (1.0, -2.0, 3.0), "penguin": (1.8, -1.6, 3.0)}.get(
        species, (1.2, -1.2, 3.3)
    )
    for side in (-1, 1):
        pen.oval(x + side * spread, y, 2.7, 2.7, 0x66DFF4FF, lined=False)
        _draw_ring(pen, x + side * spread, y, 2.8, colour)
    pen.stroke([(x - 0.6, y - 0.3), (x + 0.6, y - 0.3)], 1.2, colour)
    pen.stroke([(x - spread - 2.8, y - 0.5), (x - spread - 4.6, y - 1.0)], 1.2, colour)


def _draw_ring(pen: Pen, x: float, y: float, radius: float, colour: int) -> None:
    pen.ring(x, y, radius, 2.1, darker(colour, 0.7))
    pen.ring(x, y, radius, 1.2, colour)
