"""What a long job says of itself where there is no terminal."""

from __future__ import annotations

import sys

import pytest

from evalsuite import progress


@pytest.fixture
def clock(monkeypatch):
    """A clock that a test sets by hand, in seconds."""
    now = [100.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    return now


def test_a_line_now_and_then_with_the_time_that_is_left(capsys, clock):
    with progress.shown("videos") as advance:
        for done in range(11):
            clock[0] = 100.0 + 6 * done
            advance(done, 10, "")
    # Six seconds each: lines come with the first video after ten more seconds, and with the last.
    assert capsys.readouterr().err.splitlines() == [
        "videos: 2 of 10, about 48 s left",
        "videos: 4 of 10, about 36 s left",
        "videos: 6 of 10, about 24 s left",
        "videos: 8 of 10, about 12 s left",
        "videos: 10 of 10 in 60 s",
    ]


def test_a_terminal_is_told_the_time_that_is_left_of_slow_steps(capsys, clock, monkeypatch):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setattr("rich.console.monotonic", lambda: clock[0])
    with progress.shown("videos") as advance:
        advance(50, 100, "")
        for done in (51, 52, 53):
            clock[0] += 40.0
            advance(done, 100, "")
    assert "0:31:20" in capsys.readouterr().err  # 47 videos of 40 s


def test_what_was_done_before_does_not_count_for_the_time_that_is_left(capsys, clock):
    with progress.shown("videos") as advance:
        clock[0] += 60  # to find out what is there already
        advance(90, 100, "")
        clock[0] += 20
        advance(92, 100, "")
        clock[0] += 80
        advance(100, 100, "")
    assert capsys.readouterr().err.splitlines() == [
        "videos: 90 of 100",
        "videos: 92 of 100, about 80 s left",
        "videos: 100 of 100 in 160 s",
    ]


def test_what_went_wrong_is_said_at_once(capsys, clock):
    with progress.shown("videos") as advance:
        advance(1, 3, "smoke-0000: it failed.")
    assert capsys.readouterr().err == "smoke-0000: it failed.\n"


def test_a_job_that_has_nothing_left_to_do_says_nothing(capsys, clock):
    with progress.shown("videos") as advance:
        advance(3, 3, "")
    assert capsys.readouterr().err == ""
