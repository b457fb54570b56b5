"""The cartoon world: an episode becomes frames, exact truth, and masks.

Nothing depends on the size or rate asked for: any `VideoSpec` shows the same world. `take` varies incidental detail
alone, such as when eyes blink; take 0 is the canonical one.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import skia

from evalsuite.toon.alteration import UNALTERED, Alteration
from evalsuite.toon.draw_place import place_picture
from evalsuite.toon.episode import Episode, Place, TimeOfDay
from evalsuite.toon.moments import Moment, ThingState, moments, picture_matrix, sketches
from evalsuite.toon.physics import Physics
from evalsuite.toon.sketch import Box, bounds, paint, paint_flat
from evalsuite.toon.truth import EntityTruth, FrameTruth
from evalsuite.types import Frame, VideoSpec

__all__ = ["UNALTERED", "Alteration", "EntityTruth", "FrameTruth", "Physics", "frames", "masks", "truth"]

_place_picture = lru_cache(maxsize=64)(place_picture)


def frames(episode: Episode, spec: VideoSpec, take: int = 0, alteration: Alteration = UNALTERED) -> Iterator[Frame]:
    """The pictures, one at a time: round(seconds x fps) of them."""
    canvas = _Canvas(spec)
    for moment in moments(episode, spec, take, alteration):
        yield canvas.draw(moment, alteration)


def truth(episode: Episode, spec: VideoSpec, take: int = 0, alteration: Alteration = UNALTERED) -> Iterator[FrameTruth]:
    """What each frame shows, without drawing it; boxes are those of the pictures of the same `spec`."""
    for moment in moments(episode, spec, take, alteration):
        yield _frame_truth(moment, spec, alteration)


def masks(
    episode: Episode, spec: VideoSpec, take: int = 0, alteration: Alteration = UNALTERED
) -> Iterator[dict[str, npt.NDArray[np.bool_]]]:
    """For each frame: entity id -> the pixels, shape (height, width), in which it is seen and nothing hides it."""
    for moment in moments(episode, spec, take, alteration):
        yield _masks(moment, spec, alteration)


class _Canvas:
    """A surface that is drawn over again for each frame; the background is redrawn only when it changes."""

    def __init__(self, spec: VideoSpec) -> None:
        self.spec = spec
        self.pixels = np.zeros((spec.height, spec.width, 4), np.uint8)
        self.surface = skia.Surface(self.pixels, colorType=skia.kRGBA_8888_ColorType)
        self.background = self.pixels.copy()
        self.shown: tuple[Place, TimeOfDay, object] | None = None

    def draw(self, moment: Moment, alteration: Alteration) -> Frame:
        """The picture of a moment."""
        with self.surface as canvas:
            canvas.setMatrix(picture_matrix(moment.view, self.spec))
            self._draw_background(canvas, moment)
            for sketch in sketches(moment, alteration):
                paint(canvas, sketch.shapes)
        return self.pixels[:, :, :3].copy()

    def _draw_background(self, canvas: skia.Canvas, moment: Moment) -> None:
        scene = (moment.plan.place, moment.plan.shot.time, moment.view)
        if scene == self.shown:
            self.pixels[:] = self.background
            return
        canvas.drawPicture(_place_picture(moment.plan.place, moment.plan.shot.time))
        self.background[:] = self.pixels
        self.shown = scene


def _frame_truth(moment: Moment, spec: VideoSpec, alteration: Alteration) -> FrameTruth:
    matrix = picture_matrix(moment.view, spec)
    entities = []
    for sketch in sketches(moment, alteration):
        if sketch.entity is None:
            continue
        box = bounds(sketch.shapes)
        seen = _pixels(matrix, box, spec)
        if seen is not None:
            entities.append(_entity(moment, sketch.entity, box, seen))
    plan, view = moment.plan, moment.view
    return FrameTruth(
        seconds=moment.seconds,
        shot=plan.number,
        place=plan.place.id,
        setting=plan.place.kind,
        time=plan.shot.time,
        cut=moment.cut,
        camera=(view.x, view.y, view.zoom),
        entities=tuple(entities),
        events=moment.events,
    )


def _pixels(matrix: skia.Matrix, box: Box, spec: VideoSpec) -> Box | None:
    """The part of a box that is in the picture, in pixels; None if there is none."""
    mapped = matrix.mapRect(skia.Rect.MakeLTRB(*box))
    left, top = max(mapped.left(), 0.0), max(mapped.top(), 0.0)
    right, bottom = min(mapped.right(), float(spec.width)), min(mapped.bottom(), float(spec.height))
    return (left, top, right, bottom) if left < right and top < bottom else None


def _entity(moment: Moment, name: str, box: Box, seen: Box) -> EntityTruth:
    centre = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    if name in moment.things:
        state = moment.things[name]
        parts = tuple((part.x, part.y, part.size) for part in state.parts)
        return EntityTruth(name, "object", seen, centre, _thing_contacts(state), state.held_by, parts)
    touched = [other for other, state in moment.things.items() if name in (state.held_by, state.pushed_by)]
    ground = ["ground"] if moment.figures[name].pose.lift < 0.3 else []
    action = moment.plan.actings[name].action
    return EntityTruth(name, "character", seen, centre, tuple(ground + touched), None, (), action)


def _thing_contacts(state: ThingState) -> tuple[str, ...]:
    ground = ["ground"] if any(part.grounded for part in state.parts) else []
    return tuple(ground + [name for name in (state.held_by, state.pushed_by) if name is not None])


def _masks(moment: Moment, spec: VideoSpec, alteration: Alteration) -> dict[str, npt.NDArray[np.bool_]]:
    pixels = np.zeros((spec.height, spec.width, 4), np.uint8)
    names: list[str] = []
    with skia.Surface(pixels, colorType=skia.kRGBA_8888_ColorType) as canvas:
        canvas.setMatrix(picture_matrix(moment.view, spec))
        for sketch in sketches(moment, alteration):
            if sketch.entity is not None:
                names.append(sketch.entity)
                paint_flat(canvas, sketch.shapes, 0xFF000000 | len(names))
    numbers = pixels[:, :, 2]
    seen = {name: numbers == number for number, name in enumerate(names, 1)}
    return {name: mask for name, mask in seen.items() if mask.any()}
