"""Places outdoors without houses: meadow, forest, beach, snowfield, mountain."""

from __future__ import annotations

from evalsuite.toon.draw_scenery import (
    LEFT,
    RIGHT,
    TRUNK,
    Scenery,
    bush,
    flowers,
    ground,
    hill,
    palm,
    pine,
    round_tree,
)
from evalsuite.toon.looks import CREAM, WHITE, darker, lighter, mix

_GREENS = (0xFF9BD770, 0xFFC6D96A, 0xFF7FCFA0)
_LEAVES = (0xFF5FB35A, 0xFFE0A040, 0xFF4FA89A)
_FLOWERS = ((0xFFFF6F91, WHITE), (0xFFFF8A3C, 0xFFFFF0F0), (0xFFB57BEA, 0xFFFFE0F0))


def draw_meadow(scenery: Scenery) -> None:
    """Rolling hills, a few trees, many flowers."""
    pen, grass = scenery.land, _GREENS[scenery.palette]
    for x, top, half in ((-30, 35, 44), (44, 32, 50), (118, 36, 46)):
        hill(pen, x + 16 * scenery.layout, top, half, mix(grass, 0xFF7FBBD0, 0.35))
    for x in ((8, 96), (84, -18), (28, 118))[scenery.layout]:
        round_tree(pen, x, 46, 1.05, _LEAVES[scenery.palette])
    ground(pen, 44, grass)
    for x in ((60, 110), (20, 64), (90, -8))[scenery.layout]:
        bush(pen, x, 46, 0.9, darker(_LEAVES[scenery.palette], 0.1))
    ground(pen, 53, darker(grass, 0.08))
    flowers(pen, scenery.random("meadow flowers"), _FLOWERS[scenery.palette], 47)


def draw_forest(scenery: Scenery) -> None:
    """Dense trunks, pines, mushrooms, a mossy floor."""
    pen = scenery.land
    deep = (0xFF3E7A5A, 0xFF8A6A3A, 0xFF3D6C80)[scenery.palette]
    rng = scenery.random("forest")
    for number in range(13):
        pine(pen, -44 + 15 * number + rng.uniform(-3, 3), 45, rng.uniform(1.15, 1.6), lighter(deep, 0.22))
    ground(pen, 42, lighter(deep, 0.3))
    for number in range(7):
        x = -40 + 30 * number + (0, 11, 20)[scenery.layout]
        pen.rectangle((x - 2.6, -48, x + 2.6, 47), TRUNK)
        pen.blob([(x - 14, -4), (x - 10, 6), (x, 9), (x + 10, 6), (x + 14, -4), (x, -40)], deep, lined=False)
    ground(pen, 50, mix(deep, 0xFF7A9A4A, 0.5))
    for x in ((14, 70, 104), (32, 84, -6), (6, 50, 92))[scenery.layout]:
        _draw_mushroom(scenery, x)
        bush(pen, x + 12, 50, 0.7, darker(deep, 0.05))


def _draw_mushroom(scenery: Scenery, x: float) -> None:
    pen = scenery.land
    pen.rectangle((x - 1.1, 48.5, x + 1.1, 52.5), CREAM, 0.6)
    pen.blob([(x - 4.6, 49.4), (x - 3.2, 45.4), (x, 44), (x + 3.2, 45.4), (x + 4.6, 49.4), (x, 49.2)], 0xFFE0604F)
    for across, y in ((-1.6, 47.2), (1.4, 46.6)):
        pen.oval(x + across, y, 0.7, 0.6, WHITE, lined=False)


def draw_beach(scenery: Scenery) -> None:
    """Sea, sand, a palm tree, a parasol and a sandcastle."""
    pen = scenery.land
    sea = (0xFF3FA9D6, 0xFF3FB8B0, 0xFF5B86D8)[scenery.palette]
    sand = (0xFFF6DFA4, 0xFFF3CFA0, 0xFFF0E2C8)[scenery.palette]
    ground(pen, 33, sea)
    for y, shift in ((36, 0), (39.5, 8), (43, 3)):
        for number in range(16):
            x = -46 + 12 * number + shift + 5 * scenery.layout
            pen.stroke([(x, y), (x + 2.5, y - 1.2), (x + 5, y)], 0.6, lighter(sea, 0.5))
    island = (86, 4, 52)[scenery.layout]
    pen.oval(island, 33, 9, 2.6, 0xFF7FC08A, lined=False)
    pen.rectangle((LEFT, 45, RIGHT, 48), lighter(sea, 0.65), lined=False)
    ground(pen, 46.5, sand)
    palm(pen, (10, 88, 84)[scenery.layout], 50, (1, -1, 1)[scenery.layout])
    _draw_parasol(scenery, (76, 22, 12)[scenery.layout])
    _draw_sandcastle(scenery, (54, 58, 46)[scenery.layout], sand)
    _draw_shells(scenery)


def draw_snowfield(scenery: Scenery) -> None:
    """White ground, snowy pines, a snowman."""
    pen = scenery.land
    snow = (0xFFF4F9FF, 0xFFFFF3EC, 0xFFEDEBFF)[scenery.palette]
    for x, top, half in ((-10, 30, 50), (66, 34, 44), (130, 31, 46)):
        hill(pen, x + 12 * scenery.layout, top, half, mix(snow, 0xFF9FBEDC, 0.35))
    needles = (0xFF4E8F7C, 0xFF5F8A5A, 0xFF4F7FA0)[scenery.palette]
    for x, size in (
        ((6, 1.2), (92, 1.0), (116, 1.3)),
        ((70, 1.2), (88, 0.9), (-14, 1.2)),
        ((22, 1.0), (40, 0.8), (106, 1.3)),
    )[scenery.layout]:
        pine(pen, x, 46, size, needles, snow=True)
    ground(pen, 44, snow)
    _draw_snowman(scenery, (74, 22, 82)[scenery.layout])
    rng = scenery.random("drifts")
    for _ in range(16):
        pen.oval(rng.uniform(LEFT, RIGHT), rng.uniform(52, 68), rng.uniform(5, 10), 1.0, 0xFFD3E2F2, lined=False)


def draw_mountain(scenery: Scenery) -> None:
    """Peaks with snow on them, boulders, stony ground."""
    pen = scenery.land
    rock = (0xFF9AA3B5, 0xFFB98F78, 0xFF8D88B0)[scenery.palette]
    shift = (0, 26, -18)[scenery.layout]
    for x, top, half, shade in ((-28, 12, 34, 0.25), (30, 4, 38, 0.12), (78, 14, 30, 0.3), (124, 6, 36, 0.15)):
        _draw_peak(scenery, x + shift, top, half, lighter(rock, shade))
    meadow = (0xFFA9C68A, 0xFFCDBB80, 0xFF9CBFAE)[scenery.palette]
    ground(pen, 43, meadow)
    for x in ((12, 84), (30, 96), (-8, 66))[scenery.layout]:
        pen.blob([(x - 7, 48), (x - 6, 42), (x - 1, 39.5), (x + 5, 42), (x + 7, 48)], rock)
        pen.stroke([(x - 3, 43), (x - 0.5, 42)], 0.8, lighter(rock, 0.4))
    for x in ((58, 108), (4, 72), (40, 90))[scenery.layout]:
        pine(pen, x, 47, 0.62, 0xFF5B8F62)
    ground(pen, 51, mix(meadow, rock, 0.35))
    rng = scenery.random("pebbles")
    for _ in range(26):
        pen.oval(
            rng.uniform(LEFT, RIGHT), rng.uniform(53, 70), rng.uniform(0.8, 1.8), 0.8, lighter(rock, 0.15), lined=False
        )


def _draw_peak(scenery: Scenery, x: float, top: float, half: float, rock: int) -> None:
    pen = scenery.land
    pen.polygon([(x - half, 46), (x, top), (x + half, 46)], rock, lined=False)
    pen.polygon([(x, top), (x + half, 46), (x + half * 0.25, 46), (x + 3, top + 16)], darker(rock, 0.14), lined=False)
    low = top + (46 - top) * 0.3
    edge = half * 0.3
    cap = [
        (x - edge, low),
        (x, top),
        (x + edge, low),
        (x + edge * 0.4, low - 3),
        (x, low + 1.5),
        (x - edge * 0.5, low - 2.5),
    ]
    pen.polygon(cap, WHITE, lined=False)


def _draw_parasol(scenery: Scenery, x: float) -> None:
    pen = scenery.land
    stripe = (0xFFE8595B, 0xFF4A78D0, 0xFFF09A3C)[scenery.palette]
    pen.stroke([(x, 28), (x, 52)], 1.2, CREAM)
    pen.blob([(x - 14, 34), (x - 9, 25), (x, 22), (x + 9, 25), (x + 14, 34), (x, 32)], stripe)
    pen.blob([(x - 5, 32.6), (x - 3, 26), (x, 24), (x + 3, 26), (x + 5, 32.6), (x, 32)], WHITE, lined=False)


def _draw_sandcastle(scenery: Scenery, x: float, sand: int) -> None:
    pen, wall = scenery.land, darker(sand, 0.16)
    pen.rectangle((x - 6, 46, x + 6, 51), wall)
    for tower in (-5, 5):
        pen.rectangle((x + tower - 2, 43, x + tower + 2, 51), wall)
    pen.stroke([(x, 46), (x, 41)], 0.6, TRUNK)
    pen.polygon([(x, 41), (x + 3.4, 42.2), (x, 43.4)], 0xFFE8595B, lined=False)


def _draw_shells(scenery: Scenery) -> None:
    rng = scenery.random("shells")
    for _ in range(14):
        shade = rng.choice((0xFFF7B6A8, WHITE, 0xFFE9C27C))
        scenery.land.oval(rng.uniform(LEFT, RIGHT), rng.uniform(56, 66), 1.3, 0.9, shade, lined=False)


def _draw_snowman(scenery: Scenery, x: float) -> None:
    pen = scenery.land
    pen.oval(x, 46, 6.0, 5.4, WHITE)
    pen.oval(x, 37.6, 4.6, 4.2, WHITE)
    pen.oval(x, 30.8, 3.5, 3.3, WHITE)
    pen.rectangle((x - 3.6, 26.4, x + 3.6, 27.8), 0xFF4A4660, lined=False)
    pen.rectangle((x - 2.4, 23, x + 2.4, 27), 0xFF4A4660, lined=False)
    pen.polygon([(x, 30.6), (x + 4, 31.4), (x, 32)], 0xFFF08A3C, lined=False)
    for across, y in ((-1.3, 29.8), (1.3, 29.8), (0, 36), (0, 39)):
        pen.oval(x + across, y, 0.5, 0.5, 0xFF3A3648, lined=False)
