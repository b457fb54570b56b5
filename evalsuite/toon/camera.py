"""The camera: what part of the stage is seen, and how that changes over a shot."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from evalsuite.toon.episode import STAGE_HEIGHT, STAGE_WIDTH, Camera

PAN = 14.0
"""How far a full pan goes, in units."""
CLOSEST = 1.35
"""The zoom at which a full zoom ends."""
CLOSEST_WITH_EVENT = 1.1
"""The zoom that leaves room for what falls or flies."""
MARGIN = 9.0
"""How much is seen beside the middle of a character at least."""
ROAM = 10.0
"""How far the camera may be off the middle of the stage."""


@dataclass(frozen=True, slots=True)
class View:
    """The middle of what is seen, in stage units, and the zoom; 1 shows 96 x 64 units."""

    x: float = STAGE_WIDTH / 2
    y: float = STAGE_HEIGHT / 2
    zoom: float = 1.0


@dataclass(frozen=True, slots=True)
class CameraMove:
    """From one view to another over a shot."""

    start: View
    end: View

    def at(self, share: float) -> View:
        """The view when `share` (0 - 1) of the shot has passed."""
        if self.start == self.end:
            return self.start
        eased = share * share * (3 - 2 * share)
        zoom = self.start.zoom + (self.end.zoom - self.start.zoom) * eased
        return View(self.start.x + (self.end.x - self.start.x) * eased, _height(zoom), zoom)


def camera_move(camera: Camera, before: View | None, spots: Sequence[float], event: bool) -> CameraMove:
    """The move of a shot that begins at `before`, or after a cut (None), and ends with everyone at `spots` in view."""
    closest = CLOSEST_WITH_EVENT if event else CLOSEST
    start = before or _covering(_opening(camera, closest, spots), spots)
    return CameraMove(start, _covering(_target(camera, start, closest, spots), spots))


def _opening(camera: Camera, closest: float, spots: Sequence[float]) -> View:
    if camera.kind == "pan":
        return View(x=STAGE_WIDTH / 2 - PAN / 2 * camera.amount)
    if camera.kind == "zoom" and camera.amount < 0:
        return View(_middle(spots), zoom=1 - (closest - 1) * camera.amount)
    return View()


def _target(camera: Camera, start: View, closest: float, spots: Sequence[float]) -> View:
    if camera.kind == "pan":
        return View(start.x + PAN * camera.amount, zoom=start.zoom)
    if camera.kind == "zoom":
        return View(_middle(spots), zoom=1 + (closest - 1) * max(camera.amount, 0.0))
    return View(start.x, zoom=min(start.zoom, closest))


def _covering(view: View, spots: Sequence[float]) -> View:
    """The view nearest to the wanted one that shows all spots and nothing beyond the place."""
    spread = max(spots) - min(spots) if spots else 0.0
    zoom = max(1.0, min(view.zoom, STAGE_WIDTH / (spread + 2 * MARGIN)))
    half = STAGE_WIDTH / 2 / zoom
    roam = ROAM + STAGE_WIDTH / 2 - half
    low, high = STAGE_WIDTH / 2 - roam, STAGE_WIDTH / 2 + roam
    if spots:
        low, high = max(low, max(spots) + MARGIN - half), min(high, min(spots) - MARGIN + half)
    x = min(max(view.x, low), high) if low <= high else _middle(spots)
    return View(x, _height(zoom), zoom)


def _height(zoom: float) -> float:
    """The middle's y: the lower edge of the picture stays where it is, so that the ground is always seen."""
    return STAGE_HEIGHT - STAGE_HEIGHT / 2 / zoom


def _middle(spots: Sequence[float]) -> float:
    return (min(spots) + max(spots)) / 2 if spots else STAGE_WIDTH / 2
