"""The rule: evidence without a fault makes a headline, and each single fault is said and costs what it should."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import pytest

from evalsuite import plugins, suites
from evalsuite.audit.evidence import Account, Damage, Evidence, Shift, Step
from evalsuite.audit.plan import STRENGTHS, TRICKS
from evalsuite.audit.rule import gap, unproven, verdict
from evalsuite.stats import Estimate

STATUS = files("evalsuite.leaderboards") / "audit_status.json"


def sure(value):
    return Estimate(value, value - 0.01, value + 0.01, 30)


def shift(kind, version, gain, n=30):
    return Shift(kind, version, replace(sure(gain), n=n), replace(sure(abs(gain)), n=n), 0, 0)


def damage(kind, auc=1.0, drop=0.4, order=1.0, failed=0, n=30):
    told = replace(sure(auc), n=n)
    steps = [Step(strength, told, sure(drop), sure(0.5), 0, failed, 0) for strength in STRENGTHS]
    return Damage(kind, tuple(steps), sure(order))


def account(role, *own, harmless=0.0, gain=-0.3, n=30):
    tricks = tuple(shift(kind, f"{role}:{kind}@1", gain, n) for kind in TRICKS)
    others = [damage(kind) for kind in TRICKS]
    harmless = (shift("fps", "harmless:fps", harmless, n),)
    return Account(role, role, STRENGTHS, sure(0.9), (*own, *others), harmless, tricks)


def proof(oracle=None, autoencoder=None, system=None, failures=("vanish",)):
    accounts = (
        oracle or account("oracle", damage("vanish")),
        autoencoder or account("autoencoder", damage("vanish", auc=0.9)),
        system or account("system"),
    )
    return Evidence("sight", "1", failures, 30, accounts)


def test_evidence_without_a_fault_makes_a_headline():
    assert (verdict(proof()).status, verdict(proof()).missed) == ("headline", ())


@pytest.mark.parametrize(
    ("found", "status", "said"),
    [
        (proof(account("oracle", damage("vanish", auc=0.98))), "column", "oracle: vanish is told apart at 0.980"),
        (proof(account("oracle", damage("vanish", auc=0.79))), "experimental", "told apart at 0.790, below 0.99"),
        (proof(account("oracle", damage("vanish", order=0.94))), "column", "vanish is ordered at 0.940, below 0.95"),
        (proof(account("oracle", damage("vanish"), harmless=-0.021)), "column", "harmless:fps moves it by 0.0210"),
        (proof(autoencoder=account("autoencoder", damage("vanish", auc=0.89))), "column", "apart at 0.890, below 0.9"),
        (proof(system=account("system", gain=0.03)), "column", "system:freeze@1 raises it by 0.0300 [0.0200, 0.0400]"),
        (proof(account("oracle", damage("vanish", n=19))), "column", "vanish was judged on 19 storyboards"),
        (proof(account("oracle", damage("vanish"), n=3)), "column", "harmless:fps was judged on 3 storyboards"),
        (proof(system=account("system", n=19)), "column", "system:truncate@1 was judged on 19 storyboards"),
        (proof(account("oracle", damage("vanish", failed=1))), "column", "oracle: 5 comparisons failed"),
        (proof(account("oracle")), "experimental", "oracle: vanish was not tried"),
        (proof(failures=()), "experimental", "claims to see no damage"),
        (replace(proof(), storyboards=29), "column", "tried on 29 storyboards, not 30"),
        (replace(proof(), storyboards=19), "experimental", "tried on 19 storyboards, not 30"),
        (replace(proof(), accounts=proof().accounts[:2]), "column", "not tried on a system's videos"),
        (replace(proof(), accounts=proof().accounts[::2]), "column", "not tried on the autoencoder"),
        (replace(proof(), accounts=proof().accounts[1:]), "experimental", "not tried on the oracle"),
    ],
)  # fmt: skip
def test_each_fault_is_said_and_costs_the_headline(found, status, said):
    given = verdict(found)
    assert given.status == status
    assert any(said in each for each in given.missed), given.missed


def test_what_is_not_played_is_no_proof_against_tricks():
    played = account("system")
    found = proof(system=replace(played, damages=played.damages[1:]))
    assert verdict(found).missed == ("system: not tried with freeze",)


def test_without_a_gap_nothing_is_harmless():
    found = proof(account("oracle", damage("vanish", drop=0.0)))
    assert verdict(found).missed == ("oracle: no gap to hold harmless changes against",)


def test_the_worst_of_several_failures_counts():
    own = damage("vanish"), damage("deform", auc=0.985, drop=0.1)
    found = proof(account("oracle", *own), account("autoencoder", *own), failures=("vanish", "deform"))
    assert gap(found) == 0.1
    assert verdict(found).missed == ("oracle: deform is told apart at 0.985, below 0.99",)


@pytest.mark.parametrize(("gain", "raised"), [(0.019, False), (0.021, True), (0.0, False), (-0.5, False)])
def test_a_gain_that_a_harmless_change_may_make_is_no_gain(gain, raised):
    assert (verdict(proof(system=account("system", gain=gain))).status == "column") == raised


def test_a_gain_that_chance_may_make_is_no_gain():
    unsure = Shift("freeze", "system:freeze@1", Estimate(0.2, -0.1, 0.5, 30), sure(0.3), 0, 0)
    assert verdict(proof(system=replace(account("system"), tricks=(unsure,)))).status == "headline"


def test_axes_hold_what_was_proven_in_this_version_alone():
    axes = {"one": {"sight": 1.0, "smell": 1.0}, "two": {"taste": 1.0, "touch": 1.0}}
    audited = {
        "sight": {"status": "headline", "version": "1"},
        "smell": {"status": "column", "version": "1"},
        "taste": {"status": "headline", "version": "1"},
    }
    assert unproven(axes, audited, {"sight": "1", "smell": "1", "taste": "2", "touch": "1"}) == [
        "smell is column",
        "taste was audited in version 1, and is now 2",
        "touch was not audited",
    ]


@pytest.mark.skipif(not STATUS.is_file(), reason="no audit has been published yet")
@pytest.mark.parametrize("name", suites.names())
def test_the_axes_of_every_suite_are_proven(name):
    suite = suites.load(name, 1)
    versions = {metric: plugins.metric(metric).version for weights in suite.axes.values() for metric in weights}
    assert not unproven(suite.axes, json.loads(STATUS.read_text())["metrics"], versions)


def test_each_of_the_six_failures_is_claimed_by_a_headline_metric_as_the_document_says():
    """A row of the document names damage and metrics in one order, groups of both parted by semicolons."""
    text = (Path(__file__).parents[2] / "docs" / "audit.md").read_text(encoding="utf-8")
    table = text.partition("| the six failures")[2].partition("\n\n")[0].splitlines()[2:]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in table]
    assert len(rows) == 6
    status = json.loads(STATUS.read_text())["metrics"]
    for failure, damage, seen, _ in rows:
        groups = list(zip(damage.split(";"), seen.split(";"), strict=True))
        claimed = {re.findall(r"`(.+?)`", seer)[0]: re.findall(r"`(.+?)`", kinds) for kinds, seer in groups}
        for metric, kinds in claimed.items():
            assert set(kinds) <= set(plugins.metric(metric).failures), (failure, metric)
        assert any(status[metric]["status"] == "headline" for metric in claimed), failure
