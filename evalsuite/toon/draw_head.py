"""Heads: the ears, faces and snouts that tell the species apart. A head is drawn around its middle, facing right."""

from __future__ import annotations

from dataclasses import replace

from evalsuite.toon.looks import BLACK, CREAM, NOSE_PINK, OUTLINE, PAINTS, TONGUE, WHITE, darker, lighter
from evalsuite.toon.motion import Pose
from evalsuite.toon.sketch import Pen


def draw_head(pen: Pen, species: str, coat: int, pose: Pose) -> None:
    """Draw ears, skull, snout and face."""
    _HEADS[species](pen, coat, pose)


def _face(pen: Pen, pose: Pose, eyes: tuple[float, float, float], mouth: tuple[float, float]) -> None:
    """Two eyes around (x, y) that are `spread` apart, and a mouth."""
    x, y, spread = eyes
    for side in (-1, 1):
        _eye(pen, pose, x + side * spread, y)
    _mouth(pen, pose, *mouth)


def _eye(pen: Pen, pose: Pose, x: float, y: float) -> None:
    if pose.eyes == "open":
        pen.oval(x, y, 1.75, 2.1, WHITE, lined=False)
        pen.oval(x + 0.45 * pose.gaze + 0.3, y + 0.2, 1.05, 1.45, BLACK, lined=False)
        pen.oval(x + 0.45 * pose.gaze + 0.65, y - 0.4, 0.4, 0.45, WHITE, lined=False)
    elif pose.eyes == "closed":
        pen.stroke([(x - 1.6, y), (x, y + 1.5), (x + 1.6, y)], 0.9, OUTLINE)
    else:
        pen.stroke([(x - 1.6, y + 0.8), (x, y - 1.9), (x + 1.6, y + 0.8)], 0.9, OUTLINE)


def _mouth(pen: Pen, pose: Pose, x: float, y: float) -> None:
    if pose.mouth == "smile":
        pen.stroke([(x - 1.7, y - 0.4), (x, y + 1.5), (x + 1.7, y - 0.4)], 0.8, OUTLINE)
    elif pose.mouth == "open":
        pen.oval(x, y + 0.5, 1.6, 1.5, darker(TONGUE, 0.35), lined=False)
        pen.oval(x, y + 1.1, 1.1, 0.8, TONGUE, lined=False)
    else:
        pen.oval(x, y + 0.2, 0.75, 0.7, darker(TONGUE, 0.5), lined=False)


def _cat(pen: Pen, coat: int, pose: Pose) -> None:
    for side in (-1, 1):
        pen.polygon([(side * 6.8, -2.5), (side * 6.3, -10.2), (side * 1.2, -5.6)], coat)
        pen.polygon([(side * 5.6, -4.4), (side * 5.5, -8.0), (side * 2.8, -5.6)], NOSE_PINK, lined=False)
    pen.oval(0, 0, 7.8, 6.3, coat)
    pen.oval(1.8, 3.0, 3.5, 2.3, lighter(coat, 0.65), lined=False)
    for y in (1.8, 3.6):
        pen.stroke([(5.0, y + 0.2), (9.6, y - 0.6)], 0.5, OUTLINE)
        pen.stroke([(-2.2, y + 0.2), (-6.6, y - 0.6)], 0.5, OUTLINE)
    _face(pen, pose, (1.3, -1.0, 3.2), (1.8, 3.1))
    pen.polygon([(0.8, 1.4), (2.8, 1.4), (1.8, 2.6)], NOSE_PINK, lined=False)


def _dog(pen: Pen, coat: int, pose: Pose) -> None:
    pen.oval(0, 0, 7.2, 6.6, coat)
    ear = darker(coat, 0.4)
    pen.blob([(-3.6, -6.4), (-8.2, -6.6), (-10.2, 1.6), (-8.6, 6.0), (-5.6, 4.0), (-5.4, -1.6)], ear)
    pen.blob([(4.4, -6.6), (8.0, -6.2), (9.6, 0.6), (8.4, 3.8), (6.4, 1.6), (6.0, -2.6)], ear)
    pen.oval(4.0, 2.6, 4.6, 3.2, lighter(coat, 0.6))
    _face(pen, pose, (1.0, -2.0, 2.7), (3.6, 3.9))
    pen.oval(6.6, 0.9, 2.0, 1.5, BLACK, lined=False)


def _rabbit(pen: Pen, coat: int, pose: Pose) -> None:
    for x, turn in ((-3.6, -13.0), (2.2, 9.0)):
        with pen.at(x, -4.0, turn):
            pen.oval(0, -6.4, 2.5, 7.4, coat)
            pen.oval(0, -6.2, 1.15, 5.2, NOSE_PINK, lined=False)
    pen.oval(0, 0, 6.8, 6.2, coat)
    pen.oval(1.6, 2.9, 3.6, 2.4, WHITE, lined=False)
    _face(pen, pose, (1.2, -1.2, 2.9), (1.6, 2.6))
    pen.rectangle((0.5, 3.6, 2.7, 5.6), WHITE, 0.3)
    pen.oval(1.6, 1.3, 1.0, 0.8, NOSE_PINK, lined=False)


def _bear(pen: Pen, coat: int, pose: Pose) -> None:
    for side in (-1, 1):
        pen.oval(side * 5.6, -5.4, 3.0, 3.0, coat)
        pen.oval(side * 5.6, -5.2, 1.5, 1.5, lighter(coat, 0.55), lined=False)
    pen.oval(0, 0, 7.9, 6.8, coat)
    pen.oval(2.0, 2.6, 4.1, 3.1, CREAM)
    _face(pen, pose, (1.4, -2.0, 3.2), (2.0, 3.4))
    pen.oval(2.0, 1.0, 1.8, 1.3, BLACK, lined=False)


def _fox(pen: Pen, coat: int, pose: Pose) -> None:
    for side in (-1, 1):
        pen.polygon([(side * 7.0, -1.8), (side * 7.6, -11.6), (side * 1.0, -5.2)], coat)
        pen.polygon([(side * 7.3, -7.8), (side * 7.6, -11.6), (side * 4.9, -9.0)], BLACK, lined=False)
    pen.blob([(-4, -7), (5, -7), (9.5, -2.5), (12.5, 3.6), (5, 6.4), (-5, 6.2), (-9.8, 2)], coat)
    pen.blob([(0.5, 2.0), (6, 1.0), (12.0, 3.4), (5.5, 6.6), (-1, 5.8)], WHITE, lined=False)
    pen.blob([(-8.0, 1.0), (-3.6, 2.0), (-3.2, 5.6), (-6.4, 4.8)], WHITE, lined=False)
    _face(pen, pose, (0.8, -1.6, 2.9), (5.0, 3.8))
    pen.oval(9.6, 2.2, 1.5, 1.3, BLACK, lined=False)


def _mouse(pen: Pen, coat: int, pose: Pose) -> None:
    for x, y in ((-6.6, -5.8), (5.6, -6.6)):
        pen.oval(x, y, 4.8, 4.8, coat)
        pen.oval(x, y + 0.2, 3.0, 3.0, NOSE_PINK, lined=False)
    pen.blob([(-5, -6.2), (4, -6.2), (8.0, -1.5), (11.0, 3.4), (5, 6.4), (-5, 6.2), (-8, 0)], coat)
    pen.oval(4.2, 3.4, 3.0, 1.8, lighter(coat, 0.6), lined=False)
    _face(pen, pose, (0.9, -1.0, 2.6), (3.6, 3.4))
    pen.oval(8.8, 2.4, 1.7, 1.5, PAINTS["pink"])


def _frog(pen: Pen, coat: int, pose: Pose) -> None:
    for side in (-1, 1):
        pen.oval(side * 4.4 + 0.6, -5.2, 3.5, 3.5, coat)
    pen.oval(0.4, 1.0, 9.0, 5.4, coat)
    pen.oval(0.8, 3.6, 6.6, 2.4, lighter(coat, 0.65), lined=False)
    for side in (-1, 1):
        with pen.at(side * 4.4 + 0.7, -5.2, 0, 1.15, 1.15):
            _eye(pen, pose, 0, 0)
    _frog_mouth(pen, pose)


def _frog_mouth(pen: Pen, pose: Pose) -> None:
    if pose.mouth == "smile":
        pen.stroke([(-5.4, 1.0), (0.8, 5.6), (7.2, 1.0)], 0.9, OUTLINE)
    elif pose.mouth == "open":
        pen.oval(0.9, 3.0, 4.8, 2.2, darker(TONGUE, 0.35), lined=False)
        pen.oval(0.9, 4.1, 3.0, 1.0, TONGUE, lined=False)
    else:
        pen.stroke([(-2.5, 2.6), (4.5, 2.6)], 0.9, OUTLINE)


def _penguin(pen: Pen, coat: int, pose: Pose) -> None:
    pen.oval(0, -0.2, 7.2, 6.9, coat)
    pen.blob([(-2.0, -5.6), (2.2, -3.2), (6.6, -5.4), (7.4, 1.8), (2.4, 6.8), (-3.4, 2.0)], WHITE, lined=False)
    _face(pen, replace(pose, mouth="small"), (1.8, -1.6, 2.5), (2.0, 4.6))
    gape = 1.3 if pose.mouth == "open" else 0.0
    pen.polygon([(2.0, 2.6), (7.4, 2.6 + gape), (2.2, 4.6 + gape)], darker(PAINTS["orange"], 0.25))
    pen.blob([(0.0, 3.6), (0.6, 0.2), (5.0, 0.0), (10.6, 2.4), (6.0, 3.6)], PAINTS["orange"])


_HEADS = {
    "cat": _cat,
    "dog": _dog,
    "rabbit": _rabbit,
    "bear": _bear,
    "fox": _fox,
    "mouse": _mouse,
    "frog": _frog,
    "penguin": _penguin,
}
