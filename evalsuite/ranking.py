"""Ranks the systems of a run folder: scores -> comparisons on each axis -> ratings -> table."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from evalsuite import plugins
from evalsuite.compare import compare, read_tie_bands
from evalsuite.costs import with_costs
from evalsuite.errors import EvalsuiteError, StoreError, UnknownPluginError
from evalsuite.run import FINISHED
from evalsuite.store import Store
from evalsuite.table import rating_table, scores_table, with_notes
from evalsuite.types import Score, Suite, Table


@dataclass(frozen=True, slots=True)
class Choice:
    """Which of a run folder's scores a table is of; where it is silent, all."""

    models: tuple[str, ...] = ()
    """Systems as on the command line."""
    storyboards: tuple[str, ...] = ()

    def of(self, scores: Sequence[Score]) -> list[Score]:
        """The chosen scores; `StoreError` where a chosen system has none."""
        wanted = {plugins.spelling(model).label for model in self.models}
        there = {score.model for score in scores}
        if wanted - there:
            missing, known = (", ".join(sorted(some)) for some in (wanted - there, there))
            raise StoreError(f"there are no scores of {missing}; there are some of {known}.")
        return [
            score
            for score in scores
            if score.model in (wanted or there) and (not self.storyboards or score.storyboard in self.storyboards)
        ]


def ranked(suite: Suite, folder: Path, by: str, which: Choice = Choice()) -> Table:
    """The rating table of the systems that were scored on the suite in this run folder."""
    with _store(suite, folder) as store:
        scores, notes = _scores(store, which)
        return with_notes(with_costs(_ranked(suite, scores, by), store, which.storyboards), notes)


def scored(suite: Suite, folder: Path, which: Choice = Choice()) -> Table:
    """The mean of each metric for the systems in this run folder."""
    with _store(suite, folder) as store:
        scores, notes = _scores(store, which)
        table = scores_table(scores, title=f"{suite.name} {suite.version}")
        return with_notes(with_costs(table, store, which.storyboards), notes)


def _ranked(suite: Suite, scores: Sequence[Score], by: str) -> Table:
    versions = {score.metric: score.metric_version for score in scores}
    bands = read_tie_bands(Path(str(files("evalsuite.leaderboards") / "tie_bands.json")), versions)
    higher = {name: plugins.metric(name).higher_is_better for weights in suite.axes.values() for name in weights}
    comparisons = [
        comparison
        for axis, weights in suite.axes.items()
        for comparison in compare(scores, axis, weights, bands, higher)
    ]
    centre = generators(scores)
    ratings = plugins.leaderboard(by).rate(comparisons, centre)
    table = rating_table(ratings, scores, suite.axes, bands, centre, title=f"{suite.name} {suite.version}")
    return with_notes(table, _unproven(suite, versions))


def _unproven(suite: Suite, versions: Mapping[str, str]) -> list[str]:
    """What the published audit does not allow in the axes of this suite."""
    from evalsuite.audit.rule import unproven

    status = files("evalsuite.leaderboards") / "audit_status.json"
    audited = json.loads(status.read_text(encoding="utf-8"))["metrics"]
    said = unproven(suite.axes, audited, {**dict.fromkeys(audited, ""), **versions})
    return [f"an axis holds a metric that the published audit does not prove: {each}" for each in said]


@contextmanager
def _store(suite: Suite, folder: Path) -> Iterator[Store]:
    store = Store.existing(folder, suite.name, suite.version)
    try:
        yield store
    finally:
        store.close()


def _scores(store: Store, which: Choice) -> tuple[list[Score], list[str]]:
    """Scores by metrics as they are now, and notes on what is left out and on what is of several revisions."""
    scores, old = _sorted_out(which.of(store.scores()))
    if not scores:
        raise StoreError(
            f"{store.folder} holds no scores by metrics as they are now; "
            f"make some with `evalsuite run --suite {store.suite}`."
        )
    counts = Counter(score.metric for score in old)
    left_out = [
        f"{metric}: {count} scores by another version of it than works here are left out; run again to measure anew"
        for metric, count in sorted(counts.items())
    ]
    revisions: dict[str, set[str]] = defaultdict(set)
    for score in scores:
        revisions[score.model].add(score.revision)
    mixed = sorted(model for model, found in revisions.items() if len(found) > 1)
    return scores, [
        *left_out,
        *(f"{model}: videos of several revisions; run again to make them anew" for model in mixed),
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


def generators(scores: Iterable[Score]) -> list[str]:
    """The systems that are no controls: those whose mean rating is the centre of a table."""
    revisions = {score.model: score.revision for score in scores}
    return sorted(model for model, revision in revisions.items() if revision == FINISHED or not _is_control(model))


def _is_control(model: str) -> bool:
    try:
        return plugins.baseline(model).control
    except EvalsuiteError:  # somebody's own file, which is not at hand now
        return False
