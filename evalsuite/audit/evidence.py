"""What the scores of an audit say about each metric; statistics are over storyboards, and nothing is judged yet.

Every value is turned so that more is better. A damage that leaves the content of a storyboard's video as it was (see
`visible`) had nothing to damage there, and that storyboard says nothing about it; strengths with one content are one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from evalsuite.run import Report
from evalsuite.stats import Estimate, clustered_auc, clustered_mean, rank_correlation

from .plan import Plan, Role, Source, metric_of

SEEN = 0.9
"""The area under the curve from which a damage counts as seen."""


@dataclass(frozen=True, slots=True)
class Step:
    """One damage at one strength, against the intact videos of the same storyboards."""

    strength: float
    auc: Estimate | None
    """The chance that an intact video has more than a damaged one; over damaged storyboards, None without any."""
    drop: Estimate | None
    """How much is lost, over damaged storyboards."""
    mean: Estimate | None
    """Over all storyboards with a value, damaged or not."""
    untouched: int
    """Storyboards that had nothing to damage."""
    failed: int
    not_applicable: int


@dataclass(frozen=True, slots=True)
class Damage:
    """One kind of damage to one source, at all strengths."""

    kind: str
    steps: tuple[Step, ...]
    order: Estimate | None
    """The rank correlation of loss and strength in each storyboard, 1 where the one grows with the other."""

    def at(self, strength: float) -> Step:
        return next(step for step in self.steps if step.strength == strength)

    @property
    def seen_from(self) -> float | None:
        """The strength from which it counts as seen, between two strengths linearly; None where it never is."""
        before, reached = 0.0, 0.5
        for strength, value in [(step.strength, step.auc.value) for step in self.steps if step.auc]:
            if value >= SEEN:
                return before + (strength - before) * (SEEN - reached) / (value - reached)
            before, reached = strength, value
        return None


@dataclass(frozen=True, slots=True)
class Shift:
    """How much a harmless change or a trick adds to the same storyboard's own video."""

    kind: str
    version: str
    """Its name in the results."""
    gain: Estimate | None
    moved: Estimate | None
    """The mean of how far each video's score moves, up or down."""
    failed: int
    not_applicable: int


@dataclass(frozen=True, slots=True)
class Account:
    """One metric on one source."""

    source: str
    role: Role
    strengths: tuple[float, ...]
    intact: Estimate | None
    """What damaged videos are compared with."""
    damages: tuple[Damage, ...]
    harmless: tuple[Shift, ...]
    tricks: tuple[Shift, ...]

    def damage(self, kind: str) -> Damage | None:
        return next((damage for damage in self.damages if damage.kind == kind), None)

    @property
    def failed(self) -> int:
        """Pairs of videos that could not be compared because a score had failed."""
        of_damage = sum(step.failed for damage in self.damages for step in damage.steps)
        return of_damage + sum(shift.failed for shift in (*self.harmless, *self.tricks))


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that was found out about one metric."""

    metric: str
    version: str
    failures: tuple[str, ...]
    """What it claims to see."""
    storyboards: int
    accounts: tuple[Account, ...]

    def of(self, role: Role) -> list[Account]:
        return [account for account in self.accounts if account.role == role]


@dataclass(frozen=True, slots=True)
class _Pair:
    """Two videos of one storyboard."""

    storyboard: str
    before: float
    after: float
    changed: bool


@dataclass(frozen=True, slots=True)
class _Compared:
    pairs: list[_Pair]
    failed: int
    not_applicable: int


def evidence(asked: Plan, report: Report) -> list[Evidence]:
    """What the scores say about each metric that was asked for."""
    return [_Judge(name, asked, report).evidence() for name in asked.metrics]


class _Judge:
    """Looks up the scores of one metric."""

    def __init__(self, name: str, asked: Plan, report: Report) -> None:
        self._name, self._metric, self._asked = name, metric_of(name), asked
        self._sign = 1.0 if self._metric.higher_is_better else -1.0
        self._scores = {(each.model, each.storyboard): each for each in report.scores if each.metric == name}
        self._content = {(each.model, each.storyboard): each.sha256 for each in report.videos}
        self._boards = [board.id for board in asked.suite.storyboards]

    def evidence(self) -> Evidence:
        accounts = tuple(self._account(source) for source in self._asked.sources)
        return Evidence(self._name, self._metric.version, self._metric.failures, len(self._boards), accounts)

    def _account(self, source: Source) -> Account:
        own = self._compared(source.intact, source.intact).pairs
        return Account(
            source=source.own,
            role=source.role,
            strengths=source.strengths,
            intact=_mean(own, [pair.after for pair in own]),
            damages=tuple(self._damage(source, kind) for kind in source.kinds),
            harmless=tuple(self._shift(source.own, *change) for change in source.harmless.items()),
            tricks=tuple(self._shift(source.own, *trick) for trick in source.tricks()),
        )

    def _damage(self, source: Source, kind: str) -> Damage:
        steps = tuple(self._step(source, kind, strength) for strength in source.strengths)
        found = {board: self._order(source, kind, board) for board in self._boards}
        orders = {board: order for board, order in found.items() if order is not None}
        return Damage(kind, steps, clustered_mean(list(orders.values()), list(orders), (-1.0, 1.0)) if orders else None)

    def _step(self, source: Source, kind: str, strength: float) -> Step:
        compared = self._compared(source.intact, source.damaged(kind, strength))
        hit = [pair for pair in compared.pairs if pair.changed]
        before, after = (np.array([getattr(pair, side) for pair in hit]) for side in ("before", "after"))
        return Step(
            strength=strength,
            auc=clustered_auc(before, after) if hit else None,
            drop=_mean(hit, [pair.before - pair.after for pair in hit]),
            mean=_mean(compared.pairs, [pair.after for pair in compared.pairs]),
            untouched=len(compared.pairs) - len(hit),
            failed=compared.failed,
            not_applicable=compared.not_applicable,
        )

    def _order(self, source: Source, kind: str, board: str) -> float | None:
        """In one storyboard, over all different videos; None where there are not two."""
        doses = {source.intact: 0.0, **{source.damaged(kind, strength): strength for strength in source.strengths}}
        different: dict[str, tuple[float, float]] = {}
        for label, strength in doses.items():
            value = self._value(label, board)
            if value is not None:
                different.setdefault(self._content[label, board], (strength, -value))
        if len(different) < 2:
            return None
        strengths, losses = np.array(list(different.values())).T
        return rank_correlation(strengths, losses)

    def _shift(self, own: str, kind: str, version: str) -> Shift:
        compared = self._compared(own, version)
        gains = [pair.after - pair.before for pair in compared.pairs]
        gain, moved = _mean(compared.pairs, gains), _mean(compared.pairs, [abs(each) for each in gains])
        return Shift(kind, version, gain, moved, compared.failed, compared.not_applicable)

    def _compared(self, before: str, after: str) -> _Compared:
        pairs, failed, not_applicable = [], 0, 0
        for board in self._boards:
            values = [self._value(label, board) for label in (before, after)]
            statuses = [self._scores[label, board].status for label in (before, after)]
            if values[0] is not None and values[1] is not None:
                changed = self._content[before, board] != self._content[after, board]
                pairs.append(_Pair(board, values[0], values[1], changed))
            elif "failed" in statuses:
                failed += 1
            else:
                not_applicable += 1
        return _Compared(pairs, failed, not_applicable)

    def _value(self, label: str, board: str) -> float | None:
        value = self._scores[label, board].value
        return None if value is None else self._sign * value


def _mean(pairs: Sequence[_Pair], values: Sequence[float]) -> Estimate | None:
    return clustered_mean(values, [pair.storyboard for pair in pairs]) if pairs else None
