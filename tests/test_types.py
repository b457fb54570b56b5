"""The values refuse what no file should hold."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from evalsuite.types import Entity, Event, Segment, Storyboard


def board(**changes: object) -> Storyboard:
    fields = {"id": "a", "title": "A", "segments": (Segment(text="One."), Segment(text="Two.", cut_before=True))}
    return Storyboard.model_validate(fields | changes)


def test_starts_and_cuts_are_in_seconds():
    story = board(segments=[{"text": "a", "seconds": 2}, {"text": "b"}, {"text": "c", "cut_before": True}])
    assert story.starts == (0.0, 2.0, 5.0)
    assert story.cuts == (5.0,)
    assert story.seconds == 8.0


def test_a_cut_before_the_first_segment_is_no_cut():
    assert board(segments=[{"text": "a", "cut_before": True}]).cuts == ()


@pytest.mark.parametrize("bad", ["../../x", "", "A", "a/b", "a" * 65, ".hidden", "a b"])
def test_an_id_cannot_leave_its_folder(bad):
    with pytest.raises(ValidationError):
        board(id=bad)


@pytest.mark.parametrize("seconds", [-1, 0, float("nan"), float("inf"), 601])
def test_a_segment_lasts_a_sensible_time(seconds):
    with pytest.raises(ValidationError):
        Segment(text="a", seconds=seconds)


def test_an_undeclared_entity_is_refused_with_its_place():
    with pytest.raises(ValidationError, match=r"segments.0 names the entity 'mimi', which is not declared"):
        board(segments=[{"text": "a", "present": ["mimi"]}])


def test_an_entity_declared_twice_is_refused():
    twice = [{"id": "mimi", "kind": "character", "name": "Mimi"}] * 2
    with pytest.raises(ValidationError, match="declared twice"):
        board(entities=twice)


def test_told_keeps_what_a_generator_may_know_and_nothing_else():
    segment = Segment(
        text="Mimi waits.",
        present=("mimi",),
        setting="forest",
        action="wait",
        camera="still",
        cut_before=True,
        negative_text="blur",
        events=(Event(kind="fall", entity="mimi", start=0, end=1),),
        resolved_text="The green frog waits.",
    )
    entities = (
        Entity(id="mimi", kind="character", name="Mimi", description="a green frog"),
        Entity(id="forest", kind="setting", name="the forest"),
    )
    told = board(entities=entities, segments=(segment,), world="toon/1/dev/1/0").told()
    assert "green frog" not in told.model_dump_json()
    assert told.world is None
    assert told.segments[0] == Segment(text="Mimi waits.", cut_before=True, negative_text="blur")
