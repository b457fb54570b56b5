"""One unit of work: make one video of one storyboard, and measure it. This is what a worker process does."""

from __future__ import annotations

import dataclasses
import math
import resource
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from itertools import chain
from numbers import Real
from pathlib import Path

from evalsuite import disk, plugins, store, video
from evalsuite import features as extractors
from evalsuite.errors import EvalsuiteError, StoreError, VideoError
from evalsuite.interfaces import Baseline, Metric, SetMetric
from evalsuite.store import Timing, VideoRecord
from evalsuite.types import Effort, Features, Footage, Measured, Score, Status, Storyboard, VideoRef, VideoSpec

SHORT_SECONDS = 0.25
"""A video that lacks more than this of its storyboard is too short, which is said with its scores."""


@dataclass(frozen=True, slots=True)
class Task:
    """All that a worker needs to know about one video."""

    model: str
    """As on the command line; `label` is its name in results and in paths."""
    label: str
    revision: str
    suite: str
    suite_version: str
    storyboard: Storyboard
    seed: int
    spec: VideoSpec
    folder: Path
    metrics: tuple[str, ...]
    generate: bool
    source: Path | None = None
    """A finished video of somebody else's, to be measured where it lies."""
    truth: bool = True
    """Whether a world's truth is kept beside the video."""

    @property
    def name(self) -> str:
        return f"{self.label.replace(':', '__')}/{self.storyboard.id}-s{self.seed}"

    @property
    def video_path(self) -> Path:
        return self.source or self.folder / "videos" / f"{self.name}.mp4"


@dataclass(slots=True)
class Outcome:
    """What a unit of work gave."""

    video: VideoRecord
    scores: list[Score] = field(default_factory=list)
    timings: list[Timing] = field(default_factory=list)


def perform(task: Task) -> Outcome:
    """Make and measure one video; whatever goes wrong with it becomes its record, and only a full disk stops all."""
    if _has_no_video(task):
        return _never_made(task)
    outcome = Outcome(_record(task, "failed", ""))
    try:
        made = Footage((), task.spec.fps)
        if task.generate:
            with _timed(task, "generate", outcome):
                made = _generate(task)
            task = dataclasses.replace(task, generate=False)  # what goes wrong from here on is not its making
        outcome.video = _with_effort(_record(task, "ok", made.note), made.effort)
        with _timed(task, "score", outcome):
            outcome.scores = _measure(task)
    except StoreError:
        raise
    except Exception as error:  # a system may fail in any way; its failure is a result
        if _has_no_video(task):
            return _never_made(task)
        outcome.video = failure(task, said(error)).video
        outcome.scores = [failed_score(task, name, outcome.video.reason) for name in task.metrics]
    return outcome


def failure(task: Task, reason: str) -> Outcome:
    """A video that could not be made or read, with all its scores failed.

    Where it was to be made, one that lies there is of an earlier revision or attempt, and does not stay.
    """
    if task.generate:
        task.video_path.unlink(missing_ok=True)
    return Outcome(_record(task, "failed", reason), [failed_score(task, name, reason) for name in task.metrics])


def _has_no_video(task: Task) -> bool:
    return not task.generate and task.source is None and not task.video_path.is_file()


def _never_made(task: Task) -> Outcome:
    return failure(
        dataclasses.replace(task, revision=store.NEVER_MADE), "there is no video yet; `evalsuite run` makes it."
    )


def content(task: Task) -> str:
    """The hash of the video as it lies there; empty where there is none, or none that can be read."""
    try:
        return disk.sha256(task.video_path)
    except OSError:
        return ""


@cache
def _baseline(model: str) -> Baseline:
    return plugins.baseline(model)


def _generate(task: Task) -> Footage:
    """Makes the video's file; what was footage is used up then, and tells only what it says of itself."""
    system = _baseline(task.model)
    storyboard = task.storyboard if system.privileged else task.storyboard.told()
    footage = system.generate(storyboard, task.seed, task.spec)
    if isinstance(footage, Footage):
        video.write(task.video_path, footage)
        if task.truth and footage.truth is not None:
            store.write_truth(task.folder / "truth" / f"{task.name}.jsonl.gz", footage.truth())
        return footage
    if not footage.is_file():
        raise VideoError(f"the system named {footage} as its video, and there is no such file.")
    disk.copy_atomically(footage, task.video_path)
    return Footage((), task.spec.fps)


def _measure(task: Task) -> list[Score]:
    """The scores of this video alone; what sets are judged by is kept too, from the same decoding."""
    if not task.metrics:
        return []
    metrics = {name: plugins.metric(name) for name in task.metrics}
    reference = video.describe(task.video_path)
    features = _features(task, reference, sorted({name for each in metrics.values() for name in each.extractors}))
    found = [_scored(task, name, each, features, reference) for name, each in metrics.items()]
    return [score for score in found if score is not None]


def _features(task: Task, reference: VideoRef, names: Sequence[str]) -> dict[str, Features | Exception]:
    """Every feature that any metric needs, from the cache or from one decoding of the video; or what went wrong."""
    kept = {name: _kept(task, reference, name) for name in names}
    found: dict[str, Features | Exception] = {name: each for name, each in kept.items() if each is not None}
    missing = [name for name in names if name not in found]
    if missing:
        made = extractors.try_extract(video.decode(reference.path, reference.decoder), missing)
        for each in made.values():
            if isinstance(each, Features):
                store.save_features(task.folder, reference.sha256, each)
        found.update(made)
    return found


def _kept(task: Task, reference: VideoRef, name: str) -> Features | Exception | None:
    try:
        return store.load_features(task.folder, reference.sha256, name, extractors.extractor(name).revision)
    except StoreError:
        raise
    except Exception as error:  # an extractor may fail in any way; its metrics tell
        return error


def _scored(
    task: Task, name: str, metric: Metric | SetMetric, features: Mapping[str, Features | Exception], reference: VideoRef
) -> Score | None:
    """None for a metric of sets, which has a score when all videos are there."""
    try:
        seen = {each: extractors.told(features[each]) for each in metric.extractors}
        if isinstance(metric, SetMetric):
            return None
        score = score_of(task, name, metric.measure(seen, task.storyboard))
    except Exception as error:  # one metric's failure must not cost the others
        return failed_score(task, name, said(error))
    return _with_length(score, task, reference)


def _with_length(score: Score, task: Task, reference: VideoRef) -> Score:
    missing = task.storyboard.seconds - reference.seconds
    if missing <= SHORT_SECONDS or score.reason:
        return score
    short = f"the video lasts {reference.seconds:.2f} s of the storyboard's {task.storyboard.seconds:.2f} s."
    return dataclasses.replace(score, reason=short)


def score_of(task: Task, name: str, measured: object) -> Score:
    """What a metric found, as a score of the task's video; what is no `Measured` or no finite number has failed."""
    if not isinstance(measured, Measured):  # a plugin of somebody else's may give anything
        return failed_score(task, name, f"{name} gave {type(measured).__name__}; a metric must give Measured.")
    value = measured.value
    if flaw := _flaw(measured):
        return failed_score(task, name, f"{name} gave {flaw}.")
    return dataclasses.replace(
        failed_score(task, name, measured.reason),
        status="not_applicable" if value is None else "ok",
        value=None if value is None else float(value),
        details={detail: float(number) for detail, number in measured.details.items()},
        series=tuple((float(at), float(number)) for at, number in measured.series),
        coverage=float(measured.coverage),
    )


def _flaw(measured: Measured) -> str | None:
    """What of it cannot be kept."""
    if measured.value is not None and not _is_finite(measured.value):
        return f"{measured.value!r}; a value must be a finite number, or None"
    parts = {
        "details": measured.details.values(),
        "series": chain.from_iterable(measured.series),
        "coverage": [measured.coverage],
    }
    for part, numbers in parts.items():
        for number in numbers:
            if not _is_finite(number):
                return f"{number!r} in its {part}, whose numbers must be finite"
    return None if isinstance(measured.reason, str) else f"{measured.reason!r} as its reason, which must be text"


def _is_finite(number: object) -> bool:
    return isinstance(number, Real) and math.isfinite(number)


def failed_score(task: Task, name: str, reason: str) -> Score:
    return Score(
        model=task.label,
        revision=task.revision,
        suite=task.suite,
        suite_version=task.suite_version,
        storyboard=task.storyboard.id,
        seed=task.seed,
        metric=name,
        metric_version=plugins.metric(name).version,
        status="failed",
        value=None,
        reason=reason,
        coverage=0.0,
    )


def _record(task: Task, status: Status, reason: str) -> VideoRecord:
    inside = task.video_path.is_relative_to(task.folder)
    path = str(task.video_path.relative_to(task.folder) if inside else task.video_path.resolve())
    key = (task.label, task.storyboard.id, task.seed)
    return VideoRecord(*key, task.revision, status, reason, path, content(task))


def _with_effort(record: VideoRecord, effort: Effort | None) -> VideoRecord:
    if effort is None:
        return record
    steps, tokens = (None if count is None else int(count) for count in (effort.steps, effort.tokens))
    return dataclasses.replace(record, steps=steps, tokens=tokens)


def said(error: Exception) -> str:
    """One line on what went wrong; our own errors speak for themselves."""
    line = " ".join(str(error).split())[:500]
    return line if isinstance(error, EvalsuiteError) else f"{type(error).__name__}: {line}"


@contextmanager
def _timed(task: Task, step: str, outcome: Outcome) -> Iterator[None]:
    _forget_peak()
    began = time.perf_counter()
    yield
    seconds = time.perf_counter() - began
    outcome.timings.append(Timing(task.label, task.storyboard.id, task.seed, step, seconds, _peak_megabytes()))


def _forget_peak() -> None:
    """Where the system lets us, so that one video's peak is not put down to the next."""
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


def _peak_megabytes() -> float:
    with suppress(OSError, KeyError):  # not every system tells, nor every sandbox
        lines = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
        return int(lines["VmHWM"].split()[0]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
