"""Ranks the systems of a run folder: scores -> comparisons on each axis -> ratings -> table."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path

from evalsuite import plugins
from evalsuite.compare import compare, read_tie_bands
from evalsuite.costs import with_costs
from evalsuite.errors import EvalsuiteError, StoreError
from evalsuite.run import FINISHED
from evalsuite.store import Store
from evalsuite.table import rating_table, scores_table, with_notes
from evalsuite.types import Score, Suite, Table


def ranked(suite: Suite, folder: Path, by: str) -> Table:
    """The rating table of all systems that were scored on the suite in this run folder."""
    with _store(suite, folder) as store:
        scores, notes = _scores(store)
        return with_notes(with_costs(_ranked(suite, scores, by), store), notes)


def scored(suite: Suite, folder: Path) -> Table:
    """The mean of each metric for all systems in this run folder."""
    with _store(suite, folder) as store:
        scores, notes = _scores(store)
        return with_notes(with_costs(scores_table(scores, title=f"{suite.name} {suite.version}"), store), notes)


def _ranked(suite: Suite, scores: Sequence[Score], by: str) -> Table:
    bands = read_tie_bands(Path(str(files("evalsuite.leaderboards") / "tie_bands.json")))
    higher = {name: plugins.metric(name).higher_is_better for weights in suite.axes.values() for name in weights}
    comparisons = [
        comparison
        for axis, weights in suite.axes.items()
        for comparison in compare(scores, axis, weights, bands, higher)
    ]
    centre = generators(scores)
    ratings = plugins.leaderboard(by).rate(comparisons, centre)
    return rating_table(ratings, scores, suite.axes, bands, centre, title=f"{suite.name} {suite.version}")


@contextmanager
def _store(suite: Suite, folder: Path) -> Iterator[Store]:
    store = Store.existing(folder, suite.name, suite.version)
    try:
        yield store
    finally:
        store.close()


def _scores(store: Store) -> tuple[list[Score], list[str]]:
    """Scores by metrics as they are now, and notes on what is left out and on what is of several revisions."""
    scores, old = _sorted_out(store.scores())
    if not scores:
        raise StoreError(
            f"{store.folder} holds no scores by metrics as they are now; "
            f"make some with `evalsuite run --suite {store.suite}`."
        )
    counts = Counter(score.metric for score in old)
    left_out = [
        f"{metric}: {count} scores by another version of it are left out; run again to measure anew"
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
    """None of a metric that is not at hand now."""
    try:
        return plugins.metric(metric).version
    except EvalsuiteError:
        return None


def generators(scores: Iterable[Score]) -> list[str]:
    """The systems that are no controls: those whose mean rating is the centre of a table."""
    revisions = {score.model: score.revision for score in scores}
    return sorted(model for model, revision in revisions.items() if revision == FINISHED or not _is_control(model))


def _is_control(model: str) -> bool:
    try:
        return plugins.baseline(model).control
    except EvalsuiteError:  # somebody's own file, which is not at hand now
        return False
