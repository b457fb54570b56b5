"""Suites: frozen, disjoint, and refused with a sentence where they cannot be used."""

from __future__ import annotations

import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from evalsuite.errors import SuiteError
from evalsuite.suites import FOLDER, fingerprint, load, names
from evalsuite.toon.episode import Look
from evalsuite.types import Suite

SMOKE = (FOLDER / "smoke.toml").read_text()

FROZEN = {
    "dev": ("1", 60, 6, "25efd21bbb52e1f3f410717632d45d06509349a4a76340a7c12a970c9b7e7bab"),
    "eighteen_second": ("1", 100, 6, "bc598c6ae06523c192e64658c6ee444c0ece39fec72dafc8acc6f217bb0e77dd"),
    "nine_second": ("1", 100, 3, "f54c3703c83cc5f4340958a13b80cfd1e6fca3fbd230f30c38c8b0496ac312bd"),
    "one_minute": ("1", 100, 21, "ec06bf88f444e350d3091cabae5909a9681f1fb8908a82828e55d4e4e57074ce"),
    "smoke": ("1", 2, 3, "86bc24799cdff65ca3eaa3ba8a4ccd88d8830f64edf678708fe3540f37ad53ff"),
    "ten_minutes": ("1", 20, 200, "1a9ba36b2f889ba4466e66096560d6e91486d35f1c3622db51080fb3748f1ed0"),
    "thirty_second": ("1", 100, 10, "a229ec733ed0ed764d6796507100494009c381b183f3176910a51a4607e99028"),
    "three_second": ("1", 100, 1, "8c9f7ed99987f696eacbf4544fb3345087b906067188d8a24047f60a37414d27"),
}
"""Name -> version, storyboards, segments and hash: a change of any of them is a new version of the suite."""


@cache
def whole(name: str) -> Suite:
    return load(name)


def test_these_are_the_suites() -> None:
    assert names() == sorted(FROZEN)


@pytest.mark.parametrize("name", FROZEN)
def test_a_suite_is_frozen(name: str) -> None:
    version, count, segments, sha256 = FROZEN[name]
    suite = whole(name)
    assert (suite.name, suite.version, len(suite.storyboards)) == (name, version, count)
    assert {len(storyboard.segments) for storyboard in suite.storyboards} == {segments}
    assert fingerprint(suite.storyboards) == sha256


def test_no_two_storyboards_share_an_id_or_a_world() -> None:
    storyboards = [storyboard for name in FROZEN for storyboard in load(name, limit=5).storyboards]
    assert len({storyboard.id for storyboard in storyboards}) == len(storyboards)
    assert len({storyboard.world for storyboard in storyboards}) == len(storyboards)


def test_dev_shares_no_text_with_the_suites_that_are_reported() -> None:
    def texts(name: str) -> set[str]:
        return {segment.text for storyboard in whole(name).storyboards for segment in storyboard.segments}

    assert not texts("dev") & (texts("eighteen_second") | texts("one_minute"))


@pytest.mark.parametrize("name", FROZEN)
def test_half_of_the_casts_are_held_out_from_training(name: str) -> None:
    casts = [
        [look_of(entity.description).held_out for entity in storyboard.entities if entity.kind == "character"]
        for storyboard in whole(name).storyboards
    ]
    assert sum(all(cast) for cast in casts) == len(casts) / 2
    assert sum(not any(cast) for cast in casts) == len(casts) / 2


def look_of(description: str) -> Look:
    """The look behind a description such as `green frog with a scarf`."""
    colour, species, *_, accessory = description.split()
    return Look(species, colour, accessory)


def test_a_limit_takes_the_first_behind_those_that_are_left_out() -> None:
    assert load("nine_second", limit=3).storyboards == whole("nine_second").storyboards[:3]
    assert load("nine_second", limit=3, skip=2).storyboards == whole("nine_second").storyboards[2:5]
    assert load("nine_second", skip=98).storyboards == whole("nine_second").storyboards[98:]
    with pytest.raises(SuiteError, match="no storyboard behind the first 1000"):
        load("nine_second", limit=1, skip=1000)


def test_a_wrong_name_gets_a_suggestion() -> None:
    with pytest.raises(SuiteError, match="did you mean 'one_minute'"):
        load("one_minutes")
    with pytest.raises(SuiteError, match="there are dev, eighteen_second"):
        load("xyz")


def test_a_changed_suite_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "smoke.toml"
    path.write_text(SMOKE.replace("segments = 3", "segments = 4"))
    with pytest.raises(SuiteError, match="smoke 1 was frozen as"):
        load(str(path))
    assert len(load(str(path), limit=1).storyboards) == 1


def test_a_suite_of_ones_own_names_a_storyboard_file(tmp_path: Path) -> None:
    own = SMOKE.split("[storyboards]")[0].replace('"smoke"', '"mine"')
    (tmp_path / "mine.toml").write_text('storyboards = "stories.txt"\n' + own)
    (tmp_path / "stories.txt").write_text("A cat sleeps.\n\nThe cat wakes up.\n")
    suite = load(str(tmp_path / "mine.toml"))
    assert suite.name == "mine"
    assert [segment.text for segment in suite.storyboards[0].segments] == ["A cat sleeps.", "The cat wakes up."]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("name = ", "is not TOML"),
        ('name = "x"', "cannot be used: version"),
        (b"\xff", "cannot be read"),
        (SMOKE.replace("fps = 8", "fps = inf"), "cannot be used: fps"),
        (SMOKE.replace('[axes."text following"]', "[axes.overall]"), "no axis can be called 'overall'"),
        (SMOKE.replace("seeds = [0]", "seeds = [-1]"), r"cannot be used: seeds\.0"),
        (SMOKE.replace("seeds = [0]", "seeds = [99999999999999]"), r"cannot be used: seeds\.0"),
    ],
)
def test_a_broken_file_is_refused(tmp_path: Path, text: str | bytes, reason: str) -> None:
    path = tmp_path / "broken.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(SuiteError, match=reason):
        load(str(path))
    with pytest.raises(SuiteError, match="cannot be read"):
        load(str(tmp_path / "missing.toml"))


def test_metrics_have_one_spelling(tmp_path: Path) -> None:
    (tmp_path / "smoke.toml").write_text(SMOKE.replace("transitions", "subject_identity"))
    suite = load(str(tmp_path / "smoke.toml"))
    assert "subject-identity" in suite.metrics
    assert not any("_" in name for weights in suite.axes.values() for name in weights)


def test_the_command_prints_the_hash() -> None:
    command = [sys.executable, "-m", "evalsuite.suites", "freeze", "smoke"]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert printed == f'sha256 = "{FROZEN["smoke"][3]}"\n'


def test_a_metric_of_no_weight_is_refused(tmp_path: Path) -> None:
    (tmp_path / "smoke.toml").write_text(SMOKE.replace("motion = 1", "motion = 0"))
    with pytest.raises(SuiteError, match=r"axes\.motion naturalness\.motion: Input should be greater than 0"):
        load(str(tmp_path / "smoke.toml"))
