"""The run folder: what has been made and measured, kept so that a killed run loses at most the item in flight.

`run.db` (SQLite, write-ahead log) holds a row for each video and for each score; `videos/`, `truth/` and `features/`
hold files, each written under a temporary name and then renamed; `results.jsonl` is a pure function of the scores, so
that it is byte for byte the same after an undisturbed run and after a resumed one. Timings lie in a table of their own.
"""

from __future__ import annotations

import dataclasses
import gzip
import hashlib
import json
import re
import sqlite3
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evalsuite.disk import write_atomically
from evalsuite.errors import StoreError, disk_error
from evalsuite.types import SET_SIZE, Features, Score, Status, VideoSpec

SCHEMA = 2
RESULTS = "results.jsonl"
FINISHED = "finished videos"
"""The revision of videos that were given, and not made."""
NEVER_MADE = ""
"""The revision of a video that was to be measured before anybody made it; the next run makes it."""
_TRIES, _PAUSE = 100, 0.05  # of five seconds in all
_TABLES = """
CREATE TABLE IF NOT EXISTS suite (name TEXT NOT NULL, version TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS videos (
    model TEXT, storyboard TEXT, seed INTEGER, revision TEXT NOT NULL, status TEXT NOT NULL, reason TEXT NOT NULL,
    path TEXT NOT NULL, sha256 TEXT NOT NULL, steps INTEGER, tokens INTEGER, PRIMARY KEY (model, storyboard, seed));
CREATE TABLE IF NOT EXISTS scores (
    model TEXT, storyboard TEXT, seed INTEGER, metric TEXT, revision TEXT NOT NULL, metric_version TEXT NOT NULL,
    status TEXT NOT NULL, value REAL, reason TEXT NOT NULL, details TEXT NOT NULL, series TEXT NOT NULL,
    coverage REAL NOT NULL, PRIMARY KEY (model, storyboard, seed, metric));
CREATE TABLE IF NOT EXISTS storyboards (id TEXT PRIMARY KEY, sha256 TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS pictures (width INTEGER NOT NULL, height INTEGER NOT NULL, fps REAL NOT NULL);
CREATE TABLE IF NOT EXISTS timings (
    model TEXT, storyboard TEXT, seed INTEGER, step TEXT, seconds REAL NOT NULL, peak_megabytes REAL NOT NULL,
    PRIMARY KEY (model, storyboard, seed, step));
"""


@dataclass(frozen=True, slots=True)
class VideoRecord:
    """One video that was made, or could not be; `path` is relative to the run folder where it lies inside it."""

    model: str
    storyboard: str
    seed: int
    revision: str
    status: Status
    reason: str
    """Why it failed, or what a reader should know of it."""
    path: str
    sha256: str
    steps: int | None = None
    """Sampling steps, where the system told them ..."""
    tokens: int | None = None
    """... and tokens that each goes over."""


@dataclass(frozen=True, slots=True)
class Timing:
    """What a step cost: wall-clock seconds, and the process's peak memory meanwhile in megabytes."""

    model: str
    storyboard: str
    seed: int
    step: str
    seconds: float
    peak_megabytes: float


class Store:
    """A run folder, opened for one suite; `StoreError` where it belongs to another or cannot be used."""

    def __init__(self, folder: Path, suite: str, version: str) -> None:
        self.folder, self.suite, self.version = folder, suite, version
        with _sentences(folder):
            folder.mkdir(parents=True, exist_ok=True)
            self._database = sqlite3.connect(folder / "run.db", timeout=60, isolation_level=None)
            _keep_a_log(self._database)
            self._claim()

    @classmethod
    def existing(cls, folder: Path, suite: str, version: str) -> Store:
        """A run folder that is there already; it is not made by asking for it."""
        if not (folder / "run.db").is_file():
            raise StoreError(f"there are no results in {folder}; make some with `evalsuite run --suite {suite}`.")
        return cls(folder, suite, version)

    def close(self) -> None:
        self._database.close()

    def claim_storyboards(self, hashes: Mapping[str, str]) -> None:
        """`StoreError` where one of these storyboards, by id, is another one now than that of the results here."""
        with _sentences(self.folder), self._transaction():
            known = dict(self._database.execute("SELECT id, sha256 FROM storyboards"))
            for name, sha256 in hashes.items():
                if known.get(name, sha256) != sha256:
                    raise StoreError(
                        f"{self.folder} holds results of another storyboard that was called {name!r}; "
                        "raise the version of the suite, and use another --out."
                    )
                self._upsert("storyboards", {"id": name, "sha256": sha256})

    def claim_pictures(self, spec: VideoSpec) -> None:
        """`StoreError` where what was made here was asked for at another size or rate."""
        asked = (spec.width, spec.height, spec.fps)
        with _sentences(self.folder), self._transaction():
            found = self._database.execute("SELECT width, height, fps FROM pictures").fetchone()
            if found is None:
                self._database.execute("INSERT INTO pictures VALUES (?, ?, ?)", asked)
            elif found != asked:
                raise StoreError(
                    f"{self.folder} holds videos of {_pictures(*found)}, and {_pictures(*asked)} are asked for; "
                    "raise the version of the suite, and use another --out."
                )

    def video(self, model: str, storyboard: str, seed: int) -> VideoRecord | None:
        rows = self._rows("SELECT * FROM videos WHERE (model, storyboard, seed) = (?, ?, ?)", (model, storyboard, seed))
        return VideoRecord(**rows[0]) if rows else None

    def videos(self) -> list[VideoRecord]:
        """Every video, in the order of its key."""
        return [VideoRecord(**row) for row in self._rows("SELECT * FROM videos ORDER BY model, storyboard, seed")]

    def scores_of(self, model: str, storyboard: str, seed: int) -> dict[str, Score]:
        """The scores of one video, by metric."""
        rows = self._rows("SELECT * FROM scores WHERE (model, storyboard, seed) = (?, ?, ?)", (model, storyboard, seed))
        return {row["metric"]: self._score(row) for row in rows}

    def scores(self) -> list[Score]:
        """Every score, in the order of its key."""
        return [self._score(row) for row in self._rows("SELECT * FROM scores ORDER BY model, storyboard, seed, metric")]

    def timings(self) -> list[Timing]:
        return [Timing(**row) for row in self._rows("SELECT * FROM timings ORDER BY model, storyboard, seed, step")]

    def add(self, video: VideoRecord, scores: Iterable[Score], timings: Iterable[Timing]) -> None:
        """Keep what one item gave, all of it or nothing."""
        key = (video.model, video.storyboard, video.seed)
        before = self.video(*key)
        gone = video.revision == NEVER_MADE
        if gone and before is not None and before.revision != NEVER_MADE:  # made or failed before, and only gone now
            video = before
            scores = [_failed_as(before, score) for score in scores]
        with _sentences(self.folder), self._transaction():
            if before is None or before.sha256 != video.sha256:  # the set that it is part of is another one
                self._forget_sets("(model, seed) = (?, ?)", (video.model, video.seed))
            if before is not None and before.sha256 != video.sha256:  # its scores are of another video
                self._database.execute("DELETE FROM scores WHERE (model, storyboard, seed) = (?, ?, ?)", key)
            elif before is not None and before.status == video.status and not video.reason:  # only measured anew
                video = dataclasses.replace(video, reason=before.reason, steps=before.steps, tokens=before.tokens)
            self._upsert("videos", dataclasses.asdict(video))
            for score in scores:
                self._upsert("scores", _score_row(score))
            for timing in timings:
                self._upsert("timings", dataclasses.asdict(timing))

    def add_set(self, scores: Sequence[Score]) -> None:
        """Keep the scores of a set, which is of one system, seed and metric, and none that it had as another set."""
        of_one = {(score.model, score.seed, score.metric) for score in scores}
        with _sentences(self.folder), self._transaction():
            for key in of_one:
                self._forget_sets("(model, seed, metric) = (?, ?, ?)", key)
            for score in scores:
                self._upsert("scores", _score_row(score))

    def export(self) -> Path:
        """Write `results.jsonl`, a line a score."""
        path = self.folder / RESULTS
        lines = (json.dumps(dataclasses.asdict(score), sort_keys=True) + "\n" for score in self.scores())
        write_atomically(path, "".join(lines).encode())
        return path

    def note(self, entry: Mapping[str, Any]) -> None:
        """Add a line to `provenance.jsonl`: what was run here, by which code, on what."""
        with _sentences(self.folder), (self.folder / "provenance.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps(dict(entry), sort_keys=True) + "\n")

    def _claim(self) -> None:
        found = self._database.execute("PRAGMA user_version").fetchone()[0]
        if found not in (0, SCHEMA):
            raise StoreError(f"{self.folder} was written by another version (schema {found}, here {SCHEMA}).")
        with self._transaction():
            for statement in filter(str.strip, _TABLES.split(";")):
                self._database.execute(statement)
            self._database.execute(f"PRAGMA user_version = {SCHEMA}")
            owner = self._database.execute("SELECT name, version FROM suite").fetchone()
            if owner is None:
                self._database.execute("INSERT INTO suite VALUES (?, ?)", (self.suite, self.version))
        if owner is not None and owner != (self.suite, self.version):
            asked = f"{self.suite} {self.version}"
            raise StoreError(
                f"{self.folder} holds results of {owner[0]} {owner[1]}, not of {asked}; use another --out."
            )

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._database.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._database.execute("ROLLBACK")
            raise
        self._database.execute("COMMIT")

    def _forget_sets(self, which: str, values: tuple[Any, ...]) -> None:
        """Scores that depend on other videos too."""
        of_a_set = f"json_extract(details, '$.{SET_SIZE}') IS NOT NULL"
        self._database.execute(f"DELETE FROM scores WHERE {which} AND {of_a_set}", values)  # noqa: S608 names are our own

    def _upsert(self, table: str, row: Mapping[str, Any]) -> None:
        columns, marks = ", ".join(row), ", ".join("?" * len(row))
        statement = f"INSERT OR REPLACE INTO {table} ({columns}) VALUES ({marks})"  # noqa: S608 names are our own
        self._database.execute(statement, tuple(row.values()))

    def _rows(self, query: str, values: tuple[Any, ...] = ()) -> list[dict[str, Any]]:
        with _sentences(self.folder):
            cursor = self._database.execute(query, values)
            names = [column[0] for column in cursor.description]
            return [dict(zip(names, row, strict=True)) for row in cursor]

    def _score(self, row: dict[str, Any]) -> Score:
        series = tuple((at, value) for at, value in json.loads(row.pop("series")))
        details = json.loads(row.pop("details"))
        return Score(suite=self.suite, suite_version=self.version, series=series, details=details, **row)


def _failed_as(video: VideoRecord, score: Score) -> Score:
    """A score of a video that is not there, with why it is not where that is known."""
    return dataclasses.replace(
        score, revision=video.revision, reason=video.reason if video.status == "failed" else score.reason
    )


def write_truth(path: Path, truth: Iterable[Mapping[str, Any]]) -> None:
    """A world's truth beside the video, a line of JSON a frame, gzipped."""
    lines = "".join(json.dumps(dict(frame), sort_keys=True) + "\n" for frame in truth)
    write_atomically(path, gzip.compress(lines.encode(), mtime=0))


def load_features(folder: Path, sha256: str, extractor: str, version: str) -> Features | None:
    """What an extractor saw in a video before, by the video's content; None where it did not."""
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    path = _features_path(folder, sha256, extractor, version)
    if not path.is_file():
        return None
    try:
        arrays = load_file(path)
        return Features(extractor, version, arrays["array"], arrays["seconds"])
    except (SafetensorError, KeyError):  # a disk may spoil it; it is made again
        return None


def has_features(folder: Path, sha256: str, extractor: str, version: str) -> bool:
    """Whether `load_features` would find them."""
    from safetensors import SafetensorError, safe_open

    path = _features_path(folder, sha256, extractor, version)
    try:
        with safe_open(path, framework="np") as file:
            return {"array", "seconds"} <= set(file.keys())
    except (FileNotFoundError, SafetensorError):
        return False


def save_features(folder: Path, sha256: str, features: Features) -> None:
    from safetensors.numpy import save

    path = _features_path(folder, sha256, features.extractor, features.version)
    write_atomically(path, save({"array": features.array, "seconds": features.seconds}))


def _features_path(folder: Path, sha256: str, extractor: str, version: str) -> Path:
    return folder / "features" / sha256[:2] / sha256 / f"{_file_name(f'{extractor}-{version}')}.safetensors"


def _file_name(text: str) -> str:
    """`text` as it is where any disk takes it as a name; else what can be kept of it, and its hash."""
    if re.fullmatch(r"[a-z0-9][a-z0-9_.-]{0,99}", text):
        return text
    return f"{re.sub(r'[^A-Za-z0-9_.-]+', '_', text)[:80]}-{hashlib.sha256(text.encode()).hexdigest()[:16]}"


def _pictures(width: int, height: int, fps: float) -> str:
    return f"{width} x {height} pixels at {fps:g} frames a second"


def _score_row(score: Score) -> dict[str, Any]:
    row = dataclasses.asdict(score)
    del row["suite"], row["suite_version"]
    return row | {"series": json.dumps(score.series), "details": json.dumps(dict(score.details), sort_keys=True)}


def _keep_a_log(database: sqlite3.Connection) -> None:
    """Write-ahead logging; SQLite does not wait, as it does elsewhere, where two open a new file at once."""
    for left in reversed(range(_TRIES)):
        try:
            database.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if not left or "locked" not in str(error):
                raise
            time.sleep(_PAUSE)


@contextmanager
def _sentences(folder: Path) -> Iterator[None]:
    """SQLite's and the disk's errors as sentences."""
    try:
        yield
    except sqlite3.OperationalError as error:
        raise StoreError(
            f"the run folder {folder} cannot be used ({error}): free some space or use another --out."
        ) from error
    except sqlite3.IntegrityError as error:
        raise StoreError(
            f"{folder / 'run.db'} does not take what it was given ({error}); nothing of it is kept."
        ) from error
    except sqlite3.DatabaseError as error:
        raise StoreError(f"{folder / 'run.db'} is damaged ({error}); move it away and run again.") from error
    except OSError as error:
        raise disk_error(folder, error) from error
