"""Places outdoors that somebody built: harbour, street, playground, farm."""

from __future__ import annotations

from evalsuite.toon.draw_scenery import (
    LAMP_LIGHT,
    LEFT,
    RIGHT,
    WOOD,
    Scenery,
    bush,
    fence,
    ground,
    hill,
    pane,
    round_tree,
)
from evalsuite.toon.looks import CREAM, WHITE, darker, lighter, mix

_RED, _BLUE, _YELLOW = 0xFFDB6A5E, 0xFF5F94D6, 0xFFF2C75C


def draw_harbour(scenery: Scenery) -> None:
    """Water with sailing boats, a lighthouse, a wooden pier."""
    pen = scenery.land
    water = (0xFF4C9CC4, 0xFF4AA39A, 0xFF6E7FC4)[scenery.palette]
    ground(pen, 34, water)
    for number in range(30):
        x, y = LEFT + 13 * (number % 15) + 6 * (number // 15) + 4 * scenery.layout, 38 + 4.5 * (number // 15)
        pen.stroke([(x, y), (x + 4, y)], 0.7, lighter(water, 0.4))
    _draw_lighthouse(scenery, (84, 10, 66)[scenery.layout])
    sails = ((CREAM, _RED), (WHITE, _BLUE), (_YELLOW, CREAM))[scenery.palette]
    for x, sail in zip(((22, 58), (46, 84), (14, 40))[scenery.layout], sails, strict=True):
        _draw_boat(scenery, x, sail)
    ground(pen, 48, WOOD)
    pen.rectangle((LEFT, 47, RIGHT, 49), darker(WOOD, 0.25), lined=False)
    for number in range(24):
        pen.stroke([(LEFT + 8 * number, 49), (LEFT + 8 * number - 5, 90)], 0.6, darker(WOOD, 0.3))
    for x in ((6, 44, 92), (28, 66, 104), (-4, 54, 88))[scenery.layout]:
        pen.rectangle((x - 1.8, 42, x + 1.8, 50), darker(WOOD, 0.15), 0.6)
        pen.rectangle((x - 2.4, 41, x + 2.4, 43), lighter(WOOD, 0.3), 0.6)


def _draw_lighthouse(scenery: Scenery, x: float) -> None:
    pen = scenery.land
    pen.oval(x, 37, 13, 4, 0xFF8C8794, lined=False)
    pen.polygon([(x - 4.6, 36), (x - 3.0, 12), (x + 3.0, 12), (x + 4.6, 36)], WHITE)
    for top in (17, 27):
        spread = 3.0 + 1.6 * (top - 12) / 24
        pen.polygon(
            [(x - spread - 0.3, top + 4), (x - spread, top), (x + spread, top), (x + spread + 0.3, top + 4)],
            _RED,
            lined=False,
        )
    pen.polygon([(x - 4, 8), (x, 3.6), (x + 4, 8)], _RED)
    scenery.lights.rectangle((x - 2.6, 8, x + 2.6, 12), scenery.window_light(), lined=False)
    if scenery.night:
        scenery.lights.polygon([(x, 10), (x - 60, 2), (x - 60, 20)], 0x33FFDF7A, lined=False)


def _draw_boat(scenery: Scenery, x: float, sail: int) -> None:
    pen = scenery.land
    pen.stroke([(x, 16), (x, 38)], 0.9, darker(WOOD, 0.3))
    pen.polygon([(x + 1, 17), (x + 9, 33), (x + 1, 33)], sail)
    pen.polygon([(x - 1, 20), (x - 6.5, 33), (x - 1, 33)], lighter(sail, 0.4))
    pen.polygon([(x - 9, 36), (x + 11, 36), (x + 8, 41), (x - 6, 41)], (_RED, _BLUE, _YELLOW)[scenery.palette])


def draw_street(scenery: Scenery) -> None:
    """A row of houses, a pavement, a road and a street lamp."""
    pen = scenery.land
    walls = (
        (0xFFF0B7A0, 0xFFF4DDA0, 0xFFB5D3E4, 0xFFD9BEE0),
        (0xFFC9A48C, 0xFFE3C9A6, 0xFFB98F86, 0xFFD8B6A0),
        (0xFFA9D8C4, 0xFFF5C3D0, 0xFFC5CCF0, 0xFFF3E3B0),
    )[scenery.palette]
    for number in range(9):
        kind = (number + scenery.layout) % 4
        _draw_house(scenery, LEFT + 22 * number + 5 * scenery.layout, (10, 4, 14, 8)[kind], walls[kind])
    ground(pen, 46, 0xFFD5CFC8)
    pen.rectangle((LEFT, 50.5, RIGHT, 52), 0xFFB5AEA8, lined=False)
    ground(pen, 57.5, 0xFF8A8794)
    for number in range(14):
        pen.rectangle((LEFT + 15 * number, 60.4, LEFT + 15 * number + 8, 61.8), CREAM, lined=False)
    _draw_street_lamp(scenery, (40, 68, 18)[scenery.layout])


def _draw_house(scenery: Scenery, x: float, top: float, wall: int) -> None:
    pen = scenery.land
    pen.rectangle((x, top, x + 21, 47), wall)
    pen.polygon([(x - 1, top + 1), (x + 3, top - 6), (x + 18, top - 6), (x + 22, top + 1)], darker(wall, 0.4))
    for row in (top + 4, top + 14):
        for across in (3.5, 12.5):
            glass = scenery.window_light() if (across < 5) == (row < top + 9) else 0xFF8FB5CC
            lit = scenery.lights if glass == LAMP_LIGHT else pen
            pane(lit, (x + across, row, x + across + 5, row + 6), glass, mix(wall, WHITE, 0.6))
    if top < 12:
        pen.rectangle((x + 8, 36, x + 14, 47), darker(wall, 0.5), 0.8)


def _draw_street_lamp(scenery: Scenery, x: float) -> None:
    pen = scenery.land
    pen.stroke([(x, 51), (x, 18)], 1.5, 0xFF4B4757)
    pen.rectangle((x - 2, 48, x + 2, 51.4), 0xFF4B4757, lined=False)
    scenery.lights.oval(x, 16, 2.8, 3.2, LAMP_LIGHT if scenery.night else CREAM)
    if scenery.night:
        scenery.lights.oval(x, 16, 9, 9, 0x33FFDF7A, lined=False)


def draw_playground(scenery: Scenery) -> None:
    """A slide, a swing, a sandpit and a lawn."""
    pen = scenery.land
    grass = (0xFFA5DB7C, 0xFFD0DB7A, 0xFF8FD6B2)[scenery.palette]
    hill(pen, 10 + 30 * scenery.layout, 34, 60, lighter(grass, 0.3))
    for x in (-30, 26 + 20 * scenery.layout, 122):
        round_tree(pen, x, 44, 0.72, darker(grass, 0.25))
    ground(pen, 43, grass)
    _draw_slide(scenery, (14, 78, 46)[scenery.layout], (1, -1, 1)[scenery.layout])
    _draw_swing(scenery, (74, 24, 88)[scenery.layout])
    x = (46, 52, 12)[scenery.layout]
    pen.oval(x, 50, 13, 3.4, 0xFFF3DC9E)
    pen.oval(x + 3, 48.4, 4, 2.4, 0xFFE5C988, lined=False)
    ground(pen, 56, darker(grass, 0.08))


def _draw_slide(scenery: Scenery, x: float, side: int) -> None:
    pen, colour = scenery.land, (_RED, _BLUE, _YELLOW)[scenery.palette]
    for across in (0, 5):
        pen.stroke([(x - side * across, 50), (x - side * across, 22)], 1.3, 0xFF7A7488)
    for y in range(27, 50, 5):
        pen.stroke([(x, y), (x - side * 5, y)], 1.0, 0xFF7A7488)
    pen.polygon([(x - side * 6, 20), (x + side, 20), (x + side, 26), (x - side * 6, 26)], lighter(colour, 0.4))
    pen.limb([(x + side, 26), (x + side * 8, 42), (x + side * 20, 48)], 3.0, colour)


def _draw_swing(scenery: Scenery, x: float) -> None:
    pen, colour = scenery.land, (_BLUE, _RED, 0xFF9A7BCB)[scenery.palette]
    for side in (-1, 1):
        pen.limb([(x + side * 9, 19), (x + side * 13, 50)], 1.4, colour)
        pen.stroke([(x + side * 3.4, 20), (x + side * 3.4, 42)], 0.6, 0xFF6B6577)
    pen.limb([(x - 11, 19), (x + 11, 19)], 1.6, colour)
    pen.rectangle((x - 5, 41.5, x + 5, 43.5), WOOD, 0.6)


def draw_farm(scenery: Scenery) -> None:
    """A barn, a fence, haystacks, fields."""
    pen = scenery.land
    wheat = (0xFFEBCB68, 0xFFE3B45E, 0xFFD9D67A)[scenery.palette]
    hill(pen, 20, 33, 60, 0xFFB8D27E)
    hill(pen, 104, 35, 54, lighter(wheat, 0.25))
    _draw_barn(scenery, (26, 66, 82)[scenery.layout])
    _draw_silo(scenery, (48, 44, 60)[scenery.layout])
    ground(pen, 45, wheat)
    for number in range(24):
        x = LEFT + 8 * number
        pen.stroke([(x, 45.4), (x + 3 * (number - 11) * 0.4, 52)], 0.7, darker(wheat, 0.14))
    fence(pen, *((52, 140), (-46, 40), (-46, 54))[scenery.layout], 51, CREAM)
    for x in ((82, 100), (14, -10), (30, 12))[scenery.layout]:
        pen.blob([(x - 7.5, 51), (x - 6, 43), (x, 40), (x + 6, 43), (x + 7.5, 51)], darker(wheat, 0.1))
        pen.stroke([(x - 4, 46), (x + 4, 46)], 0.7, lighter(wheat, 0.4))
    ground(pen, 51, 0xFFA7C46A)
    bush(pen, (66, 98, 4)[scenery.layout], 52, 0.5, 0xFF86AE55)


def _draw_barn(scenery: Scenery, x: float) -> None:
    pen = scenery.land
    wall = (0xFFC9544A, 0xFF8F6247, 0xFF5F8F86)[scenery.palette]
    outline = [(x - 15, 47), (x - 15, 27), (x - 10, 18), (x, 12), (x + 10, 18), (x + 15, 27), (x + 15, 47)]
    pen.polygon(outline, wall)
    pen.stroke([(x - 16, 28), (x - 10.5, 17.6), (x, 11.4)], 1.8, darker(wall, 0.45))
    pen.stroke([(x + 16, 28), (x + 10.5, 17.6), (x, 11.4)], 1.8, darker(wall, 0.45))
    pen.rectangle((x - 6, 32, x + 6, 47), darker(wall, 0.35))
    for points in ([(x - 6, 32), (x + 6, 47)], [(x + 6, 32), (x - 6, 47)]):
        pen.stroke(points, 1.0, CREAM)
    scenery.lights.oval(x, 22.5, 2.6, 2.6, scenery.window_light(darker(wall, 0.5)))


def _draw_silo(scenery: Scenery, x: float) -> None:
    pen = scenery.land
    pen.rectangle((x - 4.5, 20, x + 4.5, 47), 0xFFC7CAD4)
    pen.oval(x, 20, 4.5, 4.5, 0xFF9FA5B5)
    for y in (27, 34):
        pen.stroke([(x - 4, y), (x + 4, y)], 0.7, 0xFF9FA5B5)
