"""Ranks systems by their results: scores -> comparisons on each axis -> ratings -> table."""

from __future__ import annotations

import dataclasses
import json
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from importlib.resources import files
from pathlib import Path

from evalsuite import plugins
from evalsuite.compare import compare, shipped_tie_bands
from evalsuite.costs import with_costs
from evalsuite.errors import EvalsuiteError, StoreError, UnknownPluginError
from evalsuite.interfaces import Metric
from evalsuite.published import read, videos_table
from evalsuite.results import Results, in_folder, key
from evalsuite.stats import UNBOUNDED
from evalsuite.store import FINISHED, NEVER_MADE
from evalsuite.table import rating_table, scores_table, with_notes
from evalsuite.types import Score, Suite, Table


def gathered(suite: Suite, folder: Path, tables: Sequence[str], is_needed: bool = True) -> tuple[Results, list[str]]:
    """What a run folder holds and, behind it, tables of videos, with a note on what is from where.

    The first that can be ranked of a video stands: made at all, and scored by a metric as it is now. A folder that is
    not needed may be missing beside tables.
    """
    parts = {table: read(table, suite) for table in tables}
    if is_needed or not tables or (folder / "run.db").is_file():
        parts = {str(folder): in_folder(folder, suite), **parts}
    _no_two_of_one_name(parts)
    found, rest, counts = Results(), Results(), []
    for name, part in parts.items():
        fit, unfit = _parted(part)
        before = len(found.videos)
        found, rest = found.beside(fit), rest.beside(unfit)
        counts.append(f"{len(found.videos) - before} of {name}")
    found = found.beside(rest)
    return found, [f"videos at hand: {', '.join(counts)}"] if tables else []


def _no_two_of_one_name(parts: Mapping[str, Results]) -> None:
    """`StoreError` where a name stands for two systems: finished videos have nothing but their name."""
    kinds: dict[str, tuple[bool, str]] = {}
    files: dict[tuple[str, str, int], str] = {}
    for name, part in parts.items():
        for video in part.videos:
            if video.revision == NEVER_MADE:
                continue
            finished = video.revision == FINISHED
            was_finished, where = kinds.setdefault(video.model, (finished, name))
            other = finished and video.sha256 and files.setdefault(key(video), video.sha256) != video.sha256
            if finished != was_finished or other:
                raise StoreError(
                    f"{where} and {name} both hold videos of {video.model}, which are not of one system: measure those "
                    "of a folder under another name, with `evalsuite score FOLDER --model NAME`, or leave one out."
                )


def _parted(results: Results) -> tuple[Results, Results]:
    """What is of videos that can be ranked, and the rest."""
    never = {key(video) for video in results.videos if video.revision == NEVER_MADE}
    fit = {key(score) for score in _sorted_out(results.scores)[0]} - never
    return results.where(lambda video: video in fit), results.where(lambda video: video not in fit)


def chosen(results: Results, models: Collection[str], storyboards: Collection[str]) -> Results:
    """What is of these systems, as on the command line, and storyboards; of all where there are none.

    `StoreError` where a chosen system has no scores.
    """
    wanted = {plugins.spelling(model).label for model in models}
    there = {score.model for score in results.scores}
    if wanted - there:
        missing, known = (", ".join(sorted(some)) for some in (wanted - there, there))
        raise StoreError(f"there are no scores of {missing}; there are some of {known or 'nobody'}.")
    found = results.where(
        lambda video: (not wanted or video.model in wanted) and (not storyboards or video.storyboard in storyboards)
    )
    if results.scores and not found.scores:
        raise StoreError("there are no scores of the storyboards that are asked for; ask for others, or run those.")
    return found


def ranked(suite: Suite, results: Results, by: str = "bradley-terry") -> Table:
    """The rating table of the systems that were scored on the suite."""
    current, notes = _current(suite, results)
    return with_notes(with_costs(_ranked(suite, current.scores, by), current), notes)


def scored(suite: Suite, results: Results) -> Table:
    """The mean of each metric for each system."""
    current, notes = _current(suite, results)
    return with_notes(with_costs(means(current.scores, suite.title), current), notes)


def means(scores: Sequence[Score], title: str = "Scores") -> Table:
    """The mean of each metric for each system, with intervals that end where the metric's values do."""
    return scores_table(scores, title, {metric: _bounds(metric) for metric in {score.metric for score in scores}})


def listed(suite: Suite, results: Results) -> Table:
    """A row for each video, for others to rank beside theirs."""
    current, notes = _current(suite, results)
    return with_notes(videos_table(suite, current), notes)


def _ranked(suite: Suite, scores: Sequence[Score], by: str) -> Table:
    ranked_by = {name for weights in suite.axes.values() for name in weights}
    if not ranked_by & {score.metric for score in scores}:
        needed = ", ".join(sorted(ranked_by)) or "it has none"
        raise StoreError(
            f"nothing can be rated: no score is by a metric of the suite's axes ({needed}); --scores prints means."
        )
    versions = {score.metric: score.metric_version for score in scores}
    bands = shipped_tie_bands(versions)
    higher = {name: plugins.metric(name).higher_is_better for name in ranked_by}
    comparisons = [
        comparison
        for axis, weights in suite.axes.items()
        for comparison in compare(scores, axis, weights, bands, higher)
    ]
    centre = generators(scores)
    ratings = plugins.leaderboard(by).rate(comparisons, centre)
    table = rating_table(ratings, scores, suite.axes, bands, centre, title=suite.title)
    return with_notes(table, _unproven(suite, versions))


def _unproven(suite: Suite, versions: Mapping[str, str]) -> list[str]:
    """What the published audit does not allow in the axes of this suite."""
    from evalsuite.audit.rule import unproven

    status = files("evalsuite.leaderboards") / "audit_status.json"
    audited = json.loads(status.read_text(encoding="utf-8"))["metrics"]
    axes = {axis: {name: weights[name] for name in weights if name in versions} for axis, weights in suite.axes.items()}
    said = unproven(axes, audited, versions)
    return [f"an axis holds a metric that the published audit does not prove: {each}" for each in said]


def _current(suite: Suite, results: Results) -> tuple[Results, list[str]]:
    """Scores by metrics as they are now, and notes on what is left out and on what is of several revisions."""
    scores, old = _sorted_out(results.scores)
    if not scores:
        raise StoreError(
            f"there are no scores by metrics as they are now; make some with `evalsuite run --suite {suite.name}`."
        )
    counts = Counter(score.metric for score in old)
    left_out = [f"{metric}: {count} scores are left out: {_unlike(metric)}" for metric, count in sorted(counts.items())]
    revisions: dict[str, set[str]] = defaultdict(set)
    for score in scores:
        revisions[score.model].add(score.revision)
    mixed = sorted(model for model, found in revisions.items() if len(found) > 1)
    return dataclasses.replace(results, scores=tuple(scores)), [
        *left_out,
        *(f"{model}: videos of several revisions" for model in mixed),
    ]


def _sorted_out(scores: Sequence[Score]) -> tuple[list[Score], list[Score]]:
    """Those by metrics as they are now, and those by others."""
    versions = {name: _version(name) for name in {score.metric for score in scores}}
    current = [score for score in scores if versions[score.metric] in (None, score.metric_version)]
    return current, [score for score in scores if versions[score.metric] not in (None, score.metric_version)]


def _version(metric: str) -> str | None:
    """None of a metric that is not at hand now; nothing of one that is, and cannot be made here."""
    try:
        return plugins.metric(metric).version
    except UnknownPluginError:
        return None
    except EvalsuiteError:
        return ""


def _unlike(metric: str) -> str:
    """Why scores of a metric are not those that it would give here."""
    try:
        plugins.metric(metric)
    except EvalsuiteError as error:
        return f"it cannot work here ({error})"
    return "they are by another version of it than works here; measure anew"


def _bounds(metric: str) -> tuple[float, float]:
    try:
        found = plugins.metric(metric)
    except EvalsuiteError:  # it is not at hand now
        return UNBOUNDED
    return found.bounds if isinstance(found, Metric) else UNBOUNDED


def generators(scores: Iterable[Score]) -> list[str]:
    """The systems that are no controls: those whose mean rating is the centre of a table."""
    revisions = {score.model: score.revision for score in scores}
    return sorted(model for model, revision in revisions.items() if revision == FINISHED or not _is_control(model))


def _is_control(model: str) -> bool:
    try:
        return plugins.baseline(model).control
    except EvalsuiteError:  # somebody's own file, which is not at hand now
        return False
