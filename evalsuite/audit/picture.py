"""The picture of an audit: what each metric sees of all damage, and how it falls as its own failures grow."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from evalsuite.disk import replacing

from .evidence import Account, Damage, Evidence
from .plan import STRENGTH
from .rule import verdict

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import SubFigure

COLUMNS = 5
"""Of curves."""
COLOURS = ("tab:blue", "tab:orange", "tab:green", "tab:red", "tab:purple")
"""Of sources."""


def draw(found: Sequence[Evidence], path: Path) -> None:
    """Write the picture as a PNG."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    shown = [place for place, account in enumerate(found[0].accounts) if account.damages]
    maps = max(1, len(shown))
    curves = [
        (each, kind) for each in found for kind in each.failures if any(one.damage(kind) for one in each.accounts)
    ]
    rows = -(-len(curves) // COLUMNS)
    map_height, curve_height = 1.6 + 0.28 * len(found), 2.0
    with mpl.rc_context({"font.size": 8, "font.family": "DejaVu Sans"}):
        figure = Figure(figsize=(13, maps * map_height + rows * curve_height + 0.3), layout="constrained")
        parts = figure.subfigures(2, 1, squeeze=False, height_ratios=[maps * map_height, max(rows * curve_height, 0.1)])
        above, below = parts.ravel()
        for place, axes in zip(shown, above.subplots(maps, 1, squeeze=False).ravel(), strict=False):
            _heat(axes, found, [each.accounts[place] for each in found])
        if curves:
            _curves(below, curves, rows)
        with replacing(path) as partial:
            figure.savefig(partial, format="png", dpi=110)


def _heat(axes: Axes, found: Sequence[Evidence], accounts: Sequence[Account]) -> None:
    """Metrics by damage; those that a metric claims to see are framed."""
    from matplotlib.patches import Rectangle

    kinds = [damage.kind for damage in accounts[0].damages]
    values = np.array([[_seen(damage) for damage in account.damages] for account in accounts])
    axes.imshow(values.reshape(len(found), len(kinds)), cmap="RdYlGn", vmin=0, vmax=1, aspect="auto")
    for (row, column), value in np.ndenumerate(values):
        said, colour = "-" if np.isnan(value) else f"{value:.2f}", "white" if abs(value - 0.5) > 0.4 else "black"
        axes.text(column, row, said, ha="center", va="center", color=colour)
        if kinds[column] in found[row].failures:
            axes.add_patch(Rectangle((column - 0.48, row - 0.47), 0.96, 0.94, fill=False, linewidth=1.6))
    axes.set_xticks(range(len(kinds)), kinds, rotation=30, ha="right")
    axes.set_yticks(range(len(found)), [f"{each.metric} ({verdict(each).status})" for each in found])
    axes.set_title(
        f"{accounts[0].source}: area under the curve at strength {STRENGTH}; framed: what a metric claims to see"
    )


def _seen(damage: Damage) -> float:
    auc = damage.at(STRENGTH).auc
    return auc.value if auc else float("nan")


def _curves(figure: SubFigure, curves: Sequence[tuple[Evidence, str]], rows: int) -> None:
    """Mean value against strength, one small picture for each failure that a metric claims to see."""
    axes = figure.subplots(rows, COLUMNS, squeeze=False).ravel()
    for place, (each, kind) in enumerate(curves):
        for account, colour in zip(each.accounts, COLOURS * len(each.accounts), strict=False):
            _curve(axes[place], account, kind, colour)
        axes[place].set_title(f"{each.metric}: {kind}")
        axes[place].grid(alpha=0.3)
    for empty in axes[len(curves) :]:
        empty.set_visible(False)
    drawn = {name: line for one in axes for line, name in zip(*one.get_legend_handles_labels(), strict=True)}
    axes[0].legend(list(drawn.values()), list(drawn), fontsize=7)


def _curve(axes: Axes, account: Account, kind: str, colour: str) -> None:
    damage = account.damage(kind)
    if damage is None or account.intact is None:
        return
    points = [(0.0, account.intact), *((step.strength, step.mean) for step in damage.steps if step.mean)]
    strengths, means = zip(*points, strict=True)
    axes.plot(strengths, [mean.value for mean in means], marker=".", color=colour, label=account.source)
    axes.fill_between(strengths, [mean.low for mean in means], [mean.high for mean in means], color=colour, alpha=0.2)
