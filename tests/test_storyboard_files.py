"""Files of storyboards: every format comes back, and what is wrong is said with its place."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from evalsuite import storyboard_files
from evalsuite.errors import StoryboardError
from evalsuite.types import Entity, Event, Segment, Storyboard

BOARD = Storyboard(
    id="a-0001",
    title="A walk",
    entities=(
        Entity(id="mimi", kind="character", name="Mimi", description="a green frog"),
        Entity(id="ball", kind="object", name="the ball"),
    ),
    segments=(
        Segment(text="Mimi stands on a meadow.", present=("mimi",)),
        Segment(
            text="The ball falls – plop!",
            present=("mimi", "ball"),
            cut_before=True,
            negative_text="blurred",
            events=(Event(kind="fall", entity="ball", start=0.5, end=1.5),),
            resolved_text="The ball falls.",
        ),
    ),
)


def written(tmp_path: Path, text: str, name: str = "x.json") -> Path:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def test_our_own_format_comes_back_whole(tmp_path):
    path = tmp_path / "x.json"
    storyboard_files.write([BOARD], path, "own")
    assert storyboard_files.read(path) == [BOARD]


def test_what_we_write_obeys_the_published_schema(tmp_path):
    path = tmp_path / "x.json"
    storyboard_files.write([BOARD], path, "own")
    validator = jsonschema.Draft202012Validator(storyboard_files.schema())
    assert list(validator.iter_errors(json.loads(path.read_text()))) == []


def test_the_published_schema_is_the_current_one():
    published = json.loads((Path(__file__).parent.parent / "docs" / "storyboard.schema.json").read_text())
    assert published == storyboard_files.schema()


@pytest.mark.parametrize("name", ["x.json", "x.jsonl"])
def test_the_ttt_format_keeps_texts_and_cuts(tmp_path, name):
    path = tmp_path / name
    storyboard_files.write([BOARD, BOARD.model_copy(update={"id": "a-0002"})], path, "ttt")
    first, second = storyboard_files.read(path)
    assert [segment.text for segment in first.segments] == [segment.text for segment in BOARD.segments]
    assert [segment.cut_before for segment in second.segments] == [False, True]
    assert first.segments[1].negative_text == "blurred"
    assert first.id != second.id


def test_a_ttt_file_as_its_project_ships_it(tmp_path):
    videos = [[{"text": "One."}, {"text": "Two.", "requires_scene_transition": True, "neg_text": "bad"}]]
    (board,) = storyboard_files.read(written(tmp_path, json.dumps(videos)))
    assert board.cuts == (3.0,)
    assert board.segments[1].negative_text == "bad"


def test_a_transition_of_the_first_segment_is_ignored(tmp_path):
    line = json.dumps([{"text": "One.", "requires_scene_transition": True}])
    (board,) = storyboard_files.read(written(tmp_path, line, "x.jsonl"))
    assert not board.segments[0].cut_before


def test_plain_text_is_a_paragraph_a_segment(tmp_path):
    (board,) = storyboard_files.read(written(tmp_path, "One\nline.\n\n\nTwo.\n", "My Tale!.txt"))
    assert [segment.text for segment in board.segments] == ["One line.", "Two."]
    assert board.id == "my-tale"
    storyboard_files.write([board], tmp_path / "again.txt", "text")
    assert storyboard_files.read(tmp_path / "again.txt")[0].segments == board.segments


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"titel": "x"}, r"x\.json: titel: there is no such key"),
        ({"segments": []}, r"segments: Tuple should have at least 1 item"),
        (
            {"segments": [{"text": "a", "seconds": -3}]},
            r"segments\.0\.seconds: Input should be greater than 0 \(found -3\)",
        ),
        ({"segments": [{"text": "a"}, {}]}, r"segments\.1\.text: this key is missing"),
        ({"segments": [{"text": "a", "present": ["mimi"]}]}, r"'mimi', which is not declared"),
        ({"segments": [{"text": "a" * 10_000_000}]}, r"segments\.0\.text: String should have at most 4000 characters"),
        ({"id": "../../x"}, r"id: String should match pattern"),
        ({"segments": [{"text": "a", "camera": "\ud800"}]}, r"segments\.0\.camera: .*unicode"),
        ({"segments": "all"}, r"segments: Input should be a valid tuple"),
    ],
)
def test_what_is_wrong_is_said_with_place_and_key(tmp_path, change, place):
    good = {"id": "a", "title": "A", "segments": [{"text": "One."}]}
    with pytest.raises(StoryboardError, match=place) as caught:
        storyboard_files.read(written(tmp_path, json.dumps(good | change)))
    assert len(str(caught.value)) < 2000


def test_a_wrong_part_is_not_said_again_of_the_whole(tmp_path):
    board = {"id": "a", "title": "A", "segments": [{"text": ""}]}
    with pytest.raises(StoryboardError) as caught:
        storyboard_files.read(written(tmp_path, json.dumps({"storyboards": [board]})))
    assert str(caught.value) == (
        'x.json: storyboards.0.segments.0.text: String should have at least 1 character (found "").'
    )


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[" * 100_000, "nested too deeply|not JSON"),
        ("[" * 100_000 + "]" * 100_000, "nested too deeply"),
        ('{"id": ', "not JSON: Expecting value at line 1, column 8"),
        ("7", "neither a storyboard nor a list"),
        ("[]", "neither a storyboard nor a list"),
        ('[[{"txt": "a"}]]', r"video 0: segments\.0\.text: this key is missing"),
        ('{"storyboards": []}', "at least 1 item"),
    ],
)
def test_what_is_no_storyboard_is_refused(tmp_path, text, reason):
    with pytest.raises(StoryboardError, match=reason):
        storyboard_files.read(written(tmp_path, text))


def test_a_broken_line_is_named(tmp_path):
    with pytest.raises(StoryboardError, match="line 2 is not JSON"):
        storyboard_files.read(written(tmp_path, '[{"text": "a"}]\n{oops\n', "x.jsonl"))


def test_two_storyboards_cannot_share_an_id(tmp_path):
    boards = {"storyboards": [{"id": "a", "title": "A", "segments": [{"text": "One."}]}] * 2}
    with pytest.raises(StoryboardError, match="two storyboards with the id 'a'"):
        storyboard_files.read(written(tmp_path, json.dumps(boards)))


def test_bytes_that_are_no_text_and_files_that_are_not_there(tmp_path):
    (tmp_path / "x.json").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(StoryboardError, match=r"not text in UTF-8 \(byte 0\)"):
        storyboard_files.read(tmp_path / "x.json")
    with pytest.raises(StoryboardError, match="No such file"):
        storyboard_files.read(tmp_path / "none.json")
    with pytest.raises(StoryboardError, match="Is a directory"):
        storyboard_files.read(tmp_path)


@pytest.mark.parametrize("name", ["README.md", "suite.toml", "noext"])
def test_other_files_are_no_storyboards(tmp_path, name):
    with pytest.raises(StoryboardError, match=r"these end in \.json, \.jsonl, \.txt"):
        storyboard_files.read(written(tmp_path, "# A title\n", name))


def test_a_file_may_begin_with_a_mark_and_end_in_capitals(tmp_path):
    (tmp_path / "X.JSON").write_bytes(b'\xef\xbb\xbf[{"text": "One."}]')
    (board,) = storyboard_files.read(tmp_path / "X.JSON")
    assert board.segments[0].text == "One."


def test_no_lines_are_no_storyboards(tmp_path):
    with pytest.raises(StoryboardError, match=r"x\.jsonl holds no storyboard"):
        storyboard_files.read(written(tmp_path, "\n", "x.jsonl"))


def test_a_format_says_what_it_cannot_hold(tmp_path):
    with pytest.raises(StoryboardError, match="plain text holds one storyboard"):
        storyboard_files.write([BOARD, BOARD], tmp_path / "x.txt", "text")
    odd = BOARD.model_copy(update={"segments": (Segment(text="a", seconds=2),)})
    with pytest.raises(StoryboardError, match=r"a segment of 2\.0 s"):
        storyboard_files.write([odd], tmp_path / "x.json", "ttt")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("form", ["own", "ttt"])
def test_lines_come_back_whatever_they_hold(tmp_path, form):
    odd = BOARD.model_copy(update={"segments": (Segment(text="one\u2028two\x85three"),), "entities": ()})
    storyboard_files.write([odd], tmp_path / "x.jsonl", form)
    (again,) = storyboard_files.read(tmp_path / "x.jsonl")
    assert again.segments[0].text == odd.segments[0].text


def test_plain_text_refuses_what_would_come_back_otherwise(tmp_path):
    for segment in (Segment(text="a", seconds=9), Segment(text="a\n\nb")):
        odd = BOARD.model_copy(update={"segments": (segment,)})
        with pytest.raises(StoryboardError, match="cannot be plain text"):
            storyboard_files.write([odd], tmp_path / "x.txt", "text")
