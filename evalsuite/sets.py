"""Judges whole sets: all videos of one system and seed together, against a metric's own reference.

Workers keep what a set metric looks at of each video, in the one pass over its frames. When all videos are there, every
set is measured from that anew, in every run: so its scores are a pure function of the videos that were asked for, and
none outlives a member that changed. A video that failed has a failed score; the others are judged without it.
"""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress

from evalsuite import features as extractors
from evalsuite import plugins
from evalsuite.errors import EvalsuiteError
from evalsuite.interfaces import SetMetric
from evalsuite.store import Store, VideoRecord, has_features, load_features
from evalsuite.types import SET_SIZE, Features, Measured, Score
from evalsuite.work import Task, failed_score, said, score_of

Seen = Mapping[str, Features]
"""What the extractors of a metric saw in one video, by name."""


def measure_sets(tasks: Sequence[Task], store: Store) -> None:
    """Score every set of the tasks by every metric of sets that they ask for."""
    for members in _together(tasks):
        for name in members[0].metrics:
            metric = plugins.metric(name)
            if isinstance(metric, SetMetric):
                store.add_set(_scores(name, metric, members, store))


def has_seen(video: VideoRecord, metric: SetMetric, store: Store) -> bool:
    """Whether all that a metric looks at of this video is kept."""
    with suppress(EvalsuiteError):  # of an extractor that cannot be made, which its worker tells
        revisions = {name: extractors.extractor(name).revision for name in metric.extractors}
        return all(has_features(store.folder, video.sha256, *each) for each in revisions.items())
    return False


def _together(tasks: Iterable[Task]) -> list[list[Task]]:
    """The tasks of each system and seed, in the order of its storyboards."""
    found: dict[tuple[str, int], list[Task]] = defaultdict(list)
    for task in tasks:
        found[task.label, task.seed].append(task)
    return list(found.values())


def _scores(name: str, metric: SetMetric, members: Sequence[Task], store: Store) -> list[Score]:
    """A score for each member, in their order."""
    looked = [_fit(name, task, metric, store) for task in members]
    fit = [(task, seen) for task, seen in zip(members, looked, strict=True) if not isinstance(seen, str)]
    scores = iter(_judged(name, metric, fit))
    return [
        failed_score(task, name, seen) if isinstance(seen, str) else next(scores)
        for task, seen in zip(members, looked, strict=True)
    ]


def _fit(name: str, task: Task, metric: SetMetric, store: Store) -> Seen | str:
    """What there is to see of a video, or why it has failed."""
    video = store.video(task.label, task.storyboard.id, task.seed)
    if video is None or video.status == "failed":
        return video.reason if video else "there is no video."
    if not has_seen(video, metric, store):
        before = store.scores_of(task.label, task.storyboard.id, task.seed).get(name)
        return (
            before.reason if before and before.reason else "what was seen of the video is not kept any more; run again."
        )
    seen = _seen(video, metric, store)
    try:
        return metric.unfit(seen, task.storyboard) or seen
    except Exception as error:  # one video that a metric cannot look at must not cost the others
        return said(error)


def _seen(video: VideoRecord, metric: SetMetric, store: Store) -> Seen:
    found = {
        name: load_features(store.folder, video.sha256, name, extractors.extractor(name).revision)
        for name in metric.extractors
    }
    return {name: each for name, each in found.items() if each is not None}


def _judged(name: str, metric: SetMetric, members: Sequence[tuple[Task, Seen]]) -> list[Score]:
    """The scores of the members of a set; each says of how many it is a part."""
    size = len(members)
    try:
        measured = _measured(metric, members)
        scores = [score_of(task, name, each) for (task, _), each in zip(members, measured, strict=True)]
    except Exception as error:  # one metric's failure must not cost the others
        scores = [failed_score(task, name, said(error)) for task, _ in members]
    return [dataclasses.replace(score, details={**score.details, SET_SIZE: float(size)}) for score in scores]


def _measured(metric: SetMetric, members: Sequence[tuple[Task, Seen]]) -> Sequence[Measured]:
    size = len(members)
    if size < metric.fewest:
        said_of_all = f"{size} videos are too few to be judged as a set: {metric.fewest} are needed."
        return [Measured(None, said_of_all)] * size
    return metric.measure_set([seen for _, seen in members], [task.storyboard for task, _ in members])
