"""Things: keepsakes, and what obeys gravity. Each is drawn around its middle, at least 8 units across."""

from __future__ import annotations

from evalsuite.toon.looks import BLACK, CREAM, OUTLINE, PAINTS, WHITE, darker, glassy, lighter
from evalsuite.toon.sketch import Pen

HALF_SIZES = {
    "ball": 5.0,
    "box": 5.4,
    "barrel": 5.6,
    "blocks": 4.6,
    "bubbles": 4.4,
    "lantern": 5.4,
    "umbrella": 6.0,
    "basket": 4.8,
    "drum": 4.8,
    "teapot": 4.8,
    "book": 4.6,
}
"""Half the height of one body of a thing, in units: its radius where it is round."""


def draw_thing(pen: Pen, kind: str, colour: str, size: float, number: int = 0) -> None:
    """Draw one body; `size` is its half height, `number` counts the bodies of one thing."""
    paint = PAINTS[colour]
    if kind == "bubbles":
        _draw_bubble(pen, paint, size)
    elif kind == "blocks":
        _draw_block(pen, paint, size, number)
    else:
        _THINGS[kind](pen, paint)


def _draw_bubble(pen: Pen, colour: int, size: float) -> None:
    pen.oval(0, 0, size, size, glassy(lighter(colour, 0.55), 110), lined=False)
    pen.ring(0, 0, size - 0.45, 0.9, darker(colour, 0.3))
    pen.ring(0, 0, size - 1.3, 0.8, glassy(WHITE, 190))
    pen.oval(-size * 0.35, -size * 0.4, size * 0.24, size * 0.2, WHITE, lined=False)


def _draw_block(pen: Pen, colour: int, size: float, number: int) -> None:
    shade = (colour, lighter(colour, 0.45), darker(colour, 0.3))[number % 3]
    half = size - 0.45
    pen.rectangle((-half, -half, half, half), shade, 0.8)
    mark = WHITE if number % 3 != 1 else OUTLINE
    if number % 3 == 0:
        pen.oval(0, 0, 2.0, 2.0, mark, lined=False)
    elif number % 3 == 1:
        pen.polygon([(0, -2.2), (2.2, 1.8), (-2.2, 1.8)], mark, lined=False)
    else:
        pen.rectangle((-1.8, -1.8, 1.8, 1.8), mark, lined=False)


def _draw_ball(pen: Pen, colour: int) -> None:
    pen.oval(0, 0, 4.55, 4.55, colour)
    pen.oval(0, 0, 1.6, 4.1, WHITE, lined=False)
    pen.oval(0, 0, 0.8, 4.1, lighter(colour, 0.15), lined=False)
    pen.oval(-2.6, -2.0, 0.9, 0.8, lighter(colour, 0.75), lined=False)


def _draw_box(pen: Pen, colour: int) -> None:
    pen.rectangle((-4.95, -4.95, 4.95, 4.95), colour, 0.5)
    pen.rectangle((-1.2, -4.4, 1.2, 4.4), CREAM, lined=False)
    pen.rectangle((-4.4, -1.2, 4.4, 1.2), CREAM, lined=False)
    pen.oval(0, 0, 1.8, 1.8, darker(colour, 0.35), lined=False)


def _draw_barrel(pen: Pen, colour: int) -> None:
    pen.oval(0, 0, 5.15, 5.15, darker(colour, 0.35))
    pen.oval(0, 0, 3.7, 3.7, lighter(colour, 0.25), lined=False)
    for y in (-1.4, 1.4):
        pen.stroke([(-3.3, y), (3.3, y)], 0.7, darker(colour, 0.4))
    pen.oval(0, 0, 0.9, 0.9, OUTLINE, lined=False)


def _draw_lantern(pen: Pen, colour: int) -> None:
    pen.ring(0, -3.6, 1.6, 0.9, OUTLINE)
    pen.rectangle((-3.4, -3.0, 3.4, 4.2), PAINTS["yellow"], 0.8)
    pen.oval(0, 0.8, 1.2, 2.0, WHITE, lined=False)
    pen.polygon([(-4.2, -2.0), (-1.6, -4.2), (1.6, -4.2), (4.2, -2.0)], colour)
    pen.rectangle((-4.2, 3.0, 4.2, 4.95), colour, 0.4)


def _draw_umbrella(pen: Pen, colour: int) -> None:
    pen.stroke([(0, -4.0), (0, 5.2)], 1.3, OUTLINE)
    pen.stroke([(0, 4.0), (0.6, 6.4), (2.2, 4.4)], 1.2, OUTLINE)
    pen.blob(
        [(-8.6, 0.6), (-6.0, -5.4), (0, -7.2), (6.0, -5.4), (8.6, 0.6), (3.0, -0.4), (0, 0.8), (-3.0, -0.4)], colour
    )
    pen.stroke([(-1.4, -4.8), (-2.8, -0.8)], 0.8, lighter(colour, 0.6))
    pen.stroke([(1.4, -4.8), (2.8, -0.8)], 0.8, lighter(colour, 0.6))


def _draw_basket(pen: Pen, colour: int) -> None:
    pen.stroke([(-3.8, -0.4), (0, -7.8), (3.8, -0.4)], 2.4, OUTLINE)
    pen.stroke([(-3.8, -0.4), (0, -7.8), (3.8, -0.4)], 1.0, colour)
    pen.polygon([(-5.2, -0.8), (5.2, -0.8), (4.0, 4.35), (-4.0, 4.35)], colour)
    pen.stroke([(-3.8, 1.8), (3.8, 1.8)], 0.8, lighter(colour, 0.5))
    pen.rectangle((-5.5, -1.6, 5.5, 0.2), lighter(colour, 0.35), 0.6)


def _draw_drum(pen: Pen, colour: int) -> None:
    pen.rectangle((-5.2, -3.0, 5.2, 4.35), colour, 1.6)
    pen.stroke([(-4.4, 3.2), (-2.2, -0.6), (0.0, 3.2), (2.2, -0.6), (4.4, 3.2)], 0.8, PAINTS["yellow"])
    pen.oval(0, -2.6, 5.2, 1.75, CREAM)


def _draw_teapot(pen: Pen, colour: int) -> None:
    pen.ring(-5.0, 0.8, 2.0, 2.4, OUTLINE)
    pen.ring(-5.0, 0.8, 2.0, 1.0, colour)
    pen.polygon([(2.8, 1.6), (7.2, -2.2), (8.2, -1.2), (4.2, 3.6)], colour)
    pen.oval(0, 0.9, 4.7, 3.5, colour)
    pen.oval(0, -2.4, 2.6, 0.9, lighter(colour, 0.4))
    pen.oval(0, -3.7, 0.8, 0.7, colour)
    pen.oval(0.2, 1.0, 1.6, 1.4, WHITE, lined=False)


def _draw_book(pen: Pen, colour: int) -> None:
    pen.rectangle((-4.0, -4.15, 4.6, 4.15), colour, 0.7)
    pen.rectangle((-2.6, 2.2, 4.4, 3.6), WHITE, lined=False)
    pen.stroke([(-2.4, -3.6), (-2.4, 3.6)], 0.9, darker(colour, 0.4))
    pen.rectangle((-0.8, -2.6, 3.0, -0.6), CREAM, 0.3, lined=False)
    pen.stroke([(0.0, -1.6), (2.2, -1.6)], 0.6, BLACK)


_THINGS = {
    "ball": _draw_ball,
    "box": _draw_box,
    "barrel": _draw_barrel,
    "lantern": _draw_lantern,
    "umbrella": _draw_umbrella,
    "basket": _draw_basket,
    "drum": _draw_drum,
    "teapot": _draw_teapot,
    "book": _draw_book,
}
