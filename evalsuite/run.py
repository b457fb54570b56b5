"""The main job: plan what is missing, make it, measure it, write it down. Resuming is planning again.

What is of one video is done once; sets of videos are measured anew at the end of every run, from what is kept of them.
"""

from __future__ import annotations

import dataclasses
import platform
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import distributions
from itertools import islice
from pathlib import Path
from typing import Any, Literal, TypeVar

from evalsuite import features as extractors
from evalsuite import plugins, sheets
from evalsuite.catalogue import PACKAGES
from evalsuite.errors import EvalsuiteError, PluginError, StoreError
from evalsuite.execute import Execution
from evalsuite.interfaces import SetMetric
from evalsuite.progress import Advance
from evalsuite.sets import has_seen, measure_sets
from evalsuite.store import FINISHED, NEVER_MADE, RESULTS, Store, VideoRecord
from evalsuite.suites import fingerprint
from evalsuite.types import Score, Suite, VideoSpec
from evalsuite.work import Task, content, said

Answer = TypeVar("Answer")

Overwrite = Literal["never", "failed", "all"]
COMPLAINTS = 10
"""How many failures are named while a run goes on, and of each system at its end; results have them all."""


@dataclass(frozen=True, slots=True)
class Request:
    """What was asked for: which systems, on which suite, judged how."""

    suite: Suite
    models: tuple[str, ...]
    folder: Path
    seeds: tuple[int, ...]
    metrics: tuple[str, ...]
    overwrite: Overwrite = "never"
    workers: int = 1
    generate: bool = True
    """Whether missing videos are made; otherwise those that are there are measured."""
    sources: dict[tuple[str, int], Path] | None = None
    """Finished videos of somebody else's, one for each storyboard and seed; then the model is only a name."""
    truth: bool = True
    """Whether what a world says of itself is kept beside its videos."""


@dataclass(frozen=True, slots=True)
class Report:
    """What a run left behind."""

    scores: tuple[Score, ...]
    """Of the request's models, storyboards, seeds and metrics."""
    videos: tuple[VideoRecord, ...]

    @property
    def amiss(self) -> tuple[Score | VideoRecord, ...]:
        """What failed, or was measured with a reservation."""
        videos = [video for video in self.videos if video.status == "failed"]
        unfit = [score for score in self.scores if score.status == "failed" or (score.status == "ok" and score.reason)]
        return (*videos, *unfit)


def run(request: Request, progress: Advance) -> Report:
    """Make and measure everything that the run folder lacks; then say what is there."""
    return carry_out(plan(request), request, progress)


def carry_out(tasks: Sequence[Task], request: Request, progress: Advance) -> Report:
    """Do what the run folder lacks of these tasks, which may be of several requests like this one."""
    store = Store(request.folder, request.suite.name, request.suite.version)
    try:
        store.claim_storyboards({task.storyboard.id: fingerprint([task.storyboard]) for task in tasks})
        if request.sources is None:
            store.claim_pictures(_spec(request.suite))
        _not_over_our_own(tasks, store)
        store.note(provenance(request))
        tasks = [_as_made(task, store) for task in tasks]
        execute(tasks, request, store, progress)
        measure_sets(tasks, store)
        store.export()
        return report(tasks, store, request)
    finally:
        store.close()


def plan(request: Request) -> list[Task]:
    """One task for each video that was asked for, whether or not it is there already."""
    _check(request)
    spec = _spec(request.suite)
    tasks = [
        Task(
            model=model,
            label=plugins.spelling(model).label,
            revision=_revision(model, request),
            suite=request.suite.name,
            suite_version=request.suite.version,
            storyboard=storyboard,
            seed=seed,
            spec=spec,
            folder=request.folder,
            metrics=request.metrics,
            generate=request.generate and request.sources is None,
            truth=request.truth,
            source=request.sources[storyboard.id, seed] if request.sources is not None else None,
        )
        for model in request.models
        for seed in request.seeds
        for storyboard in request.suite.storyboards
    ]
    _no_two_alike(tasks)
    return tasks


def _spec(suite: Suite) -> VideoSpec:
    return VideoSpec(suite.width, suite.height, suite.fps)


def _check(request: Request) -> None:
    """That all systems and metrics are there, and can work: else every video would fail for the same reason."""
    for name in {name for metric in request.metrics for name in plugins.metric(metric).extractors}:
        _answered(name, extractors.extractor(name).check)
    if request.generate and request.sources is None:
        for model in request.models:
            _answered(model, plugins.baseline(model).check)


def _answered(plugin: str, ask: Callable[[], Answer]) -> Answer:
    """What a plugin answers before there is any video; `PluginError` where it fails in a way of its own."""
    try:
        return ask()
    except EvalsuiteError:
        raise
    except Exception as error:  # a plugin may fail in any way
        raise PluginError(f"{plugin} cannot be used: {said(error)}") from error


def _as_made(task: Task, store: Store) -> Task:
    """Where a video is only measured it stays of the revision that made it, whatever the system is by now."""
    video = store.video(task.label, task.storyboard.id, task.seed)
    if task.generate or task.source is not None or video is None or video.revision == NEVER_MADE:
        return task
    return dataclasses.replace(task, revision=video.revision)


def execute(tasks: Sequence[Task], request: Request, store: Store, progress: Advance) -> None:
    """Do what is missing of each task, and keep each outcome as soon as it is there."""

    def needed(task: Task) -> Task | None:
        return remaining(task, store, request.overwrite)

    missing = [task for task in tasks if needed(task) is not None]
    done, complaints = len(tasks) - len(missing), 0
    progress(done, len(tasks), "")
    if not missing:
        return
    for outcome in Execution(missing, needed, min(request.workers, len(missing))).outcomes():
        done += 1
        said = ""
        if outcome is not None:
            store.add(outcome.video, outcome.scores, outcome.timings)
            said = _complaint(outcome.video) if outcome.video.status == "failed" else ""
            complaints += bool(said)
        progress(done, len(tasks), said if complaints <= COMPLAINTS else "")


def remaining(task: Task, store: Store, overwrite: Overwrite) -> Task | None:
    """What of a task is still to be done; None where nothing is."""
    video = store.video(task.label, task.storyboard.id, task.seed)
    if overwrite == "all" or video is None or not _still_good(video, task, overwrite):
        return task
    scores = store.scores_of(task.label, task.storyboard.id, task.seed)
    metrics = tuple(name for name in task.metrics if not _done(name, scores.get(name), video, store, overwrite))
    if not metrics:
        return None
    if video.status == "failed" and task.generate:  # made again, and so measured anew
        return task
    return dataclasses.replace(task, metrics=metrics, generate=False)


def report(tasks: Iterable[Task], store: Store, request: Request) -> Report:
    """What the run folder now says about the tasks."""
    scores: list[Score] = []
    videos: list[VideoRecord] = []
    for task in tasks:
        kept = store.scores_of(task.label, task.storyboard.id, task.seed)
        scores += [kept[name] for name in request.metrics if name in kept]
        video = store.video(task.label, task.storyboard.id, task.seed)
        videos += [video] if video else []
    return Report(tuple(scores), tuple(videos))


def finished_videos(folder: Path, suite: Suite, seeds: Sequence[int]) -> dict[tuple[str, int], Path]:
    """Where the finished video of each storyboard lies: by `manifest.csv`, or by its name.

    The manifest has the columns `storyboard` and `file`, and may have `seed`; files are relative to the folder. A name
    is `<storyboard id>-s<seed>.mp4`, or `<storyboard id>.mp4` where one seed alone is asked for. `StoreError` where
    there is no folder, or not one of the videos in it.
    """
    if not folder.is_dir():
        raise StoreError(f"there is no folder {folder}.")
    manifest = folder / "manifest.csv"
    named = _manifest(manifest, seeds) if manifest.is_file() else {}
    wanted = [(board.id, seed) for board in suite.storyboards for seed in seeds]
    found = {key: named.get(key) or _by_name(folder, *key, alone=len(seeds) == 1) for key in wanted}
    if not any(path.is_file() for path in found.values()):
        example = next(iter(found.values())).name
        raise StoreError(f"{folder} holds none of the {len(found)} videos that are asked for, such as {example}.")
    return found


def _by_name(folder: Path, storyboard: str, seed: int, alone: bool) -> Path:
    of_seed, plain = folder / f"{storyboard}-s{seed}.mp4", folder / f"{storyboard}.mp4"
    if alone and of_seed.is_file() and plain.is_file():
        raise StoreError(f"{folder} holds both {plain.name} and {of_seed.name}: keep one, or name it in manifest.csv.")
    return plain if alone and not of_seed.is_file() else of_seed


def provenance(request: Request) -> dict[str, Any]:
    """What is run, by which code, on what."""
    return {
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": sys.argv[1:],
        "commit": _commit(),
        "suite": request.suite.title,
        "revisions": {plugins.spelling(model).label: _revision(model, request) for model in request.models},
        "python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}",
        "versions": {each.name: each.version for each in distributions() if each.name in PACKAGES},
    }


def _revision(model: str, request: Request) -> str:
    if request.sources is not None:
        return FINISHED
    system = plugins.baseline(model)
    return _answered(model, lambda: system.revision)


def _no_two_alike(tasks: Iterable[Task]) -> None:
    seen: dict[tuple[str, str, int], str] = {}
    for task in tasks:
        if seen.setdefault((task.label, task.storyboard.id, task.seed), task.model) != task.model:
            raise PluginError(f"two models would both be called {task.label!r} in the results; rename one file.")


def _not_over_our_own(tasks: Iterable[Task], store: Store) -> None:
    """`StoreError` where finished videos and a system that is run here would have one name, and so one's results."""
    for task in tasks:
        video = store.video(task.label, task.storyboard.id, task.seed)
        if video is None or video.status != "ok" or (video.revision == FINISHED) == (task.source is not None):
            continue
        if task.source is not None:
            raise StoreError(
                f"{store.folder} holds videos that {task.label} made here: give those of the folder another --model "
                "NAME, or use another --out."
            )
        if task.generate:
            raise StoreError(
                f"{store.folder} holds scores of finished videos under the name {task.label}: use another --out."
            )


def _still_good(video: VideoRecord, task: Task, overwrite: Overwrite) -> bool:
    if video.revision != task.revision or (video.status == "failed" and overwrite == "failed"):
        return False
    if task.source is not None:
        return video.sha256 == content(task)
    return video.status == "failed" or task.video_path.is_file() or not task.generate


def _done(name: str, score: Score | None, video: VideoRecord, store: Store, overwrite: Overwrite) -> bool:
    """Whether a metric has a video's score; one of sets, all of the video that it needs."""
    metric = plugins.metric(name)
    failed = video.status == "failed" or (score is not None and score.status == "failed")
    if isinstance(metric, SetMetric) and not failed:
        return has_seen(video, metric, store)
    if score is None or score.metric_version != metric.version:
        return False
    return not (overwrite == "failed" and score.status == "failed")


def _manifest(path: Path, seeds: Sequence[int]) -> dict[tuple[str, int], Path]:
    rows = sheets.read(path, ("storyboard", "file"))
    try:
        keys = [(row["storyboard"], int(row.get("seed") or seeds[0])) for row in rows]
    except ValueError as error:
        raise StoreError(f"{path} has a seed that is no whole number: {error}.") from error
    for (storyboard, seed), count in Counter(keys).items():
        if count > 1:
            raise StoreError(f"{path} names {count} files for the storyboard {storyboard!r} and seed {seed}; keep one.")
    return {key: path.parent / row["file"] for key, row in zip(keys, rows, strict=True)}


def reservations(report: Report, folder: Path) -> Iterator[str]:
    """What failed or was measured with a reservation: the first of each system, and how many more `folder` tells of."""
    said: dict[str, dict[str, None]] = {}
    for each in report.amiss:
        said.setdefault(each.model, {})[_complaint(each)] = None
    for model, complaints in said.items():
        yield from islice(complaints, COMPLAINTS)
        if len(complaints) > COMPLAINTS:
            yield f"{model}: {len(complaints) - COMPLAINTS} more such lines; see {folder / RESULTS}."


def _complaint(what: Score | VideoRecord) -> str:
    return f"{what.model} {what.storyboard} seed {what.seed}: {what.reason}"


def _commit() -> str:
    here = Path(__file__).parent
    command = ["git", "-C", str(here), "describe", "--always", "--dirty", "--abbrev=12"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=10)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired):
        return "unknown"
    return done.stdout.strip() or "unknown"
