"""Changes that no viewer minds: a metric that punishes them measures the encoding and not the video."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import cv2
import numpy as np

from evalsuite import video
from evalsuite.errors import PluginError
from evalsuite.interfaces import Baseline
from evalsuite.toon.controls import draw, episode_of
from evalsuite.toon.episode import Episode
from evalsuite.types import Footage, Frame, Storyboard, VideoSpec


@dataclass(frozen=True, slots=True)
class Kind:
    """A harmless change: `amount` unless another is written after the @, within `least` and `most`."""

    unit: str
    summary: str
    amount: float
    least: float
    most: float
    draw: Callable[[Episode, VideoSpec, int, float], Footage]


class Harmless(Baseline):
    """`harmless:<kind>` or `harmless:<kind>@<amount>`, such as `harmless:resize@0.75`."""

    summary = "the oracle with a change that no viewer minds, as in harmless:reencode"
    revision = "1"
    privileged = True
    control = True

    def __init__(self, change: str = "") -> None:
        name, _, amount = change.partition("@")
        if name not in KINDS:
            raise PluginError(_unknown(name))
        self.kind = KINDS[name]
        self.amount = _amount(change, self.kind, amount) if amount else self.kind.amount

    def generate(self, storyboard: Storyboard, seed: int, spec: VideoSpec) -> Footage:
        return self.kind.draw(episode_of(storyboard), spec, seed, self.amount)


def _unknown(name: str) -> str:
    close = difflib.get_close_matches(name, KINDS, n=1)
    hint = f"did you mean {close[0]}?" if close else f"write harmless:KIND with one of {', '.join(KINDS)}."
    return f"there is no harmless change {name!r}: {hint}"


def _amount(change: str, kind: Kind, text: str) -> float:
    try:
        amount = float(text)
    except ValueError:
        amount = float("nan")
    if not kind.least <= amount <= kind.most:
        raise PluginError(f"harmless:{change} needs an amount from {kind.least:g} to {kind.most:g} ({kind.unit})")
    return amount


def _reencode(episode: Episode, spec: VideoSpec, take: int, amount: float) -> Footage:
    return replace(draw(episode, spec, take), crf=video.CRF + round(amount))


def _resize(episode: Episode, spec: VideoSpec, take: int, amount: float) -> Footage:
    """Even sides, which every player can show."""
    size = tuple(2 * round(side * amount / 2) for side in (spec.width, spec.height))
    way = cv2.INTER_AREA if amount < 1 else cv2.INTER_CUBIC

    def resized(frame: Frame) -> Frame:
        return np.asarray(cv2.resize(frame, size, interpolation=way), dtype=np.uint8)

    footage = draw(episode, spec, take)
    return replace(footage, frames=(resized(frame) for frame in footage.frames), truth=None)  # whose boxes are smaller


def _brightness(episode: Episode, spec: VideoSpec, take: int, amount: float) -> Footage:
    footage = draw(episode, spec, take)
    brighter = (cv2.convertScaleAbs(frame, alpha=amount) for frame in footage.frames)
    return replace(footage, frames=(np.asarray(frame, dtype=np.uint8) for frame in brighter))


def _fps(episode: Episode, spec: VideoSpec, take: int, amount: float) -> Footage:
    """The same story at the same speed, in more frames."""
    return draw(episode, replace(spec, fps=spec.fps * amount), take)


KINDS: Mapping[str, Kind] = {
    "reencode": Kind("added to the CRF", "coarser encoding", 5, 1, 10, _reencode),
    "resize": Kind("factor of width and height", "another size of the picture", 1.5, 0.75, 1.5, _resize),
    "brightness": Kind("factor of every pixel", "a little brighter or darker", 1.05, 0.95, 1.05, _brightness),
    "fps": Kind("factor of the frame rate", "more frames a second, drawn by the world", 2, 1, 4, _fps),
}
"""All harmless changes, by name."""
