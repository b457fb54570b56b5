"""The rule: what a metric must show to be part of a headline, or to be a column at all; said here and nowhere else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from .evidence import Account, Evidence, Shift
from .plan import STRENGTH, TRICKS, Role

Status = Literal["headline", "column", "experimental"]
"""Fit for the axes that systems are ranked on; for a column of its own beside them; or for neither."""

STORYBOARDS = 30
"""The fewest that a headline needs."""
JUDGED = 20
"""The fewest of them in which a failure can be seen, and on which a harmless change or a trick can be judged; and the
fewest that a column needs."""
BARS: Mapping[Role, float] = {"oracle": 0.99, "autoencoder": 0.9}
"""The least area under the curve for each of a headline metric's failures, by what the videos went through."""
ORDER = 0.95
"""The least rank correlation of loss and strength, on the oracle."""
SHIFT = 0.05
"""The most that harmless changes may move it, up or down, and tricks raise it, as a share of its smallest gap."""
COLUMN = 0.8
"""The least area under the curve for each of its failures, on the oracle, for a column of its own."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a metric may be used for, and which bars of a headline it missed."""

    metric: str
    version: str
    status: Status
    missed: tuple[str, ...]


def verdict(found: Evidence) -> Verdict:
    missed = tuple(_missed(found))
    if not missed:
        status: Status = "headline"
    else:
        status = "column" if _fit_for_a_column(found) else "experimental"
    return Verdict(found.metric, found.version, status, missed)


def _fit_for_a_column(found: Evidence) -> bool:
    return bool(found.failures) and found.storyboards >= JUDGED and not any(_unseen(found, "oracle", COLUMN))


def gap(found: Evidence) -> float:
    """The smallest loss to any of its failures on the oracle; 0 where there is none."""
    steps = [
        damage.at(STRENGTH)
        for account in found.of("oracle")
        for damage in account.damages
        if damage.kind in found.failures
    ]
    return max(0.0, min((step.drop.value if step.drop else 0.0 for step in steps), default=0.0))


def surely_raised(shift: Shift, allowed: float) -> bool:
    """Whether a trick raises the score by more than is allowed, and by more than chance may."""
    return shift.gain is not None and shift.gain.low > 0 and shift.gain.value > allowed


def unproven(
    axes: Mapping[str, Mapping[str, float]], audited: Mapping[str, Any], versions: Mapping[str, str]
) -> list[str]:
    """What in a suite's axes no audit allows: metrics without the status of a headline, or audited in another version.

    `audited` is what `status.json` holds, `versions` the metrics' versions of today.
    """
    said = []
    for name in sorted({name for weights in axes.values() for name in weights}):
        entry = audited.get(name)
        if entry is None:
            said.append(f"{name} was not audited")
        elif entry["status"] != "headline":
            said.append(f"{name} is {entry['status']}")
        elif entry["version"] != versions[name]:
            said.append(f"{name} was audited in version {entry['version']}, and is now {versions[name]}")
    return said


def _missed(found: Evidence) -> Iterator[str]:
    if not found.failures:
        yield "claims to see no damage"
    if found.storyboards < STORYBOARDS:
        yield f"tried on {found.storyboards} storyboards, not {STORYBOARDS}"
    for role, bar in BARS.items():
        yield from _unseen(found, role, bar)
        yield from _thin(found, role)
    for account in found.of("oracle"):
        yield from _out_of_order(found, account)
        yield from _not_indifferent(found, account)
    if not found.of("system"):
        yield "not tried on a system's videos"
    for account in found.accounts:
        yield from _gamed(found, account)
        if account.failed:
            yield f"{account.source}: {account.failed} comparisons failed"


def _unseen(found: Evidence, role: Role, bar: float) -> Iterator[str]:
    """Which of its failures it does not see well enough in the videos of a source."""
    if not found.of(role):
        yield f"not tried on the {role}"
    for account in found.of(role):
        for kind in found.failures:
            damage = account.damage(kind)
            auc = damage.at(STRENGTH).auc if damage else None
            if auc is None:
                yield f"{account.source}: {kind} was not tried"
            elif auc.value < bar:
                yield f"{account.source}: {kind} is told apart at {auc.value:.3f}, below {bar}"


def _thin(found: Evidence, role: Role) -> Iterator[str]:
    """Which of its failures too few storyboards can tell of."""
    for account in found.of(role):
        for kind in found.failures:
            damage = account.damage(kind)
            auc = damage.at(STRENGTH).auc if damage else None
            if auc is not None and auc.n < JUDGED:
                yield f"{account.source}: {kind} was judged on {auc.n} storyboards, fewer than {JUDGED}"


def _unjudged(shift: Shift) -> str | None:
    """What is missing where too few storyboards can tell of a change."""
    judged = shift.gain.n if shift.gain else 0
    return f"{shift.version} was judged on {judged} storyboards, fewer than {JUDGED}" if judged < JUDGED else None


def _out_of_order(found: Evidence, account: Account) -> Iterator[str]:
    for damage in account.damages:
        if damage.kind in found.failures and damage.order and damage.order.value < ORDER:
            yield f"{account.source}: {damage.kind} is ordered at {damage.order.value:.3f}, below {ORDER}"


def _not_indifferent(found: Evidence, account: Account) -> Iterator[str]:
    smallest = gap(found)
    if not smallest:
        yield f"{account.source}: no gap to hold harmless changes against"
        return
    for shift in account.harmless:
        if missing := _unjudged(shift):
            yield missing
        elif shift.moved and shift.moved.value > SHIFT * smallest:
            yield f"{shift.version} moves it by {shift.moved.value:.4f}, above {SHIFT:.0%} of its gap {smallest:.3f}"


def _gamed(found: Evidence, account: Account) -> Iterator[str]:
    untried = [kind for kind in TRICKS if account.damage(kind) is None]
    if untried:
        yield f"{account.source}: not tried with {', '.join(untried)}"
    yield from filter(None, map(_unjudged, account.tricks))
    for shift in account.tricks:
        if shift.gain and surely_raised(shift, SHIFT * gap(found)):
            yield f"{shift.version} raises it by {shift.gain.value:.4f} [{shift.gain.low:.4f}, {shift.gain.high:.4f}]"
