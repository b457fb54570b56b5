"""Tables for people and for papers: of scores, of ratings, and how they are written.

A number with an interval takes three columns, `x`, `x low` and `x high`; formats for people show them as one.
"""

from __future__ import annotations

import csv
import dataclasses
import io
import json
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Literal, get_args

from evalsuite.compare import FAILURE_RULE, TIE_RULE, left_out, unscored, withheld
from evalsuite.errors import EvalsuiteError
from evalsuite.stats import RESAMPLES, UNBOUNDED, Estimate, clustered_mean
from evalsuite.types import SET_SIZE, Rating, Score, Table

Cell = str | float | None
Format = Literal["text", "md", "csv", "json", "latex"]
_BETWEEN = 3  # columns of a terminal that stand between two of a table: a line, and a space on each side
COVERED = 0.99
"""The share of a story from which on a video covers it."""
INTERVALS = f"intervals are 95 %, from {RESAMPLES} bootstraps over storyboards; one storyboard gives none"


def scores_table(
    scores: Sequence[Score], title: str = "Scores", bounds: Mapping[str, tuple[float, float]] | None = None
) -> Table:
    """A row for each system: the mean of each metric over its finished videos, with an interval.

    The interval of a metric in `bounds` ends there.
    """
    metrics = sorted({score.metric for score in scores})
    systems = sorted({score.model for score in scores})
    headings = [heading for metric in metrics for heading in with_interval(metric)]
    within = {metric: (bounds or {}).get(metric, UNBOUNDED) for metric in metrics}
    rows = [_score_row([score for score in scores if score.model == system], within) for system in systems]
    columns = ("model", *headings, "storyboards", "seeds", "failed", "not applicable", "coverage")
    notes = (
        INTERVALS,
        "means are over finished videos; failed and not applicable are scores, of all metrics",
        *_fewer(scores),
        *_sets(scores),
    )
    return Table(title, columns, tuple(rows), notes)


def rating_table(
    ratings: Sequence[Rating],
    scores: Sequence[Score],
    axes: Mapping[str, Mapping[str, float]],
    tie_bands: Mapping[str, float],
    centre: Sequence[str],
    title: str = "Ratings",
) -> Table:
    """A row for each system, best first: its ranks, its rating on each axis, and overall.

    `axes` is axis -> metric -> weight, in the order of the columns; `scores` all that the comparisons were made from;
    and `centre` the systems whose mean is 1000.
    """
    rated = {rating.axis for rating in ratings}
    shown = [axis for axis in (*axes, "overall") if axis in rated]
    found = {(rating.model, rating.axis): rating for rating in ratings}
    by_last = {rating.model: rating for rating in ratings if rating.axis in shown[-1:]}
    systems = sorted({score.model for score in scores} | {model for model, _ in found})
    systems.sort(key=lambda model: _order(by_last.get(model), model))
    headings = [heading for axis in shown for heading in with_interval(axis)]
    columns = ("rank", "model", *headings, "storyboards")
    rows = tuple(_rating_row(found, model, shown) for model in systems)
    return Table(title, columns, rows, _notes(ratings, scores, axes, tie_bands, centre))


def with_notes(table: Table, notes: Sequence[str]) -> Table:
    """The table with more notes behind its own."""
    return dataclasses.replace(table, notes=(*table.notes, *notes))


def render(table: Table, format: Format = "text", width: int | None = None) -> str:
    """The table as text for a terminal, as Markdown, CSV, JSON or LaTeX (booktabs). CSV has no place for the notes."""
    if format not in get_args(Format):
        raise EvalsuiteError(f"there is no format {format!r}: there are {', '.join(get_args(Format))}.")
    if format == "text":
        return _text(table, width)
    writers: dict[str, Callable[[Table], str]] = {"md": _markdown, "csv": _csv, "json": _json, "latex": _latex}
    return writers[format](table)


def with_interval(name: str) -> tuple[str, str, str]:
    """The columns of a number and its interval."""
    return name, f"{name} low", f"{name} high"


def estimate_cells(number: Estimate | Rating | None) -> list[Cell]:
    """A number and its interval; a single storyboard says nothing of how far the next may lie."""
    if number is None:
        return [None, None, None]
    return [number.value, number.low, number.high] if number.n > 1 else [number.value, None, None]


def _score_row(scores: Sequence[Score], bounds: Mapping[str, tuple[float, float]]) -> tuple[Cell, ...]:
    cells: list[Cell] = []
    for metric, ends in bounds.items():
        judged = [score for score in scores if score.metric == metric and score.value is not None]
        values, clusters = [score.value or 0.0 for score in judged], [score.storyboard for score in judged]
        cells += estimate_cells(clustered_mean(values, clusters, ends) if judged else None)
    boards = len({score.storyboard for score in scores})
    seeds = len({score.seed for score in scores})
    statuses = [score.status for score in scores]
    covered = [score.coverage for score in scores if score.status == "ok"]
    coverage = sum(covered) / len(covered) if covered else None
    return (
        scores[0].model,
        *cells,
        boards,
        seeds,
        statuses.count("failed"),
        statuses.count("not_applicable"),
        coverage,
    )


def _fewer(scores: Sequence[Score]) -> list[str]:
    """Which means are of fewer videos than the row has, so that nobody takes them for means of the same stories."""
    videos = Counter(model for model, _, _ in {(score.model, score.storyboard, score.seed) for score in scores})
    valued = Counter((score.metric, score.model) for score in scores if score.value is not None)
    fewer: dict[tuple[str, int, int], list[str]] = defaultdict(list)
    for metric, model in sorted({(score.metric, score.model) for score in scores}):
        if valued[metric, model] < videos[model]:
            fewer[metric, valued[metric, model], videos[model]].append(model)
    return [f"{metric}: over {few} of {all_} videos of {', '.join(of)}" for (metric, few, all_), of in fewer.items()]


def _sets(scores: Sequence[Score]) -> list[str]:
    """What is told of whole sets of videos: the details that all members of a set share."""
    sets: dict[tuple[str, str, int], list[Score]] = defaultdict(list)
    for score in scores:
        if SET_SIZE in score.details:
            sets[score.metric, score.model, score.seed].append(score)
    return [
        f"{metric} of {model}, seed {seed}: {members[0].reason or _shared(members)}"
        for (metric, model, seed), members in sorted(sets.items())
    ]


def _shared(members: Sequence[Score]) -> str:
    first, *others = (score.details for score in members)
    shared = [(name, value) for name, value in first.items() if all(each.get(name) == value for each in others)]
    return ", ".join(f"{name} {value:.4g}" for name, value in sorted(shared))


def _order(rating: Rating | None, model: str) -> tuple[bool, float, str]:
    return (rating is None, -rating.value if rating else 0.0, model)


def _rating_row(found: Mapping[tuple[str, str], Rating], model: str, shown: Sequence[str]) -> tuple[Cell, ...]:
    cells: list[Cell] = []
    for axis in shown:
        cells += estimate_cells(found.get((model, axis)))
    last = found.get((model, shown[-1])) if shown else None
    return (_ranks(last) if last else "", model, *cells, last.n if last else 0)


def _ranks(rating: Rating) -> str:
    return str(rating.rank_low) if rating.rank_low == rating.rank_high else f"{rating.rank_low}-{rating.rank_high}"


def _notes(
    ratings: Sequence[Rating],
    scores: Sequence[Score],
    axes: Mapping[str, Mapping[str, float]],
    tie_bands: Mapping[str, float],
    centre: Sequence[str],
) -> tuple[str, ...]:
    axis_of = {(rating.model, rating.axis) for rating in ratings}
    central = sorted(model for model in centre if all((model, axis) in axis_of for _, axis in axis_of))
    used = sorted({metric for weights in axes.values() for metric in weights})
    scores = [score for score in scores if score.metric in used]
    bands = ", ".join(f"{metric} {_band(tie_bands, metric)}" for metric in used)
    boards = len({score.storyboard for score in scores})
    seeds = ", ".join(str(seed) for seed in sorted({score.seed for score in scores}))
    notes = [
        f"{boards} storyboards, seeds {seeds}; {INTERVALS}",
        "ratings are Bradley-Terry, 400 points being odds of ten to one, with a prior of one virtual tie per pair",
        "ranks hold together at 95 %, however many systems are compared",
        f"centred on 1000 over {_centre(central)}",
        f"{TIE_RULE}; bands: {bands}",
        f"{FAILURE_RULE}; failed: {_failures(scores)}",
        *(f"{axis}: {_weights(weights)}" for axis, weights in axes.items()),
        *_left_out(ratings, scores, axes),
    ]
    return tuple(notes)


def _band(tie_bands: Mapping[str, float], metric: str) -> str:
    return f"{tie_bands[metric]:.3g}" if metric in tie_bands else "none, as it was not measured of this version"


def _centre(central: Sequence[str]) -> str:
    if not central:
        return "all systems, as no generator was rated"
    return f"{central[0]}, which is 1000 by definition" if len(central) == 1 else ", ".join(central)


def _weights(weights: Mapping[str, float]) -> str:
    total = sum(weights.values())
    return ", ".join(f"{metric} {weight / total:.0%}" for metric, weight in sorted(weights.items()))


def _failures(scores: Sequence[Score]) -> str:
    failed = [(score.model, score.storyboard, score.seed) for score in scores if score.status == "failed"]
    counts = {model: len({video for video in failed if video[0] == model}) for model, _, _ in failed}
    return ", ".join(f"{model} on {count} videos" for model, count in sorted(counts.items())) or "none"


def _left_out(ratings: Sequence[Rating], scores: Sequence[Score], axes: Mapping[str, Mapping[str, float]]) -> list[str]:
    notes = []
    for axis, weights in axes.items():
        lacking = unscored(scores, weights)
        rated = {rating.model for rating in ratings if rating.axis == axis}
        missing = sorted({score.model for score in scores} - rated - set(lacking))
        notes += [f"{axis}: {model} {_lacks(counts)}" for model, counts in lacking.items()]
        if pairs := left_out(scores, weights):
            notes.append(f"{axis}: {pairs} pairs left out, as a score is not applicable")
        for (metric, model), count in sorted(withheld(scores, weights).items()):
            notes.append(
                f"{axis}: {metric} is not applicable to {model} on {count} videos, and is to others of the story"
            )
        if missing:
            notes.append(f"{axis}: not rated, as nothing could be compared: {', '.join(missing)}")
    return [*notes, *_not_covered(scores)]


def _lacks(counts: Mapping[str, int | None]) -> str:
    never = [metric for metric, count in counts.items() if count is None]
    if never:
        return f"is not rated, as it has no scores of {', '.join(never)}"
    return f"has no score of {', '.join(f'{metric} on {count} videos' for metric, count in counts.items())}"


def _not_covered(scores: Sequence[Score]) -> list[str]:
    """Systems with a video of which every metric says that it does not show the whole story."""
    most: dict[tuple[str, str, int], float] = defaultdict(float)
    for score in scores:
        if score.status == "ok":
            video = (score.model, score.storyboard, score.seed)
            most[video] = max(most[video], score.coverage)
    partly = sorted({model for (model, _, _), coverage in most.items() if coverage < COVERED})
    return [f"not the whole story was covered by: {', '.join(partly)}"] if partly else []


def _shown(table: Table) -> tuple[list[str], list[list[str]]]:
    """Headings and cells for people, with each interval folded into its number."""
    folded = {f"{name} {end}" for name in table.columns for end in ("low", "high")}
    headings = [name for name in table.columns if name not in folded]
    rows = [dict(zip(table.columns, row, strict=True)) for row in table.rows]
    digits = {name: _digits([row[name] for row in rows]) for name in headings}
    return headings, [[_cell(row, name, digits[name]) for name in headings] for row in rows]


def _digits(cells: Sequence[Cell]) -> int:
    """Decimals of a column: none where any of its numbers is large, as ratings are, but one where others are small."""
    numbers = [abs(cell) for cell in cells if isinstance(cell, float)]
    return (1 if min(numbers) < 1 else 0) if max(numbers, default=0.0) >= 100 else 3


def _cell(row: Mapping[str, Cell], name: str, digits: int) -> str:
    value = row[name]
    if value is None:
        return "-"
    if f"{name} low" not in row or isinstance(value, str):
        return _number(value, digits)
    low, high = row[f"{name} low"], row[f"{name} high"]
    interval = "?" if low is None else f"{_number(low, digits)}, {_number(high, digits)}"
    return f"{_number(value, digits)} [{interval}]"


def _number(value: Cell, digits: int) -> str:
    return f"{value:.{digits}f}" if isinstance(value, float) else str(value)


def _text(table: Table, width: int | None) -> str:
    """At least so wide that no word is broken: a narrow terminal wraps lines, but loses no name."""
    from rich.console import Console
    from rich.table import Table as Grid
    from rich.text import Text

    headings, rows = _shown(table)
    columns = list(zip(headings, *rows, strict=True))
    whole = [max(map(len, column)) for column in columns]
    words = [max(map(len, " ".join(column).split()), default=0) for column in columns]
    title, notes = Text(table.title, "table.title"), Text("\n".join(table.notes), "table.caption")  # brackets are words
    grid = Grid(title=title, title_justify="left", caption=notes, caption_justify="left")
    for place, heading in enumerate(headings):
        is_text = all(isinstance(row[table.columns.index(heading)], str) for row in table.rows) and place < 2
        fits = words[place] == whole[place]
        grid.add_column(heading, justify="left" if is_text else "right", overflow="fold", no_wrap=fits)
    for row in rows:
        grid.add_row(*row)
    console = Console(file=io.StringIO(), width=width)
    console.width = max(console.width, _least_width(words, whole))
    with console.capture() as capture:
        console.print(grid, markup=False)
    return capture.get()


def _least_width(words: Sequence[int], whole: Sequence[int]) -> int:
    """What breaks no word, of columns by their longest words and cells: rich makes all that wrap equally narrow."""
    sizes = list(zip(words, whole, strict=True))
    room = max((word for word, cell in sizes if word < cell), default=0)
    return sum(max(word, min(room, cell)) + _BETWEEN for word, cell in sizes) + 1


def _markdown(table: Table) -> str:
    headings, rows = _shown(table)
    lines = [headings, ["---"] * len(headings), *rows]
    body = "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)
    notes = "\n".join(f"- {note}" for note in table.notes)
    return f"### {table.title}\n\n{body}\n\n{notes}\n"


def _csv(table: Table) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(table.columns)
    writer.writerows(table.rows)
    return out.getvalue()


def _json(table: Table) -> str:
    rows = [dict(zip(table.columns, row, strict=True)) for row in table.rows]
    return json.dumps({"title": table.title, "rows": rows, "notes": table.notes}, indent=2, allow_nan=False) + "\n"


def _latex(table: Table) -> str:
    headings, rows = _shown(table)
    lines = [" & ".join(map(_escaped, line)) + r" \\" for line in [headings, *rows]]
    notes = "".join(f"% {' '.join(note.split())}\n" for note in table.notes)
    columns = "l" * min(2, len(headings)) + "r" * (len(headings) - 2)
    body = "\n".join(["\\toprule", lines[0], "\\midrule", *lines[1:], "\\bottomrule"])
    return f"% {table.title}\n{notes}\\begin{{tabular}}{{{columns}}}\n{body}\n\\end{{tabular}}\n"


def _escaped(text: str) -> str:
    special = {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}
    return "".join(special.get(letter, f"\\{letter}" if letter in "&%$#_{}" else letter) for letter in text)
