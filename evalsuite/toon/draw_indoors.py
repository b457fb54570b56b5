"""Places indoors: kitchen, bedroom, library. By night the window is dark and a lamp is lit."""

from __future__ import annotations

from evalsuite.toon.draw_scenery import BOTTOM, LAMP_LIGHT, LEFT, RIGHT, TOP, WOOD, Scenery, window_outside
from evalsuite.toon.looks import CREAM, WHITE, darker, lighter

FLOOR = 48.0


def _room(scenery: Scenery, wall: int, floor: int, skirting: int) -> None:
    pen = scenery.land
    pen.rectangle((LEFT, TOP, RIGHT, FLOOR), wall, lined=False)
    pen.rectangle((LEFT, FLOOR, RIGHT, BOTTOM), floor, lined=False)
    pen.rectangle((LEFT, FLOOR - 2, RIGHT, FLOOR), skirting, lined=False)


def _lamp(scenery: Scenery, x: float, shade: int) -> None:
    """A lamp that hangs from the ceiling and glows by night."""
    scenery.land.stroke([(x, TOP), (x, 6)], 0.7, 0xFF5A5266)
    scenery.lights.polygon([(x - 5, 11), (x - 2.4, 5.4), (x + 2.4, 5.4), (x + 5, 11)], shade)
    if scenery.night:
        scenery.lights.oval(x, 12, 2.0, 1.4, LAMP_LIGHT, lined=False)
        scenery.lights.polygon([(x - 5, 11), (x + 5, 11), (x + 26, 60), (x - 26, 60)], 0x26FFDF7A, lined=False)


def draw_kitchen(scenery: Scenery) -> None:
    """Tiles, a counter with a stove, a refrigerator, shelves with jars."""
    wall = (0xFFFBE9C6, 0xFFD7EBD9, 0xFFF6D5CB)[scenery.palette]
    front = (0xFF7FB7B0, 0xFFE0A070, 0xFF8FA8D6)[scenery.palette]
    _room(scenery, wall, 0xFFE8E2DA, front)
    _draw_tiles(scenery, lighter(front, 0.6))
    window_outside(scenery, ((42, 9, 58, 24), (14, 9, 30, 24), (66, 9, 82, 24))[scenery.layout], WHITE)
    _draw_counter(scenery, front)
    _draw_refrigerator(scenery, (86, 46, 6)[scenery.layout])
    _draw_stove(scenery, (16, 76, 44)[scenery.layout])
    _draw_shelf(scenery, (20, 78, 40)[scenery.layout])
    _lamp(scenery, (70, 44, 20)[scenery.layout], front)


def _draw_tiles(scenery: Scenery, dark: int) -> None:
    pen = scenery.land
    for row in range(8):
        for column in range(12):
            x = LEFT + 16 * column + 8 * (row % 2)
            pen.rectangle((x, FLOOR + 5 * row, x + 8, FLOOR + 5 * row + 5), dark, lined=False)
    for number in range(32):
        pen.stroke([(LEFT + 6 * number, 28), (LEFT + 6 * number, 33)], 0.5, lighter(dark, 0.2))
    pen.stroke([(LEFT, 28), (RIGHT, 28)], 0.6, dark)


def _draw_counter(scenery: Scenery, front: int) -> None:
    pen = scenery.land
    pen.rectangle((LEFT, 34, RIGHT, FLOOR), front)
    pen.rectangle((LEFT, 32, RIGHT, 35), darker(WOOD, 0.05))
    for number in range(13):
        x = LEFT + 15 * number + 4 * scenery.layout
        pen.rectangle((x + 1, 37, x + 14, 46), lighter(front, 0.2), 0.8)
        pen.oval(x + 12, 40, 0.7, 0.7, darker(front, 0.4), lined=False)


def _draw_refrigerator(scenery: Scenery, x: float) -> None:
    pen = scenery.land
    pen.rectangle((x - 8, 10, x + 8, FLOOR), 0xFFF2F6F8, 1.6)
    pen.stroke([(x - 8, 23), (x + 8, 23)], 0.6, 0xFF9AA7B2)
    for y in (14, 26):
        pen.stroke([(x - 5.6, y), (x - 5.6, y + 6)], 1.2, 0xFF9AA7B2)


def _draw_stove(scenery: Scenery, x: float) -> None:
    pen = scenery.land
    pen.rectangle((x - 8, 31, x + 8, FLOOR), 0xFF6B6678, 0.8)
    pen.rectangle((x - 5.5, 37, x + 5.5, 45), 0xFF3C3848, 1.0)
    scenery.lights.rectangle((x - 4.4, 41.5, x + 4.4, 44), 0xFFF29A4A, 0.6, lined=False)
    pen.rectangle((x - 5, 25, x + 3, 31), 0xFFD9685E, 0.8)
    pen.stroke([(x - 5.6, 25), (x + 3.6, 25)], 1.2, 0xFF9C4A45)


def _draw_shelf(scenery: Scenery, x: float) -> None:
    pen = scenery.land
    pen.rectangle((x - 13, 19, x + 13, 20.6), WOOD)
    for number, colour in enumerate((0xFFE58A7B, 0xFF8CC29A, 0xFFF0CB6B, 0xFF90A9DA)):
        left = x - 11 + 6 * number
        pen.rectangle((left, 13.5 + number % 2, left + 4, 19), colour, 0.8)


def draw_bedroom(scenery: Scenery) -> None:
    """A bed, striped walls, a window, a rug, a bedside lamp."""
    pen = scenery.land
    wall = (0xFFCFDDF5, 0xFFF8D9E2, 0xFFDDEFD0)[scenery.palette]
    cover = (0xFF6C8FD6, 0xFFDD7FA0, 0xFF7DB37A)[scenery.palette]
    _room(scenery, wall, 0xFFD9B48C, WHITE)
    for number in range(16):
        pen.rectangle((LEFT + 12 * number, TOP, LEFT + 12 * number + 5, FLOOR - 2), lighter(wall, 0.4), lined=False)
    window_outside(scenery, ((46, 9, 62, 27), (20, 9, 36, 27), (40, 9, 56, 27))[scenery.layout], WHITE)
    _draw_curtains(scenery, ((46, 62), (20, 36), (40, 56))[scenery.layout], cover)
    _draw_bed(scenery, (16, 80, 82)[scenery.layout], (1, -1, -1)[scenery.layout], cover)
    _draw_wardrobe(scenery, (88, 48, 12)[scenery.layout])
    pen.oval((52, 40, 46)[scenery.layout], 57, 24, 4.6, lighter(cover, 0.45))
    pen.oval((52, 40, 46)[scenery.layout], 57, 17, 3.0, lighter(cover, 0.7), lined=False)
    _lamp(scenery, (72, 64, 28)[scenery.layout], lighter(cover, 0.3))


def _draw_curtains(scenery: Scenery, edges: tuple[float, float], cloth: int) -> None:
    pen, (left, right) = scenery.land, edges
    pen.stroke([(left - 6, 7), (right + 6, 7)], 1.1, darker(WOOD, 0.2))
    for x, side in ((left, -1), (right, 1)):
        pen.polygon([(x - side * 3, 7.4), (x + side * 4, 7.4), (x + side * 5, 29), (x + side, 29)], cloth)


def _draw_bed(scenery: Scenery, x: float, side: int, cover: int) -> None:
    pen = scenery.land
    with pen.at(x, 0, 0, side, 1):
        pen.rectangle((-17, 27, -14, 50), darker(WOOD, 0.1), 1.0)
        pen.rectangle((14, 35, 17, 50), darker(WOOD, 0.1), 1.0)
        pen.rectangle((-14.5, 39, 14.5, 47), WHITE, 1.0)
        pen.rectangle((-5, 37.6, 15, 47.5), cover, 1.6)
        pen.rectangle((-5, 37.6, -2, 47.5), lighter(cover, 0.6), lined=False)
        pen.oval(-9.6, 37.6, 4.6, 2.4, CREAM)


def _draw_wardrobe(scenery: Scenery, x: float) -> None:
    pen = scenery.land
    pen.rectangle((x - 9, 14, x + 9, 49), 0xFFC0905F, 0.8)
    pen.stroke([(x, 15), (x, 48)], 0.7, darker(WOOD, 0.3))
    for side in (-1, 1):
        pen.rectangle((x + side * 4.5 - 3, 17, x + side * 4.5 + 3, 45), 0xFFD0A472, 0.6, lined=False)
        pen.oval(x + side * 1.4, 32, 0.8, 0.8, 0xFFF5D98A, lined=False)


def draw_library(scenery: Scenery) -> None:
    """Bookcases up to the ceiling, an arched window, a ladder, a carpet."""
    pen = scenery.land
    wall = (0xFF9C6B5A, 0xFF6E7F66, 0xFF6F6590)[scenery.palette]
    _room(scenery, wall, 0xFFB98A62, darker(WOOD, 0.35))
    places = ((4, 36, 92), (24, 56, 88), (8, 66, 98))[scenery.layout]
    for number, x in enumerate((-28, *places, 126)):
        _draw_bookcase(scenery, x, number)
    middle = (64, -4, 38)[scenery.layout]
    window_outside(scenery, (middle - 7, 8, middle + 7, 32), CREAM)
    _draw_ladder(scenery, (40, 60, 70)[scenery.layout])
    carpet = (0xFFB5483F, 0xFF3F7C6B, 0xFF54569A)[scenery.palette]
    pen.rectangle((LEFT, 52, RIGHT, 62), carpet, lined=False)
    for y in (53.4, 60.6):
        pen.rectangle((LEFT, y - 0.5, RIGHT, y + 0.5), 0xFFE9C878, lined=False)
    _lamp(scenery, (80, 40, 52)[scenery.layout], 0xFF4FA07C)


def _draw_bookcase(scenery: Scenery, x: float, number: int) -> None:
    pen, rng = scenery.land, scenery.random(f"books {number}")
    pen.rectangle((x - 13, -30, x + 13, 49), darker(WOOD, 0.3), 0.6)
    for shelf in range(7):
        foot = 47.0 - 11.5 * shelf
        pen.rectangle((x - 11.5, foot - 10, x + 11.5, foot), darker(WOOD, 0.6), lined=False)
        left = x - 11.0
        while left < x + 8.6:
            width, tall = rng.uniform(1.9, 3.4), rng.uniform(6.0, 9.0)
            shade = rng.choice((0xFFC9695F, 0xFF6E9C8A, 0xFFD9B562, 0xFF7387B8, 0xFFB9889E, 0xFFE3D6BC))
            pen.rectangle((left, foot - tall, left + width - 0.3, foot), shade, lined=False)
            left += width


def _draw_ladder(scenery: Scenery, x: float) -> None:
    pen = scenery.land
    for across in (0, 6):
        pen.limb([(x + across, 50), (x + across + 5, 4)], 1.1, 0xFFD8AE74)
    for step in range(7):
        y = 46 - 6 * step
        start = x + (50 - y) * 5 / 46
        pen.stroke([(start, y), (start + 6, y)], 1.1, 0xFFD8AE74)
