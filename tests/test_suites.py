"""Suites: frozen, disjoint, and refused with a sentence where they cannot be used."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from evalsuite.errors import SuiteError
from evalsuite.suites import FOLDER, fingerprint, load, names

FROZEN = {
    "dev": ("1", 60, 6, ""),
    "eighteen_second": ("1", 100, 6, ""),
    "nine_second": ("1", 100, 3, ""),
    "one_minute": ("1", 100, 21, ""),
    "smoke": ("1", 2, 3, ""),
    "ten_minutes": ("1", 20, 200, ""),
    "thirty_second": ("1", 100, 10, ""),
    "three_second": ("1", 100, 1, ""),
}
"""Name -> version, storyboards, segments and hash: a change of any of them is a new version of the suite."""


def test_these_are_the_suites() -> None:
    assert names() == sorted(FROZEN)


@pytest.mark.parametrize("name", FROZEN)
def test_a_suite_is_frozen(name: str) -> None:
    version, count, segments, sha256 = FROZEN[name]
    suite = load(name)
    assert (suite.name, suite.version, len(suite.storyboards)) == (name, version, count)
    assert {len(storyboard.segments) for storyboard in suite.storyboards} == {segments}
    assert fingerprint(suite.storyboards) == sha256


def test_no_two_storyboards_share_an_id_or_a_world() -> None:
    storyboards = [storyboard for name in FROZEN for storyboard in load(name, limit=5).storyboards]
    assert len({storyboard.id for storyboard in storyboards}) == len(storyboards)
    assert len({storyboard.world for storyboard in storyboards}) == len(storyboards)


def test_dev_shares_no_text_with_the_suites_that_are_reported() -> None:
    def texts(name: str) -> set[str]:
        return {segment.text for storyboard in load(name).storyboards for segment in storyboard.segments}

    assert not texts("dev") & (texts("eighteen_second") | texts("one_minute"))


@pytest.mark.parametrize("name", FROZEN)
def test_half_of_the_casts_are_held_out_from_training(name: str) -> None:
    from evalsuite.toon.script import from_world

    worlds = [storyboard.world for storyboard in load(name).storyboards if storyboard.world]
    casts = [[character.look.held_out for character in from_world(world).characters] for world in worlds]
    assert sum(all(cast) for cast in casts) == len(casts) / 2
    assert sum(not any(cast) for cast in casts) == len(casts) / 2


def test_a_limit_takes_the_first() -> None:
    assert load("nine_second", limit=3).storyboards == load("nine_second").storyboards[:3]


def test_a_wrong_name_gets_a_suggestion() -> None:
    with pytest.raises(SuiteError, match="did you mean 'one_minute'"):
        load("one_minutes")
    with pytest.raises(SuiteError, match="there are dev, eighteen_second"):
        load("xyz")


def test_a_changed_suite_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "smoke.toml"
    path.write_text((FOLDER / "smoke.toml").read_text().replace("segments = 3", "segments = 4"))
    with pytest.raises(SuiteError, match="smoke 1 was frozen as"):
        load(str(path))
    assert len(load(str(path), limit=1).storyboards) == 1


def test_a_suite_of_ones_own_names_a_storyboard_file(tmp_path: Path) -> None:
    own = (FOLDER / "smoke.toml").read_text().split("[storyboards]")[0].replace('"smoke"', '"mine"')
    (tmp_path / "mine.toml").write_text('storyboards = "stories.txt"\n' + own)
    (tmp_path / "stories.txt").write_text("A cat sleeps.\n\nThe cat wakes up.\n")
    suite = load(str(tmp_path / "mine.toml"))
    assert suite.name == "mine"
    assert [segment.text for segment in suite.storyboards[0].segments] == ["A cat sleeps.", "The cat wakes up."]


@pytest.mark.parametrize(
    ("text", "reason"),
    [("name = ", "is not TOML"), ('name = "x"', "cannot be used: version"), (b"\xff", "cannot be read")],
)
def test_a_broken_file_is_refused(tmp_path: Path, text: str | bytes, reason: str) -> None:
    path = tmp_path / "broken.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(SuiteError, match=reason):
        load(str(path))
    with pytest.raises(SuiteError, match="cannot be read"):
        load(str(tmp_path / "missing.toml"))


def test_the_command_prints_the_hash() -> None:
    command = [sys.executable, "-m", "evalsuite.suites", "freeze", "smoke"]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert printed == f'sha256 = "{FROZEN["smoke"][3]}"\n'
