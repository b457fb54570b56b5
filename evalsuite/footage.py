"""Ways to damage footage by a known amount, whatever system made it: freeze, truncate, loop, shuffle, blur ...

Each takes footage and gives footage, and streams: what it holds in memory is said where it is more than a few frames.
"""

from __future__ import annotations

import difflib
import math
import random
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, tee
from typing import Any, Protocol, TypeVar

import cv2
import numpy as np

from evalsuite.errors import PluginError, StoryboardError, VideoError
from evalsuite.types import Footage, Frame

Item = TypeVar("Item")

STRENGTH = re.compile(r"\d+(\.\d+)?")
DISSOLVE_SECONDS = 1.5
DARKEST_GAIN = 0.5
"""What `flicker` and `exposure-jump` multiply by at strength 1; they only darken, since a brighter picture clips."""
WIDEST_JITTER = 0.1
"""How far `jitter` moves a frame at strength 1, as a share of its width."""
WIDEST_BLUR = 0.05
"""The sigma of `blur` at strength 1, as a share of the height."""
DOT = 0.03
"""The radius of `dot`, as a share of the height."""
PAN_SPEED, PAN_SECONDS = 0.02, 12.0
"""How much of its width a picture moves in a second of `pan`, and after how many it turns back."""


class Part(Protocol):
    """A segment of a storyboard, or a shot of an episode."""

    @property
    def seconds(self) -> float: ...
    @property
    def cut_before(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class Timeline:
    """When the segments of a story are shown, counted in frames."""

    segments: tuple[range, ...]
    """The frames of each segment; together all frames of the video."""
    cuts: tuple[int, ...]
    """The first frame after each planned cut."""
    fps: float

    @classmethod
    def of(cls, parts: Sequence[Part], fps: float, frames: int | None = None) -> Timeline:
        """The timeline of a video of `frames` frames, by default of as many as its parts ask for."""
        *seconds, end = accumulate((part.seconds for part in parts), initial=0.0)
        total = round(end * fps) if frames is None else frames
        if not total:
            raise StoryboardError(f"a story of {end:g} s is shorter than one frame at {fps:g} frames a second.")
        bounds = [first_frame(second, fps) for second in seconds]
        starts = [min(start, total) for start in bounds]
        segments = tuple(range(start, stop) for start, stop in zip(starts, [*starts[1:], total], strict=True))
        cuts = tuple(start for start, part in zip(starts, parts, strict=True) if part.cut_before and 0 < start < total)
        return cls(tuple(segment for segment in segments if segment), cuts, fps)

    @property
    def frames(self) -> int:
        return self.segments[-1].stop

    def within(self, chosen: Iterable[int]) -> list[bool]:
        """For each frame, whether it lies in one of the chosen segments."""
        wanted = set(chosen)
        return [number in wanted for number, segment in enumerate(self.segments) for _ in segment]


@dataclass(frozen=True, slots=True)
class Dose:
    """How much damage is done, and to which story."""

    strength: float
    """0 - 1; its unit depends on the kind of damage."""
    seed: str
    """Decides, alone, which segments are chosen: those of a smaller strength are among those of a larger one."""
    timeline: Timeline
    other: Callable[[], Footage]
    """Opens the footage of another story, at the same rate and size and at least as long."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of damage that can be done to any footage."""

    unit: str
    """What the strength counts."""
    summary: str
    apply: Callable[[Footage, Dose], Footage]


def first_frame(second: float, fps: float) -> int:
    """The number of the first frame that is shown at `second` or later."""
    return math.ceil(second * fps - 1e-6)


def portion(share: float, count: int) -> int:
    """`share` of `count`, rounded half up."""
    return math.floor(share * count + 0.5 + 1e-9)


def choose(candidates: Sequence[int], share: float, seed: str) -> list[int]:
    """The first `share` of the candidates, in a random order that the seed alone decides."""
    return random.Random(seed).sample(candidates, len(candidates))[: portion(share, len(candidates))]


def kind_and_strength(text: str, kinds: Iterable[str]) -> tuple[str, float]:
    """Reads `blur@0.5`; `PluginError` where the kind is not among `kinds` or the strength not within 0 - 1."""
    kind, _, number = text.partition("@")
    names = sorted(kinds)
    if kind not in names:
        close = difflib.get_close_matches(kind, names, n=1)
        hint = f"did you mean {close[0]}?" if close else f"there are {', '.join(names)}."
        raise PluginError(f"there is no kind of damage {kind!r}: {hint}")
    if not STRENGTH.fullmatch(number) or float(number) > 1:
        raise PluginError(f"{text!r} needs a strength from 0 to 1 after an @: write, for example, {kind}@0.4")
    return kind, float(number)


def damaged(footage: Footage, kind: str, dose: Dose) -> Footage:
    """The footage after damage of one of `KINDS`; at strength 0 as it was."""
    return KINDS[kind].apply(footage, dose) if dose.strength > 0 else footage


def reordered(footage: Footage, order: Sequence[int]) -> Footage:
    """The frames with these numbers, in this order, and their truth with them.

    Holds each frame from when it is read until it was last shown: a freeze one, a loop its period, a shuffle of the
    whole video up to the whole video. Reads no further than the last frame that is shown.
    """
    return _both(footage, footage, lambda items, _: _reorder(items, order))


def mixed(footage: Footage, other: Footage, other_shown: Sequence[bool]) -> Footage:
    """Each frame from `footage`, or from `other` where `other_shown` says so, and its truth with it."""
    return _both(footage, other, lambda items, others: _mix(items, others, other_shown))


def _both(
    footage: Footage, other: Footage, combine: Callable[[Iterable[Any], Iterable[Any]], Iterator[Any]]
) -> Footage:
    """Does to the truth what is done to the frames, where both sides have one."""
    truth, other_truth = footage.truth, other.truth

    def combined_truth() -> Iterable[Mapping[str, Any]]:
        assert truth is not None
        assert other_truth is not None
        return combine(truth(), other_truth())

    known = truth is not None and other_truth is not None
    return replace(footage, frames=combine(footage.frames, other.frames), truth=combined_truth if known else None)


def _reorder(items: Iterable[Item], order: Sequence[int]) -> Iterator[Item]:
    uses = Counter(order)
    held: dict[int, Item] = {}
    stream = enumerate(items)
    for wanted in order:
        while wanted not in held:
            number, item = _next(stream, wanted)
            if number in uses:
                held[number] = item
        yield held[wanted]
        uses[wanted] -= 1
        if not uses[wanted]:
            del held[wanted]


def _next(stream: Iterator[tuple[int, Item]], wanted: int) -> tuple[int, Item]:
    try:
        return next(stream)
    except StopIteration:
        raise VideoError(f"frame {wanted} is needed, but the video ends before it; make the video anew") from None


def _mix(items: Iterable[Item], others: Iterable[Item], other_shown: Sequence[bool]) -> Iterator[Item]:
    try:
        for item, other, wanted in zip(items, others, other_shown, strict=True):
            yield other if wanted else item
    except ValueError:
        raise VideoError(f"two videos of {len(other_shown)} frames were to be mixed, but one is not so long") from None


def _painted(footage: Footage, paint: Callable[[int, Frame], Frame]) -> Footage:
    """Each frame as `paint(number, frame)` makes it."""
    return replace(footage, frames=(paint(number, frame) for number, frame in enumerate(footage.frames)))


def _gain(frame: Frame, gain: float) -> Frame:
    return np.asarray(cv2.convertScaleAbs(frame, alpha=gain), dtype=np.uint8)


def _freeze(footage: Footage, dose: Dose) -> Footage:
    last = dose.timeline.frames - portion(dose.strength, dose.timeline.frames)
    return reordered(footage, [min(number, last) for number in range(dose.timeline.frames)])


def _dot(footage: Footage, dose: Dose) -> Footage:
    """What is small and moves on a still, as a bar of progress or a mark does."""
    last = dose.timeline.frames - portion(dose.strength, dose.timeline.frames)
    phases = [random.Random(f"{dose.seed} {way}").uniform(0, 2 * math.pi) for way in "xy"]

    def paint(number: int, frame: Frame) -> Frame:
        if number < last:
            return frame
        turns = [pace * number / dose.timeline.fps + phase for pace, phase in zip((0.9, 1.3), phases, strict=True)]
        x, y = (
            round(size * (0.5 + 0.4 * math.sin(turn))) for size, turn in zip(frame.shape[1::-1], turns, strict=True)
        )
        radius = max(1, round(DOT * frame.shape[0]))
        return np.asarray(cv2.circle(frame.copy(), (x, y), radius, (230, 40, 40), -1), dtype=np.uint8)

    return replace(_painted(_freeze(footage, dose), paint), truth=None)


def _pan(footage: Footage, dose: Dose) -> Footage:
    """A still that the camera moves across, to one side and back; what lies beyond the edge repeats the edge."""
    last = dose.timeline.frames - portion(dose.strength, dose.timeline.frames)

    def paint(number: int, frame: Frame) -> Frame:
        second = max(0, number - last) / dose.timeline.fps
        away = PAN_SECONDS - abs(second % (2 * PAN_SECONDS) - PAN_SECONDS)
        view = np.array([[1.0, 0.0, -PAN_SPEED * away * frame.shape[1]], [0.0, 1.0, 0.0]])
        moved = cv2.warpAffine(frame, view, frame.shape[1::-1], borderMode=cv2.BORDER_REPLICATE)
        return np.asarray(moved, dtype=np.uint8)

    return replace(_painted(_freeze(footage, dose), paint), truth=None)


def _truncate(footage: Footage, dose: Dose) -> Footage:
    total = dose.timeline.frames
    return reordered(footage, range(max(1, total - portion(dose.strength, total))))


def _loop(footage: Footage, dose: Dose) -> Footage:
    total, period = dose.timeline.frames, len(dose.timeline.segments[0])
    start = total - portion(dose.strength, total)
    return reordered(footage, [*range(start), *((number - start) % period for number in range(start, total))])


def _frame_shuffle(footage: Footage, dose: Dose) -> Footage:
    segments = [list(segment) for segment in dose.timeline.segments]
    for number in choose(range(len(segments)), dose.strength, dose.seed):
        random.Random(f"{dose.seed} {number}").shuffle(segments[number])
    return reordered(footage, [frame for segment in segments for frame in segment])


def _segment_shuffle(footage: Footage, dose: Dose) -> Footage:
    segments = dose.timeline.segments
    places = random.Random(dose.seed).sample(range(len(segments)), len(segments))
    count = portion(dose.strength, len(segments))
    moved = places[: max(count, 2) if count else 0]  # one segment alone cannot change its place
    source = dict(zip(moved, [*moved[1:], *moved[:1]], strict=True))
    return reordered(footage, [frame for place in range(len(segments)) for frame in segments[source.get(place, place)]])


def _prompt_swap(footage: Footage, dose: Dose) -> Footage:
    chosen = choose(range(len(dose.timeline.segments)), dose.strength, dose.seed)
    return mixed(footage, dose.other(), dose.timeline.within(chosen))


def _splice(footage: Footage, dose: Dose) -> Footage:
    count = len(dose.timeline.segments)
    return mixed(footage, dose.other(), dose.timeline.within(range(count - portion(dose.strength, count), count)))


def _missed_cut(footage: Footage, dose: Dose) -> Footage:
    """A dissolve of two streams: one holds the last frame before the cut, one shows the first after it early."""
    half = min(round(DISSOLVE_SECONDS / 2 * dose.timeline.fps), min(map(len, dose.timeline.segments)) // 2)
    outgoing, incoming = list(range(dose.timeline.frames)), list(range(dose.timeline.frames))
    weight = [0.0] * dose.timeline.frames
    for cut in choose(dose.timeline.cuts, dose.strength, dose.seed):
        outgoing[cut : cut + half] = [cut - 1] * half
        incoming[cut - half : cut] = [cut] * half
        weight[cut - half : cut + half] = [(step + 0.5) / (2 * half) for step in range(2 * half)]
    early, late = tee(footage.frames)
    streams = zip(_reorder(early, outgoing), _reorder(late, incoming), weight, strict=True)
    return replace(footage, frames=(_blend(*stream) for stream in streams), truth=None)


def _blend(outgoing: Frame, incoming: Frame, weight: float) -> Frame:
    return np.asarray(cv2.addWeighted(outgoing, 1 - weight, incoming, weight, 0), dtype=np.uint8)


def _flicker(footage: Footage, dose: Dose) -> Footage:
    gain = 1 - (1 - DARKEST_GAIN) * dose.strength
    return _painted(footage, lambda number, frame: _gain(frame, gain) if number % 2 else frame)


def _exposure_jump(footage: Footage, dose: Dose) -> Footage:
    gain, moment = 1 - (1 - DARKEST_GAIN) * dose.strength, dose.timeline.frames // 2
    return _painted(footage, lambda number, frame: frame if number < moment else _gain(frame, gain))


def _blur(footage: Footage, dose: Dose) -> Footage:
    def paint(_: int, frame: Frame) -> Frame:
        sigma = WIDEST_BLUR * dose.strength * frame.shape[0]
        return np.asarray(cv2.GaussianBlur(frame, (0, 0), sigma), dtype=np.uint8)

    return _painted(footage, paint)


def _jitter(footage: Footage, dose: Dose) -> Footage:
    """Moves by whole pixels, so that nothing is blurred; what lies beyond the edge repeats the edge."""
    offsets = random.Random(dose.seed)

    def paint(_: int, frame: Frame) -> Frame:
        height, width = frame.shape[:2]
        reach = WIDEST_JITTER * dose.strength * width
        right, down = (round(offsets.uniform(-reach, reach)) for _ in range(2))
        columns = np.clip(np.arange(width) - right, 0, width - 1)
        rows = np.clip(np.arange(height) - down, 0, height - 1)
        return frame[rows[:, None], columns]

    return replace(_painted(footage, paint), truth=None)


SEGMENTS = "fraction of the segments"
LENGTH = "share of the length, counted from the end"
KINDS: Mapping[str, Kind] = {
    "freeze": Kind(LENGTH, "the picture stands still to the end; at 1 the first frame is all", _freeze),
    "dot": Kind(LENGTH, "the picture stands still to the end, but for a small dot that wanders over it", _dot),
    "pan": Kind(LENGTH, "the picture stands still to the end, and the camera moves slowly across it", _pan),
    "truncate": Kind(LENGTH, "the video ends so much earlier; at 1 the first frame is all", _truncate),
    "loop": Kind(LENGTH, "the first segment is shown again and again to the end", _loop),
    "frame-shuffle": Kind(SEGMENTS, "the frames of the segment are shown in a random order", _frame_shuffle),
    "segment-shuffle": Kind(
        SEGMENTS, "the segment is shown in the place of another; never one alone", _segment_shuffle
    ),
    "prompt-swap": Kind(SEGMENTS, "the segment shows what another story shows at that time", _prompt_swap),
    "splice": Kind(SEGMENTS + ", counted from the end", "the rest of the video is that of another story", _splice),
    "missed-cut": Kind("fraction of the planned cuts", "a slow dissolve of 1.5 s takes the cut's place", _missed_cut),
    "flicker": Kind("half of the brightness", "every second frame is darker by that much", _flicker),
    "exposure-jump": Kind("half of the brightness", "from half time on, all is darker by that much", _exposure_jump),
    "jitter": Kind("a tenth of the width", "each frame is moved at random by up to that much, each way", _jitter),
    "blur": Kind("a twentieth of the height", "Gaussian blur with that sigma", _blur),
}
"""All kinds of damage to footage, by name."""
