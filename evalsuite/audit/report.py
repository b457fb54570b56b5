"""Writes what an audit found: `audit.json` for programs, `audit.md` for people, `status.json` of the verdicts alone."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from evalsuite.disk import write_atomically
from evalsuite.table import INTERVALS, Cell, estimate_cells, render
from evalsuite.types import Table

from .axes import EVEN, Played
from .evidence import SEEN, Account, Damage, Evidence, Shift
from .picture import draw
from .plan import STRENGTH, Plan
from .rule import BARS, COLUMN, ORDER, SHIFT, gap, surely_raised, verdict

HEADLINE = (
    f"a headline needs, for each failure that a metric claims to see, an area under the curve at strength {STRENGTH} "
    f"of {BARS['oracle']}, of {BARS['autoencoder']} through the autoencoder, and an order of {ORDER}; harmless changes "
    f"may move it by {SHIFT:.0%} of its gap, and no trick may raise the score of any system's own video"
)
LEAST = f"a column of its own needs an area under the curve of {COLUMN} for each failure; all else is experimental"


def write(asked: Plan, found: Sequence[Evidence], played: Sequence[Played]) -> list[Path]:
    """The files of an audit, in its folder."""
    texts = {
        "audit.json": json.dumps(as_data(asked, found, played), indent=1, allow_nan=False) + "\n",
        "audit.md": "\n".join(render(table, "md") for table in tables(asked, found, played)),
        "status.json": json.dumps(statuses(asked, found), indent=1) + "\n",
    }
    for name, text in texts.items():
        write_atomically(asked.folder / name, text.encode())
    draw(found, asked.folder / "audit.png")
    return [asked.folder / name for name in (*texts, "audit.png")]


def as_data(asked: Plan, found: Sequence[Evidence], played: Sequence[Played]) -> dict[str, Any]:
    """Everything that was found out, with the verdicts."""
    metrics, axes = map(_metric_data, found), map(dataclasses.asdict, played)
    return {**_heading(asked), "metrics": list(metrics), "axes": list(axes)}


def statuses(asked: Plan, found: Sequence[Evidence]) -> dict[str, Any]:
    """The verdicts alone, by metric."""
    verdicts = [dataclasses.asdict(verdict(each)) for each in found]
    return {**_heading(asked), "metrics": {each.pop("metric"): each for each in verdicts}}


def tables(asked: Plan, found: Sequence[Evidence], played: Sequence[Played]) -> list[Table]:
    """The status of each metric, then for each source what it sees, what moves it and what raises it."""
    of_sources = (table for source in asked.sources for table in _source_tables(found, source.own))
    of_axes = [_axes([each for each in played if each.source == source.own]) for source in asked.sources]
    return [status_table(asked, found), *of_sources, *(table for table in of_axes if table.rows)]


def status_table(asked: Plan, found: Sequence[Evidence]) -> Table:
    """What the rule says of each metric, and why."""
    rows = tuple((each.metric, each.status, "; ".join(each.missed) or "nothing") for each in map(verdict, found))
    suite = asked.suite.title
    title = f"Audit on {suite}, {len(asked.suite.storyboards)} storyboards, seed {asked.seed}"
    return Table(title, ("metric", "status", "what is missing for a headline"), rows, (HEADLINE, LEAST))


def _heading(asked: Plan) -> dict[str, Any]:
    return {
        "suite": asked.suite.name,
        "suite_version": asked.suite.version,
        "storyboards": len(asked.suite.storyboards),
        "seed": asked.seed,
        "sources": [source.own for source in asked.sources],
    }


def _metric_data(found: Evidence) -> dict[str, Any]:
    data = dataclasses.asdict(found)
    for account, told in zip(found.accounts, data["accounts"], strict=True):
        for damage, written in zip(account.damages, told["damages"], strict=True):
            written["seen_from"] = damage.seen_from
    return {**data, "gap": gap(found), **dataclasses.asdict(verdict(found))}


def _source_tables(found: Sequence[Evidence], source: str) -> Iterator[Table]:
    accounts = [(each, account) for each in found for account in each.accounts if account.source == source]
    yield _own_failures(accounts, source)
    yield _all_damage(accounts, source)
    if accounts[0][1].harmless:
        yield _harmless(accounts, source)
    yield _tricks(accounts, source)


Accounts = Sequence[tuple[Evidence, Account]]


def _own_failures(accounts: Accounts, source: str) -> Table:
    """A row for each failure that a metric claims to see and that was tried."""
    claimed = [(each, account.damage(kind)) for each, account in accounts for kind in each.failures]
    rows = [_failure_row(each, damage) for each, damage in claimed if damage is not None]
    shown = [f"{strength:g}" for strength in accounts[0][1].strengths]
    at = f"{STRENGTH:g}"
    place = shown.index(at) + 1
    headings = ["metric", "damage", *shown[:place], f"{at} low", f"{at} high", *shown[place:]]
    ends = ["seen from", "order", "order low", "order high", "damaged", "failed", "not applicable"]
    notes = (
        "under each strength the area under the curve: the chance that an intact video has more than a damaged one",
        f"seen from: the strength at which that reaches {SEEN}",
        "order: the rank correlation of loss and strength in each storyboard, averaged",
        "damaged: storyboards whose video differs at strength 0.4; the others had nothing to damage and are left out",
        INTERVALS,
    )
    return Table(f"{source}: the failures that each metric claims to see", (*headings, *ends), tuple(rows), notes)


def _failure_row(found: Evidence, damage: Damage) -> tuple[Cell, ...]:
    cells: list[Cell] = [found.metric, damage.kind]
    for step in damage.steps:
        cells += estimate_cells(step.auc) if step.strength == STRENGTH else estimate_cells(step.auc)[:1]
    failed, aside = (sum(getattr(step, name) for step in damage.steps) for name in ("failed", "not_applicable"))
    return (*cells, damage.seen_from, *estimate_cells(damage.order), _hit(damage), failed, aside)


def _hit(damage: Damage) -> int:
    auc = damage.at(STRENGTH).auc
    return auc.n if auc else 0


def _all_damage(accounts: Accounts, source: str) -> Table:
    """Every metric against every damage."""
    kinds = [damage.kind for damage in accounts[0][1].damages]
    rows = []
    for each, account in accounts:
        aucs = [damage.at(STRENGTH).auc for damage in account.damages]
        intact = estimate_cells(account.intact)
        rows.append((each.metric, *intact, *(auc.value if auc else None for auc in aucs)))
    columns = ("metric", "intact", "intact low", "intact high", *kinds)
    note = (
        f"area under the curve at strength {STRENGTH}, whatever the metric claims; 0.5 is blind, 0 prefers the damage"
    )
    return Table(f"{source}: what each metric sees of all damage", columns, tuple(rows), (note,))


def _harmless(accounts: Accounts, source: str) -> Table:
    """How far harmless changes move each metric, as a share of its gap."""
    changes = [shift.version for shift in accounts[0][1].harmless]
    rows: list[tuple[Cell, ...]] = []
    for each, account in accounts:
        rows.append((each.metric, gap(each), *(_share(shift, gap(each)) for shift in account.harmless)))
    notes = (
        f"percent of the gap: the smallest loss at strength {STRENGTH} to a failure that the metric claims to see",
        "the mean of how far each video's score moves, up or down, and behind it the mean with its sign",
    )
    return Table(f"{source}: harmless changes", ("metric", "gap", *changes), tuple(rows), notes)


def _share(shift: Shift, whole: float) -> str:
    if shift.gain is None or shift.moved is None:
        return "-"
    moved, gain = shift.moved.value, shift.gain.value
    return f"{100 * moved / whole:.1f} % ({100 * gain / whole:+.1f} %)" if whole else f"{moved:.4f} ({gain:+.4f})"


def _tricks(accounts: Accounts, source: str) -> Table:
    """The most that each trick adds to the source's own videos, over its strengths."""
    kinds = list(dict.fromkeys(shift.kind for shift in accounts[0][1].tricks))
    rows = tuple((each.metric, *(_most(each, account, kind) for kind in kinds)) for each, account in accounts)
    notes = (
        "the most that the score gains, over all strengths, with its interval; no trick may raise it",
        f"! is a gain whose interval lies above 0, of more than {SHIFT:.0%} of the gap",
    )
    return Table(f"{source}: tricks with its own videos", ("metric", *kinds), rows, notes)


def _axes(played: Sequence[Played]) -> Table:
    """The most that each trick wins of one source's own videos on each axis, over its strengths."""
    kinds = list(dict.fromkeys(each.kind for each in played))
    rows = []
    for axis in dict.fromkeys(each.axis for each in played):
        of_axis = [[each for each in played if (each.axis, each.kind) == (axis, kind)] for kind in kinds]
        rows.append((axis, *map(_most_won, of_axis)))
    source = played[0].source if played else ""
    notes = (
        "the largest share of comparisons on the axis that tricked videos win of the source's own, over all strengths",
        f"a tie is half a win; ! is a share whose interval lies above {EVEN}",
    )
    return Table(f"{source}: tricks on each axis", ("axis", *kinds), tuple(rows), notes)


def _most_won(played: Sequence[Played]) -> str:
    best = max((each for each in played if each.wins), key=_share_won, default=None)
    if best is None or best.wins is None:
        return "-"
    _, at, strength = best.version.rpartition("@")
    said = f"{best.wins.value:.3f} [{best.wins.low:.3f}, {best.wins.high:.3f}]" + (f" at {strength}" if at else "")
    return said + (" !" if best.is_won else "")


def _share_won(played: Played) -> tuple[bool, float]:
    return played.is_won, played.wins.value if played.wins else 0.0


def _most(found: Evidence, account: Account, kind: str) -> str:
    played = [shift for shift in account.tricks if shift.kind == kind]
    gains = [(surely_raised(shift, SHIFT * gap(found)), shift.gain.value, shift) for shift in played if shift.gain]
    if not gains:
        return "-"
    raised, _, best = max(gains, key=lambda gain: gain[:2])
    assert best.gain is not None
    strength = best.version.rpartition("@")[2] if "@" in best.version else ""
    said = f"{best.gain.value:+.3f} [{best.gain.low:+.3f}, {best.gain.high:+.3f}]" + (
        f" at {strength}" if strength else ""
    )
    return said + (" !" if raised else "")
