"""The run folder keeps what it was given, once, and says what is wrong with it in a sentence."""

from __future__ import annotations

import dataclasses
import multiprocessing
import sqlite3
from pathlib import Path

import numpy as np
import pytest

from evalsuite import disk, store
from evalsuite.errors import StoreError
from evalsuite.store import Store, Timing, VideoRecord
from evalsuite.types import Features, Score

VIDEO = VideoRecord("ttt", "a", 0, "r1", "ok", "", "videos/ttt/a-s0.mp4", "abc")
SCORE = Score(
    model="ttt",
    revision="r1",
    suite="tiny",
    suite_version="1",
    storyboard="a",
    seed=0,
    metric="motion",
    metric_version="2",
    status="ok",
    value=0.1 + 0.2,
    details={"freeze": 0.25},
    series=((0.0, 1.0), (1.0, 0.5)),
    coverage=0.75,
)


def test_what_goes_in_comes_out_exactly(tmp_path):
    kept = Store(tmp_path, "tiny", "1")
    kept.add(VIDEO, [SCORE], [Timing("ttt", "a", 0, "generate", 1.5, 100.0)])
    again = Store(tmp_path, "tiny", "1")
    assert again.video("ttt", "a", 0) == VIDEO
    assert again.scores() == [SCORE]
    assert again.scores_of("ttt", "a", 0) == {"motion": SCORE}
    assert again.timings()[0].seconds == 1.5


def test_the_same_key_is_one_row(tmp_path):
    kept = Store(tmp_path, "tiny", "1")
    for value in (0.1, 0.9):
        kept.add(VIDEO, [dataclasses.replace(SCORE, value=value)], [])
    assert [score.value for score in kept.scores()] == [0.9]


def test_scores_of_another_video_do_not_outlive_it(tmp_path):
    kept = Store(tmp_path, "tiny", "1")
    kept.add(VIDEO, [SCORE, dataclasses.replace(SCORE, metric="drift")], [])
    kept.add(dataclasses.replace(VIDEO, sha256="def"), [dataclasses.replace(SCORE, value=0.5)], [])
    assert [(score.metric, score.value) for score in kept.scores()] == [("motion", 0.5)]


def test_why_a_video_failed_is_not_forgotten_when_it_is_to_be_measured(tmp_path):
    kept = Store(tmp_path, "tiny", "1")
    broken = dataclasses.replace(VIDEO, status="failed", reason="out of memory", sha256="", path="")
    kept.add(broken, [], [])
    unmade = dataclasses.replace(broken, revision=store.NEVER_MADE, reason="there is no video yet")
    lost = dataclasses.replace(SCORE, status="failed", value=None, revision=store.NEVER_MADE, reason=unmade.reason)
    kept.add(unmade, [lost], [])
    assert kept.video("ttt", "a", 0) == broken
    assert [(score.revision, score.reason) for score in kept.scores()] == [(broken.revision, "out of memory")]


def test_a_new_metric_of_the_same_video_joins_the_others(tmp_path):
    kept = Store(tmp_path, "tiny", "1")
    kept.add(VIDEO, [SCORE], [])
    kept.add(VIDEO, [dataclasses.replace(SCORE, metric="drift")], [])
    assert [score.metric for score in kept.scores()] == ["drift", "motion"]


def test_the_export_is_the_same_whatever_the_order_and_the_timings(tmp_path):
    scores = [dataclasses.replace(SCORE, metric=name) for name in ("motion", "drift")]
    texts = []
    for name, order, seconds in (("a", scores, 1.0), ("b", scores[::-1], 2.0)):
        kept = Store(tmp_path / name, "tiny", "1")
        kept.add(VIDEO, order, [Timing("ttt", "a", 0, "score", seconds, 1.0)])
        texts.append(kept.export().read_bytes())
    assert texts[0] == texts[1]


def test_a_folder_belongs_to_one_suite(tmp_path):
    Store(tmp_path, "tiny", "1")
    with pytest.raises(StoreError, match=r"holds results of tiny 1, not of tiny 2; use another --out"):
        Store(tmp_path, "tiny", "2")


def test_asking_for_results_makes_no_folder(tmp_path):
    with pytest.raises(StoreError, match="evalsuite run --suite tiny"):
        Store.existing(tmp_path / "none", "tiny", "1")
    assert not (tmp_path / "none").exists()


def test_a_damaged_database_is_a_sentence(tmp_path):
    (tmp_path / "run.db").write_bytes(b"not a database, not at all" * 100)
    with pytest.raises(StoreError, match=r"run\.db is damaged"):
        Store(tmp_path, "tiny", "1")


def test_a_newer_schema_is_a_sentence(tmp_path):
    Store(tmp_path, "tiny", "1").close()
    with sqlite3.connect(tmp_path / "run.db") as database:
        database.execute("PRAGMA user_version = 99")
    with pytest.raises(StoreError, match="another version"):
        Store(tmp_path, "tiny", "1")


def test_a_file_in_place_of_the_folder_is_a_sentence(tmp_path):
    (tmp_path / "x").touch()
    with pytest.raises(StoreError, match="cannot be used"):
        Store(tmp_path / "x", "tiny", "1")


def write_many(folder: Path, first: int) -> None:
    kept = Store(folder, "tiny", "1")
    for index in range(first, first + 50):
        board = f"b{index}"
        video = dataclasses.replace(VIDEO, storyboard=board)
        kept.add(video, [dataclasses.replace(SCORE, storyboard=board)], [])


def test_two_processes_lose_and_double_nothing(tmp_path):
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=write_many, args=(tmp_path, first)) for first in (0, 25)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert len(Store(tmp_path, "tiny", "1").scores()) == 75


def test_features_are_kept_by_content_and_version(tmp_path):
    features = Features("colour", "3", np.arange(6, dtype=np.float32).reshape(2, 3), np.array([0.0, 0.125]))
    store.save_features(tmp_path, "ab" * 32, features)
    found = store.load_features(tmp_path, "ab" * 32, "colour", "3")
    assert found is not None
    assert np.array_equal(found.array, features.array)
    assert np.array_equal(found.seconds, features.seconds)
    assert store.load_features(tmp_path, "ab" * 32, "colour", "4") is None
    assert store.load_features(tmp_path, "cd" * 32, "colour", "3") is None


def test_features_that_a_disk_has_spoilt_are_none(tmp_path):
    store.save_features(tmp_path, "abc", Features("colour", "1", np.zeros((2, 3), np.float32), np.arange(2.0)))
    (file,) = (tmp_path / "features").rglob("*.safetensors")
    file.write_bytes(file.read_bytes()[:20])
    assert store.load_features(tmp_path, "abc", "colour", "1") is None
    assert not store.has_features(tmp_path, "abc", "colour", "1")


def test_no_name_of_an_extractor_leaves_its_folder_or_is_anothers(tmp_path):
    names = [
        "open-clip:ViT-B-32@openai",
        "open-clip:vit-b-32@openai",
        "a:../../../b",
        "a:/etc/x",
        "a:" + "x" * 400,
        "a_x",
        "a:x",
    ]
    for number, name in enumerate(names):
        array = np.full((1, 1), number, dtype=np.float32)
        store.save_features(tmp_path, "ab" * 32, Features(name, "1", array, np.zeros(1)))
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert {path.parent for path in files} == {tmp_path / "features" / "ab" / ("ab" * 32)}
    assert len({path.name.lower() for path in files}) == len(names)
    found = [store.load_features(tmp_path, "ab" * 32, name, "1") for name in names]
    assert [each.array.item() for each in found if each is not None] == list(range(len(names)))


def test_an_atomic_write_leaves_nothing_half_done(tmp_path, monkeypatch):
    path = tmp_path / "x"
    disk.write_atomically(path, b"old")
    monkeypatch.setattr(Path, "replace", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(StoreError, match="the disk is full"):
        disk.write_atomically(path, b"new")
    assert path.read_bytes() == b"old"
    assert [each.name for each in tmp_path.iterdir()] == ["x"]
