"""The script writer: the same for everyone, consistent from shot to shot, and told like a story."""

from __future__ import annotations

import random
import re
import subprocess
import sys
from collections import Counter
from functools import cache
from itertools import pairwise

import pytest
from scipy.stats import chi2_contingency, chisquare

from evalsuite.errors import StoryboardError
from evalsuite.suites import fingerprint
from evalsuite.toon.episode import ACCESSORIES, COLOURS, SETTINGS, SPECIES, Episode, Shot
from evalsuite.toon.names import NAMES
from evalsuite.toon.phrases import WHERE
from evalsuite.toon.plot import plot
from evalsuite.toon.script import episode, from_world, storyboard
from evalsuite.types import Storyboard

HUNDRED = {"three_second": 1, "nine_second": 3, "eighteen_second": 6, "thirty_second": 10, "one_minute": 21}
LONG = [("thirty_second", 10, index) for index in range(30)] + [("one_minute", 21, index) for index in range(30)]


@cache
def told(split: str, segments: int, index: int) -> tuple[Episode, Storyboard]:
    written = episode(split, segments, index)
    return written, storyboard(written)


def words(text: str) -> list[str]:
    return re.findall(r"[a-z']+", text.lower())


def test_a_fresh_process_writes_the_same() -> None:
    code = (
        "from evalsuite.suites import fingerprint; from evalsuite.toon.script import episode, storyboard; "
        "print(fingerprint([storyboard(episode('train', n, 5)) for n in (1, 6, 21)]))"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
    assert found == fingerprint([told("train", segments, 5)[1] for segments in (1, 6, 21)])


@pytest.mark.parametrize("segments", [1, 2, 3, 4, 5, 6, 7, 9, 10, 15, 21, 40, 41, 200])
def test_any_length_can_be_asked_for(segments: int) -> None:
    written, board = told("train", segments, 0)
    assert [shot.seconds for shot in written.shots] == [3.0] * segments
    assert [segment.seconds for segment in board.segments] == [3.0] * segments
    assert board.id == "train-0000"


def test_the_world_of_a_storyboard_is_its_episode() -> None:
    written, board = told("one_minute", 21, 17)
    assert board.id == "one_minute-0017"
    assert board.world == "toon/1/one_minute/21/17"
    assert from_world(board.world) == written


@pytest.mark.parametrize("world", ["", "toon/1/one_minute/21", "toon/2/a/1/1", "toon/1/a/0/1", "toon/1/../1/1", "x\n"])
def test_no_other_world_is_accepted(world: str) -> None:
    with pytest.raises(StoryboardError, match="no world of this script"):
        from_world(world)


@pytest.mark.parametrize(("split", "segments"), HUNDRED.items())
def test_the_english_is_not_filled_in(split: str, segments: int) -> None:
    grams = set()
    for index in range(100):
        for segment in told(split, segments, index)[1].segments:
            spoken = words(segment.text)
            grams.update(zip(spoken, spoken[1:], spoken[2:], spoken[3:], strict=False))
    assert len(grams) >= 5000


@pytest.mark.parametrize(("split", "segments"), HUNDRED.items())
def test_a_segment_is_told_in_a_few_sentences(split: str, segments: int) -> None:
    texts = [segment.text for index in range(100) for segment in told(split, segments, index)[1].segments]
    sentences = [len(re.findall(r"[.!?](?: |$)", text)) for text in texts]
    assert min(sentences) >= 3
    assert max(sentences) <= 5
    lengths = sorted(len(words(text)) for text in texts)
    assert 45 <= sum(lengths) / len(lengths) <= 80
    assert lengths[0] >= 25
    assert lengths[-1] <= 125


@pytest.mark.parametrize(("split", "segments"), HUNDRED.items())
def test_spelling_is_clean(split: str, segments: int) -> None:
    wrong = re.compile(
        r"[^A-Za-z ,.;:!?'-]|[,.;:]{2}| [,.;:!?]|[.!?] [a-z]|^[a-z]"
        r"|\b[Aa] [aeiou]\w*|\b[Aa]n [^aeiou\W]\w*|\b(\w+) \1\b"
    )
    for index in range(100):
        for segment in told(split, segments, index)[1].segments:
            assert not wrong.search(segment.text), segment.text
            assert not wrong.search(segment.resolved_text or ""), segment.resolved_text


@pytest.mark.parametrize(("split", "segments", "index"), LONG)
def test_a_look_is_told_once(split: str, segments: int, index: int) -> None:
    written, board = told(split, segments, index)
    for character in written.characters:
        look = (character.look.species, character.look.colour, character.look.accessory)
        first = next(n for n, segment in enumerate(board.segments) if character.name.lower() in words(segment.text))
        for number, segment in enumerate(board.segments):
            tellings = [words(segment.text).count(word) for word in look]
            assert tellings == ([1, 1, 1] if number == first else [0, 0, 0]), segment.text


@pytest.mark.parametrize(("split", "segments", "index"), LONG)
def test_resolved_text_knows_looks_and_no_names(split: str, segments: int, index: int) -> None:
    written, board = told(split, segments, index)
    for segment in board.segments:
        assert segment.resolved_text is not None
        for character in written.characters:
            if character.name.lower() in words(segment.text):
                assert f"{character.look.colour} {character.look.species}" in segment.resolved_text
            assert character.name not in re.findall(r"\w+", segment.resolved_text)


def test_every_character_that_is_seen_is_told_of() -> None:
    for split, segments, index in LONG:
        written, board = told(split, segments, index)
        for shot, segment in zip(written.shots, board.segments, strict=True):
            names = {one.id: one.name for one in written.characters}
            for performance in shot.performances:
                assert names[performance.character].lower() in words(segment.text), segment.text


def test_held_out_looks_never_occur_in_training() -> None:
    for index in range(2000):
        assert not any(one.look.held_out for one in episode("train", 3, index).characters)


@pytest.mark.parametrize(("split", "segments"), HUNDRED.items())
def test_half_of_the_casts_of_a_suite_are_held_out(split: str, segments: int) -> None:
    casts = [[one.look.held_out for one in told(split, segments, index)[0].characters] for index in range(100)]
    assert sum(all(cast) for cast in casts) == 50
    assert sum(not any(cast) for cast in casts) == 50


def test_names_say_nothing_about_looks() -> None:
    cast = [one for index in range(1500) for one in told("train", 1, index)[0].characters]
    assert len(NAMES) >= 80
    counts = Counter(one.name for one in cast)
    assert chisquare([counts[name] for name in NAMES]).pvalue > 0.001
    for trait, values in (("species", SPECIES), ("colour", COLOURS), ("accessory", ACCESSORIES)):
        table = Counter((one.name[0], getattr(one.look, trait)) for one in cast)
        initials = [letter for letter in "BCDEFGHIJLMNPRTVZ" if any(table[letter, value] for value in values)]
        found = chi2_contingency([[table[letter, value] for value in values] for letter in initials])
        assert found.pvalue > 0.001, trait


@pytest.mark.parametrize(("split", "segments", "index"), LONG)
def test_long_plots_have_a_goal_an_obstacle_and_a_return(split: str, segments: int, index: int) -> None:
    written, _ = told(split, segments, index)
    beats = plot(random.Random(written.seed), segments, held_out=index % 2 == 0).beats
    purposes = [beat.purpose for beat in beats]
    assert purposes.index("goal") < purposes.index("obstacle") < purposes.index("return")
    assert all(beat.line for beat in beats if beat.purpose)
    back = purposes.index("return")
    keepsake, place = beats[back].thing, written.shots[back].place
    left = max(number for number in range(back) if acts(written.shots[number], "put_down", keepsake))
    assert written.shots[left].place == place
    assert any(shot.place != place for shot in written.shots[left:back])
    assert any(acts(shot, "pick_up", keepsake) for shot in written.shots[back:])


def acts(shot: Shot, action: str, thing: str | None) -> bool:
    return any(one.action == action and one.target == thing for one in shot.performances)


@pytest.mark.parametrize(("split", "segments", "index"), [*LONG, ("ten_minutes", 200, 0), ("dev", 6, 3)])
def test_nobody_jumps_between_shots_without_a_cut(split: str, segments: int, index: int) -> None:
    shots = told(split, segments, index)[0].shots
    for before, after in pairwise(shots):
        assert after.cut_before == (before.place != after.place)
        if not after.cut_before:
            ends = {one.character: one.end_x for one in before.performances}
            assert {one.character: one.start_x for one in after.performances} == ends
            assert after.time == before.time
    assert not shots[0].cut_before


@pytest.mark.parametrize(("split", "segments", "index"), [*LONG, ("ten_minutes", 200, 1)])
def test_characters_stay_on_the_stage_and_apart(split: str, segments: int, index: int) -> None:
    for shot in told(split, segments, index)[0].shots:
        for moment in ("start_x", "end_x"):
            spots = sorted(getattr(one, moment) for one in shot.performances)
            assert spots[0] >= 14
            assert spots[-1] <= 82
            assert all(right - left >= 18 for left, right in pairwise(spots))


@pytest.mark.parametrize(("split", "segments", "index"), [*LONG, ("ten_minutes", 200, 2)])
def test_what_is_left_in_a_place_stays_there(split: str, segments: int, index: int) -> None:
    lying: dict[str, set[str]] = {}
    for shot in told(split, segments, index)[0].shots:
        here = lying.setdefault(shot.place, set())
        resting = {placed.thing for placed in shot.placements if placed.held_by is None}
        held = {placed.thing: placed.held_by for placed in shot.placements if placed.held_by is not None}
        assert here <= resting
        assert all(placed.x is None for placed in shot.placements if placed.thing in here)
        assert set(held.values()) <= {one.character for one in shot.performances}
        here |= resting
        for one in shot.performances:
            if one.action == "put_down" and one.target:
                assert held[one.target] == one.character
                here.add(one.target)
            if one.action == "pick_up" and one.target:
                here.remove(one.target)
        if shot.happening and shot.happening.kind != "rise":
            here.add(shot.happening.thing)


def test_whoever_picks_up_is_within_reach() -> None:
    for split, segments, index in LONG:
        where: dict[tuple[str, str], float] = {}
        for shot in told(split, segments, index)[0].shots:
            for one in shot.performances:
                if one.action == "put_down" and one.target:
                    where[shot.place, one.target] = one.end_x
                if one.action == "pick_up" and one.target:
                    assert abs(one.end_x - where[shot.place, one.target]) <= 18


def test_many_segments_show_physics() -> None:
    shots = [shot for split, segments, index in LONG for shot in told(split, segments, index)[0].shots]
    kinds = Counter(shot.happening.kind for shot in shots if shot.happening)
    assert set(kinds) == {"throw", "bounce", "fall", "roll", "rise", "topple"}
    assert sum(kinds.values()) > 0.25 * len(shots)
    assert all(0.3 <= shot.happening.start <= 1.0 for shot in shots if shot.happening)


def test_the_structure_tells_what_the_shots_show() -> None:
    for split, segments, index in LONG[::5]:
        written, board = told(split, segments, index)
        for shot, segment in zip(written.shots, board.segments, strict=True):
            shown = {one.character for one in shot.performances} | {placed.thing for placed in shot.placements}
            happening = shot.happening
            assert set(segment.present) == shown | {shot.place} | ({happening.thing} if happening else set())
            assert segment.setting == shot.place
            assert segment.cut_before == shot.cut_before
            assert [event.kind for event in segment.events if event.kind not in ("pick_up", "put_down")] == (
                [happening.kind] if happening else []
            )
            assert all(0 <= event.start < event.end <= segment.seconds for event in segment.events)
            assert segment.camera.split()[0] == shot.camera.kind


def test_a_change_of_the_time_of_day_is_declared() -> None:
    changes = 0
    for split, segments, index in LONG:
        written, board = told(split, segments, index)
        times: dict[str, str] = {}
        for shot, segment in zip(written.shots, board.segments, strict=True):
            changed = times.get(shot.place, shot.time) != shot.time
            expected = [(shot.place, "time_of_day", shot.time)] if changed else []
            assert [(change.entity, change.what, change.value) for change in segment.changes] == expected
            times[shot.place] = shot.time
            changes += changed
    assert changes > 0


def test_text_names_only_the_place_that_is_shown() -> None:
    for split, segments, index in LONG:
        written, board = told(split, segments, index)
        for shot, segment in zip(written.shots, board.segments, strict=True):
            if shot.cut_before:
                kinds = {place.id: place.kind for place in written.places}
                others = [WHERE[kind] for kind in SETTINGS if kind != kinds[shot.place]]
                first = re.split(r"(?<=[.!?]) ", segment.text)[0]
                assert not any(re.search(rf"\b{where}\b", first) for where in others), segment.text


def test_everything_that_appears_is_declared_once() -> None:
    for split, segments, index in LONG:
        written, board = told(split, segments, index)
        assert {entity.id for entity in board.entities} == {
            one.id for group in (written.characters, written.things, written.places) for one in group
        }
        seen = {name for segment in board.segments for name in segment.present}
        assert seen == {entity.id for entity in board.entities}
        assert all(entity.description for entity in board.entities)
