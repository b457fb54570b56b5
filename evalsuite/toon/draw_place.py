"""Places: sky, setting and light. A place is recorded once, larger than the stage, for any camera."""

from __future__ import annotations

import random

import skia

from evalsuite.toon.draw_buildings import draw_farm, draw_harbour, draw_playground, draw_street
from evalsuite.toon.draw_indoors import draw_bedroom, draw_kitchen, draw_library
from evalsuite.toon.draw_nature import draw_beach, draw_forest, draw_meadow, draw_mountain, draw_snowfield
from evalsuite.toon.draw_scenery import BOTTOM, LEFT, RIGHT, TOP, Scenery, cloud
from evalsuite.toon.episode import INDOORS, Place, TimeOfDay
from evalsuite.toon.looks import CREAM, WHITE, by_lamp, by_night, lighter
from evalsuite.toon.sketch import Pen, paint, recoloured

HORIZON = 42.0

DAY_SKIES = ((0xFF7CC8F2, 0xFFD9F2FB), (0xFFFFB88A, 0xFFFFF0C9), (0xFFB9A7EC, 0xFFF9DDF0))
"""Top and horizon of the sky by day, one pair for each palette."""
NIGHT_SKIES = ((0xFF141B45, 0xFF3C4F8C), (0xFF241540, 0xFF6A4478), (0xFF0B2438, 0xFF2B6480))
"""The same by night."""

_DRAWINGS = {
    "meadow": draw_meadow,
    "forest": draw_forest,
    "beach": draw_beach,
    "snowfield": draw_snowfield,
    "mountain": draw_mountain,
    "harbour": draw_harbour,
    "street": draw_street,
    "playground": draw_playground,
    "farm": draw_farm,
    "kitchen": draw_kitchen,
    "bedroom": draw_bedroom,
    "library": draw_library,
}


def place_picture(place: Place, time: TimeOfDay) -> skia.Picture:
    """The place without anyone in it, in stage units."""
    recorder = skia.PictureRecorder()
    canvas = recorder.beginRecording(skia.Rect.MakeLTRB(LEFT, TOP, RIGHT, BOTTOM))
    if place.kind not in INDOORS:
        _draw_sky(canvas, place, time)
    land, lights = Pen(width=0.5), Pen(width=0.5)
    scenery = Scenery(land, lights, place.palette % 3, place.layout % 3, time == "night")
    _DRAWINGS[place.kind](scenery)
    if time == "night":
        paint(canvas, recoloured(land.shapes, by_lamp if place.kind in INDOORS else by_night))
    else:
        paint(canvas, land.shapes)
    paint(canvas, lights.shapes)
    return recorder.finishRecordingAsPicture()


def _draw_sky(canvas: skia.Canvas, place: Place, time: TimeOfDay) -> None:
    skies = NIGHT_SKIES if time == "night" else DAY_SKIES
    gradient = skia.GradientShader.MakeLinear(
        [skia.Point(0, -6), skia.Point(0, HORIZON)], list(skies[place.palette % 3])
    )
    canvas.drawRect(skia.Rect.MakeLTRB(LEFT, TOP, RIGHT, BOTTOM), skia.Paint(Shader=gradient))
    pen = Pen()
    if time == "night":
        _draw_night_sky(pen, place)
    else:
        _draw_day_sky(pen, place)
    paint(canvas, pen.shapes)


def _draw_day_sky(pen: Pen, place: Place) -> None:
    x = (16.0, 78.0, 46.0)[place.layout % 3]
    pen.oval(x, 9, 6.6, 6.6, 0x66FFF4B0, lined=False)
    pen.oval(x, 9, 4.6, 4.6, 0xFFFFE35A, lined=False)
    rng = random.Random(f"clouds {place.kind} {place.layout}")
    for number in range(5):
        cloud(pen, -36 + 38 * number + rng.uniform(-9, 9), rng.uniform(6, 18), rng.uniform(0.7, 1.2), WHITE)


def _draw_night_sky(pen: Pen, place: Place) -> None:
    rng = random.Random(f"stars {place.kind} {place.layout}")
    for _ in range(70):
        size = rng.choice((0.35, 0.5, 0.75))
        pen.oval(rng.uniform(LEFT, RIGHT), rng.uniform(-20, 34), size, size, CREAM, lined=False)
    x = (78.0, 18.0, 60.0)[place.layout % 3]
    pen.oval(x, 10, 7.4, 7.4, 0x33FFF3C4, lined=False)
    pen.oval(x, 10, 5.2, 5.2, 0xFFFFF3C4, lined=False)
    pen.oval(x - 1.6, 8.8, 1.1, 1.1, 0xFFE6D69A, lined=False)
    pen.oval(x + 1.8, 11.6, 0.8, 0.8, 0xFFE6D69A, lined=False)
    haze = lighter(NIGHT_SKIES[place.palette % 3][1], 0.15)
    cloud(pen, 40 - x / 3, 16, 0.9, haze)
    cloud(pen, 110 - x / 3, 21, 1.1, haze)
