"""The controls: the cartoon world draws a storyboard exactly, or damaged in one known way by a known amount.

There are three families of damage: to the story (some segments show another version of the episode), to the world (its
physics and its shapes), and to the footage (`evalsuite.footage`, which works on any video).
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from evalsuite import footage
from evalsuite.errors import StoryboardError
from evalsuite.footage import SEGMENTS, Dose, Timeline, choose, mixed, reordered
from evalsuite.toon import controls_variants as variants
from evalsuite.toon import script, world
from evalsuite.toon.alteration import UNALTERED, Alteration
from evalsuite.toon.episode import STAGE_HEIGHT, STAGE_WIDTH, Episode, Shot
from evalsuite.toon.physics import Physics
from evalsuite.types import Footage, Storyboard, VideoSpec

SEGMENT_SECONDS = 3.0
"""How long a segment is that the script writes."""
BEND_SECONDS = 3.0
"""How long a bend of `deform` takes, there and back."""
WIDEST_TURN = 180.0
"""Degrees of hue at the end of the video, at strength 1 of `identity-drift`."""
WIDEST_GAIN = 0.6
"""What `bounce-gain` adds to the restitution at strength 1."""


@dataclass(frozen=True, slots=True)
class StoryKind:
    """Damage to the story: in the chosen segments, another version of the episode is shown."""

    unit: str
    summary: str
    eligible: Callable[[Episode], list[int]]
    """The numbers of the segments that can be damaged so."""
    version: Callable[[Episode], variants.Version]
    shown: Callable[[Timeline, Sequence[int]], list[bool]] = Timeline.within
    """For each frame, whether it is of the other version."""


@dataclass(frozen=True, slots=True)
class WorldKind:
    """Damage to the world: the whole episode is played with other physics or shapes."""

    unit: str
    summary: str
    alteration: Callable[[Episode, float], Alteration]


def episode_of(storyboard: Storyboard) -> Episode:
    """The episode behind a storyboard; `StoryboardError` where it is none of this world."""
    if storyboard.world is None:
        raise StoryboardError(
            f"the storyboard {storyboard.id} names no world: the oracle and the other controls can only draw "
            "storyboards of the cartoon world; choose one of its suites"
        )
    return script.from_world(storyboard.world)


def draw(episode: Episode, spec: VideoSpec, take: int, alteration: Alteration = UNALTERED) -> Footage:
    """The episode exactly, with its truth, or as an altered world would show it."""
    return Footage(
        world.frames(episode, spec, take, alteration),
        spec.fps,
        truth=lambda: (moment.as_dict() for moment in world.truth(episode, spec, take, alteration)),
    )


def degraded(episode: Episode, kind: str, strength: float, spec: VideoSpec, take: int) -> Footage:
    """The oracle's footage after damage of one of `KINDS`; untouched at strength 0 and where nothing is eligible."""
    if strength == 0:
        return draw(episode, spec, take)
    if kind in WORLD_KINDS:
        return draw(episode, spec, take, WORLD_KINDS[kind].alteration(episode, strength))
    timeline = Timeline.of(episode.shots, spec.fps)
    if kind in STORY_KINDS:
        chosen = chosen_segments(episode, kind, strength, take)
        version = STORY_KINDS[kind].version(episode)
        other = draw(version.episode, spec, take, version.alteration)
        return mixed(draw(episode, spec, take), other, STORY_KINDS[kind].shown(timeline, chosen))
    dose = Dose(strength, _seed(episode, kind, take), timeline, partial(_other_story, episode, timeline, spec, take))
    return footage.damaged(draw(episode, spec, take), kind, dose)


def chosen_segments(episode: Episode, kind: str, strength: float, take: int) -> list[int]:
    """The numbers of the segments that a kind of `STORY_KINDS` damages."""
    return sorted(choose(STORY_KINDS[kind].eligible(episode), strength, _seed(episode, kind, take)))


def _seed(episode: Episode, kind: str, take: int) -> str:
    return f"{episode.id} {kind} {take}"


def _other_story(episode: Episode, timeline: Timeline, spec: VideoSpec, take: int) -> Footage:
    """Footage of a story that has nothing to do with this one, at least as long, and shown for as long."""
    digest = hashlib.sha256(episode.id.encode()).digest()
    index = int.from_bytes(digest[:3])
    other = script.episode("other_story", math.ceil(episode.seconds / SEGMENT_SECONDS), index)
    return reordered(draw(other, spec, take), range(timeline.frames))


def _where(wanted: Callable[[Shot], object]) -> Callable[[Episode], list[int]]:
    """The numbers of the shots of which something is true."""
    return lambda episode: [number for number, shot in enumerate(episode.shots) if wanted(shot)]


def _has_free_action(shot: Shot) -> bool:
    return any(variants.acts_in_place(acted, shot) for acted in shot.performances)


def _continued(episode: Episode) -> list[int]:
    """The numbers of the shots that go on in the scene of the one before."""
    return [number for number, shot in enumerate(episode.shots) if number and not shot.cut_before]


def _second_halves(timeline: Timeline, chosen: Sequence[int]) -> list[bool]:
    inside = timeline.within(chosen)
    middles = [segment.start + len(segment) // 2 for segment in timeline.segments for _ in segment]
    return [inside[frame] and frame >= middle for frame, middle in enumerate(middles)]


def _from_middles(timeline: Timeline, chosen: Sequence[int]) -> list[bool]:
    segments = timeline.segments
    return _to_and_fro(timeline, [segments[number].start + len(segments[number]) // 2 for number in chosen])


def _from_starts(timeline: Timeline, chosen: Sequence[int]) -> list[bool]:
    return _to_and_fro(timeline, [timeline.segments[number].start for number in chosen])


def _to_and_fro(timeline: Timeline, moments: Sequence[int]) -> list[bool]:
    """Changes sides at each of these frames, and returns to the true episode at each planned cut.

    So there is one abrupt change at each moment, and none anywhere else.
    """
    other, sides = False, []
    for frame in range(timeline.frames):
        other = (other and frame not in timeline.cuts) != (frame in moments)
        sides.append(other)
    return sides


def _drift(episode: Episode, strength: float) -> Alteration:
    return Alteration(hue_turn=lambda second: WIDEST_TURN * strength * second / episode.seconds)


def _bend(episode: Episode, strength: float) -> Alteration:
    return Alteration(deform=lambda _, second: strength * math.sin(math.pi * second / BEND_SECONDS) ** 2)


def _float(episode: Episode, strength: float) -> Alteration:
    return Alteration(physics=Physics(gravity=1 - strength))


def _bounce(episode: Episode, strength: float) -> Alteration:
    return Alteration(physics=Physics(restitution=Physics().restitution + WIDEST_GAIN * strength))


def _glide(episode: Episode, strength: float) -> Alteration:
    return Alteration(physics=Physics(friction=1 - 2 * strength))


def _hover(episode: Episode, strength: float) -> Alteration:
    return Alteration(hover=STAGE_HEIGHT / 2 * strength)


def _sink(episode: Episode, strength: float) -> Alteration:
    return Alteration(sink=strength)


def _jump(episode: Episode, strength: float) -> Alteration:
    """Towards the farther side, for the second half of each shot."""

    def teleport(name: str, second: float) -> float:
        shot, passed = variants.shot_at(episode, second)
        subject, x = _subject(shot)
        if name != subject or passed < shot.seconds / 2 - 1e-9:
            return 0.0
        return STAGE_WIDTH * strength * (1 if x < STAGE_WIDTH / 2 else -1)

    return Alteration(teleport=teleport)


def _subject(shot: Shot) -> tuple[str | None, float]:
    """What a shot is most about, and where it is: the thing of its physical event, or its first character."""
    if shot.happening is not None:
        return shot.happening.thing, shot.happening.x
    return (shot.performances[0].character, shot.performances[0].end_x) if shot.performances else (None, 0.0)


CAST = "segments with a character"
STORY_KINDS: Mapping[str, StoryKind] = {
    "identity-swap": StoryKind(
        f"fraction of the {CAST}",
        "each character of the segment is swapped for a stranger of another species, colour and accessory, "
        "for another one in each segment",
        _where(lambda shot: shot.performances),
        variants.with_strangers,
    ),
    "vanish": StoryKind(
        f"fraction of the {CAST}",
        "the segment's first character is not there, nor what it holds",
        _where(lambda shot: shot.performances),
        variants.without_leads,
    ),
    "prop-loss": StoryKind(
        "fraction of the segments with a thing that no physical event is about",
        "such things are not there",
        _where(variants.loose_props),
        variants.without_props,
    ),
    "setting-swap": StoryKind(
        SEGMENTS,
        "the segment plays in another setting, one that the story does not have if there is any",
        _where(lambda shot: shot.place),
        variants.elsewhere,
    ),
    "event-drop": StoryKind(
        "fraction of the segments with a physical event",
        "the event does not happen",
        _where(lambda shot: shot.happening),
        variants.without_events,
    ),
    "event-repeat": StoryKind(
        "fraction of the segments with a physical event",
        "in the middle of the segment the event begins once more",
        _where(lambda shot: shot.happening),
        variants.with_late_events,
        _second_halves,
    ),
    "action-swap": StoryKind(
        "fraction of the segments in which someone acts on the spot",
        "whoever acts on the spot does something else there",
        _where(_has_free_action),
        variants.with_other_actions,
    ),
    "extra-cut": StoryKind(
        SEGMENTS,
        "a cut in the middle of the segment leads to another setting, or back from it",
        _where(lambda shot: shot.place),
        variants.elsewhere,
        _from_middles,
    ),
    "morph-at-boundary": StoryKind(
        "fraction of the boundaries between segments without a planned cut",
        "everyone and everything jumps to the mirrored place, and the setting to its next layout",
        _continued,
        variants.rearranged,
        _from_starts,
    ),
}
"""All kinds of damage to the story, by name."""
WORLD_KINDS: Mapping[str, WorldKind] = {
    "identity-drift": WorldKind(
        "180 degrees", "all hues of the characters turn by that much, evenly over the video", _drift
    ),
    "deform": WorldKind("the body's height", "outlines bend by that much and back, once in 3 s", _bend),
    "float": WorldKind("standard gravity", "gravity is less by that much", _float),
    "bounce-gain": WorldKind("0.6", "a ball keeps 0.7 of its speed when it bounces, and that much more", _bounce),
    "glide": WorldKind(
        "twice the friction",
        "the ground takes that much less of a thing's speed across; beyond 0.5 it gives",
        _glide,
    ),
    "hover": WorldKind(
        "half of the height", "no thing comes nearer to the ground than that unless someone holds it", _hover
    ),
    "sink": WorldKind("the thing's height", "things are so deep in the ground unless someone holds them", _sink),
    "teleport": WorldKind(
        "the width",
        "for the second half of each segment, the thing of its event, or else its first character, is so far away",
        _jump,
    ),
}
"""All kinds of damage to the world, by name."""
KINDS: tuple[str, ...] = (*STORY_KINDS, *WORLD_KINDS, *footage.KINDS)
REVISIONS: Mapping[str, str] = {kind: "2" if kind == "identity-swap" else "1" for kind in KINDS}
"""Raised when a kind shows other pixels than before, so that its videos are made anew."""
