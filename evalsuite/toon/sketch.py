"""Shapes in stage units: the same ones are painted, measured for boxes, and filled flat for masks."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import NamedTuple

import skia

from evalsuite.toon.looks import OUTLINE

Point = tuple[float, float]
Box = tuple[float, float, float, float]
"""Left, top, right, bottom."""


OUTLINE_STEP = 0.25
"""How finely an outline is followed where it is bent, in stage units."""


class Shape(NamedTuple):
    """A path with its fill, its line, or both; the line is `width` units wide."""

    path: skia.Path
    fill: int | None
    line: int | None
    width: float


class Pen:
    """Collects shapes; `at` moves, turns and scales what is drawn inside it."""

    def __init__(self, outline: int = OUTLINE, width: float = 0.9) -> None:
        self.shapes: list[Shape] = []
        self.outline = outline
        self.width = width
        self._matrix = skia.Matrix()

    @contextmanager
    def at(self, x: float, y: float, turn: float = 0.0, scale_x: float = 1.0, scale_y: float = 1.0) -> Iterator[None]:
        """Draw around (x, y), turned clockwise by `turn` degrees."""
        outside = self._matrix
        placement = skia.Matrix().preTranslate(x, y).preRotate(turn).preScale(scale_x, scale_y)
        self._matrix = skia.Matrix.Concat(outside, placement)
        yield
        self._matrix = outside

    def oval(
        self, x: float, y: float, radius_x: float, radius_y: float, fill: int, turn: float = 0.0, lined: bool = True
    ) -> None:
        """A filled ellipse around (x, y)."""
        path = skia.Path.Oval(skia.Rect.MakeLTRB(-radius_x, -radius_y, radius_x, radius_y))
        path.transform(skia.Matrix().preTranslate(x, y).preRotate(turn))
        self._add(path, fill, lined)

    def ring(self, x: float, y: float, radius: float, width: float, colour: int) -> None:
        """A circle that is only a line."""
        path = skia.Path.Oval(skia.Rect.MakeLTRB(x - radius, y - radius, x + radius, y + radius))
        self.shapes.append(Shape(self._placed(path), None, colour, width))

    def rectangle(self, box: Box, fill: int, radius: float = 0.0, lined: bool = True) -> None:
        """A filled rectangle, its corners rounded by `radius`."""
        path = skia.Path.RRect(skia.Rect.MakeLTRB(*box), radius, radius)
        self._add(path, fill, lined)

    def polygon(self, points: Sequence[Point], fill: int, lined: bool = True) -> None:
        """A filled shape with straight sides."""
        self._add(skia.Path.Polygon([skia.Point(*point) for point in points], True), fill, lined)

    def blob(self, points: Sequence[Point], fill: int, lined: bool = True) -> None:
        """A filled, rounded shape that follows the corners of a polygon."""
        path = skia.Path()
        path.moveTo(*_middle(points[-1], points[0]))
        for corner, following in zip(points, [*points[1:], points[0]], strict=True):
            path.quadTo(*corner, *_middle(corner, following))
        path.close()
        self._add(path, fill, lined)

    def stroke(self, points: Sequence[Point], width: float, colour: int) -> None:
        """A round-ended line along the points, smooth when there are three."""
        path = self._placed(_along(points))
        self.shapes.append(Shape(path, None, colour, width))

    def limb(self, points: Sequence[Point], width: float, colour: int) -> None:
        """A thick line with an outline."""
        path = self._placed(_along(points))
        self.shapes.append(Shape(path, None, self.outline, width + 2 * self.width))
        self.shapes.append(Shape(path, None, colour, width))

    def _add(self, path: skia.Path, fill: int, lined: bool) -> None:
        self.shapes.append(Shape(self._placed(path), fill, self.outline if lined else None, self.width))

    def _placed(self, path: skia.Path) -> skia.Path:
        path.transform(self._matrix)
        return path


def _middle(first: Point, second: Point) -> Point:
    return (first[0] + second[0]) / 2, (first[1] + second[1]) / 2


def _along(points: Sequence[Point]) -> skia.Path:
    path = skia.Path()
    path.moveTo(*points[0])
    if len(points) == 3:
        path.quadTo(*points[1], *points[2])
        return path
    for point in points[1:]:
        path.lineTo(*point)
    return path


@lru_cache(maxsize=4096)
def _fill_paint(colour: int) -> skia.Paint:
    return skia.Paint(Color=colour, AntiAlias=True, Style=skia.Paint.kFill_Style)


@lru_cache(maxsize=4096)
def _line_paint(colour: int, width: float) -> skia.Paint:
    return skia.Paint(
        Color=colour,
        AntiAlias=True,
        Style=skia.Paint.kStroke_Style,
        StrokeWidth=width,
        StrokeCap=skia.Paint.kRound_Cap,
        StrokeJoin=skia.Paint.kRound_Join,
    )


def paint(canvas: skia.Canvas, shapes: Iterable[Shape]) -> None:
    """Put the shapes on a canvas, first to last."""
    for path, fill, line, width in shapes:
        if fill is not None:
            canvas.drawPath(path, _fill_paint(fill))
        if line is not None:
            canvas.drawPath(path, _line_paint(line, width))


def paint_flat(canvas: skia.Canvas, shapes: Iterable[Shape], colour: int) -> None:
    """Put the silhouette of the shapes on a canvas in one colour, with hard edges."""
    for path, fill, line, width in shapes:
        flat = skia.Paint(Color=colour, AntiAlias=False, StrokeJoin=skia.Paint.kRound_Join)
        flat.setStrokeCap(skia.Paint.kRound_Cap)
        if fill is not None:
            canvas.drawPath(path, flat)
        if line is not None:
            flat.setStyle(skia.Paint.kStroke_Style)
            flat.setStrokeWidth(width)
            canvas.drawPath(path, flat)


def bounds(shapes: Iterable[Shape]) -> Box:
    """The smallest box around all shapes with their lines, in stage units."""
    boxes = [_bounds(shape) for shape in shapes]
    left, top = min(box[0] for box in boxes), min(box[1] for box in boxes)
    right, bottom = max(box[2] for box in boxes), max(box[3] for box in boxes)
    return left, top, right, bottom


def _bounds(shape: Shape) -> Box:
    rectangle = shape.path.computeTightBounds()
    margin = shape.width / 2 if shape.line is not None else 0.0
    return (
        rectangle.left() - margin,
        rectangle.top() - margin,
        rectangle.right() + margin,
        rectangle.bottom() + margin,
    )


def recoloured(shapes: Iterable[Shape], change: Callable[[int], int]) -> list[Shape]:
    """The same shapes with every fill, and every line that is not an outline, changed."""
    return [
        Shape(
            path,
            None if fill is None else change(fill),
            line if line is None or line == OUTLINE else change(line),
            width,
        )
        for path, fill, line, width in shapes
    ]


def bent(shapes: Sequence[Shape], bend: float) -> list[Shape]:
    """The same shapes pushed sideways along a sine over their height, by up to `bend` of that height."""
    _, top, _, bottom = bounds(shapes)
    height = bottom - top

    def push(x: float, y: float) -> Point:
        return x + bend * height * math.sin(2 * math.pi * (y - top) / height), y

    return [shape._replace(path=_mapped(shape.path, push)) for shape in shapes]


def _mapped(path: skia.Path, move: Callable[[float, float], Point]) -> skia.Path:
    """A path whose outline is moved, point by point; moving the control points of curves would fall short."""
    result = skia.Path()
    measure = skia.PathMeasure(path, False)
    while True:
        length = measure.getLength()
        count = max(2, math.ceil(length / OUTLINE_STEP))
        points = [measure.getPosTan(length * number / count)[0] for number in range(count + 1)]
        result.addPoly([skia.Point(*move(point.x(), point.y())) for point in points], measure.isClosed())
        if not measure.nextContour():
            return result
