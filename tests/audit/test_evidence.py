"""The statistics of an audit against naive forms, on scores that are written by hand."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import spearmanr

from evalsuite.audit.evidence import Damage, Step, evidence
from evalsuite.audit.plan import STRENGTHS, Plan, Source, kinds_for, sources_for
from evalsuite.errors import PluginError
from evalsuite.run import Report
from evalsuite.stats import Estimate, clustered_mean
from evalsuite.store import VideoRecord
from evalsuite.toon.controls import KINDS
from evalsuite.types import Score

INTACT = (0.9, 0.8, 0.7, 0.6)
SOURCE = Source("oracle", "oracle", "oracle", "degraded", ("freeze",), harmless={"fps": "harmless:fps"})

LOWER = """
from evalsuite.interfaces import Metric
from evalsuite.types import Measured

class Unrest(Metric):
    summary = "less is better"
    version = "1"
    higher_is_better = False
    extractors = ("thumbnails",)
    failures = ("freeze",)

    def measure(self, features, storyboard):
        return Measured(0.0)
"""


def score(suite, model, board, value, metric, status="ok"):
    name = suite.storyboards[board].id
    return Score(model, "1", "tiny", "1", name, 0, metric, "1", status if value is None else "ok", value)


def report(suite, values, metric="motion", same=(), status="failed"):
    """`values` is label -> value of each storyboard; (label, board) in `same` share one video with the oracle."""
    scores = [
        score(suite, label, board, value, metric, status)
        for label in values
        for board, value in enumerate(values[label])
    ]
    videos = [
        VideoRecord(each.model, each.storyboard, 0, "1", "ok", "", "", content(each, same, number % 4))
        for number, each in enumerate(scores)
    ]
    return Report(tuple(scores), tuple(videos))


def content(score, same, board):
    return f"oracle {board}" if (score.model, board) in same or score.model == "oracle" else f"{score.model} {board}"


def falling(*changes):
    """The score falls by half the strength in every storyboard, unless `changes` says otherwise."""
    values = {"oracle": list(INTACT), "harmless:fps": [value + 0.01 for value in INTACT]}
    values |= {SOURCE.damaged("freeze", s): [value - s / 2 for value in INTACT] for s in STRENGTHS}
    for label, board, value in changes:
        values[label][board] = value
    return values


def found(suite, made, metric="motion", source=SOURCE, tmp=None):
    (one,) = evidence(Plan(suite, (metric,), (source,), tmp), made)
    return one.accounts[0]


def test_each_strength_is_compared_with_the_intact_videos(suite):
    damage = found(suite, report(suite, falling())).damage("freeze")
    for step in damage.steps:
        after = [value - step.strength / 2 for value in INTACT]
        assert step.auc.value == pytest.approx(np.mean([(a > b) + 0.5 * (a == b) for a in INTACT for b in after]))
        assert step.drop.value == pytest.approx(step.strength / 2)
        assert step.mean.value == pytest.approx(0.75 - step.strength / 2)
        assert (step.auc.n, step.untouched, step.failed, step.not_applicable) == (4, 0, 0, 0)
    assert damage.order == Estimate(1.0, 1.0, 1.0, 4)


def test_less_is_better_where_a_metric_says_so(suite, tmp_path):
    path = tmp_path / "unrest.py"
    path.write_text(LOWER)
    account = found(suite, report(suite, falling(), str(path)), str(path))
    assert account.damage("freeze").at(1.0).auc.value == 0
    assert account.damage("freeze").order.value == pytest.approx(-1)
    assert account.harmless[0].gain.value == pytest.approx(-0.01)


def test_what_had_nothing_to_damage_is_left_out_and_counted(suite):
    untouched = [("degraded:freeze@0.1", 1, 0.8), ("degraded:freeze@0.4", 1, 0.8), ("degraded:freeze@0.4", 2, 0.7)]
    same = [(label, board) for label, board, _ in untouched]
    damage = found(suite, report(suite, falling(*untouched), same=same)).damage("freeze")
    assert [(step.untouched, step.auc.n) for step in damage.steps] == [(1, 3), (0, 4), (2, 2), (0, 4), (0, 4)]
    assert damage.at(0.4).drop.value == pytest.approx(0.2)
    assert damage.at(0.4).mean.value == pytest.approx(np.mean([0.7, 0.8, 0.7, 0.4]))
    assert damage.order.value == pytest.approx(1)  # equal videos are one dose, and no tie


def test_order_is_the_mean_rank_correlation_of_the_storyboards(suite):
    values = falling(("degraded:freeze@1", 0, 0.95), ("degraded:freeze@0.7", 2, 0.65))
    damage = found(suite, report(suite, values)).damage("freeze")
    naive = []
    for board in range(4):
        losses = [
            INTACT[board] - values[label][board] for label in ["oracle", *(f"degraded:freeze@{s:g}" for s in STRENGTHS)]
        ]
        naive.append(spearmanr([0, *STRENGTHS], losses).statistic)
    assert damage.order == clustered_mean(naive, ["a", "b", "c", "d"], (-1.0, 1.0))
    assert 0 < damage.order.low < damage.order.value < 1


@pytest.mark.parametrize("status", ["failed", "not_applicable"])
def test_what_has_no_value_is_counted(suite, status):
    values = falling(("degraded:freeze@0.4", 1, None), ("harmless:fps", 0, None))
    account = found(suite, report(suite, values, status=status))
    step = account.damage("freeze").at(0.4)
    assert (step.auc.n, getattr(step, status), step.untouched) == (3, 1, 0)
    assert account.harmless[0].moved.n == 3
    assert (account.harmless[0].gain.n, getattr(account.harmless[0], status)) == (3, 1)
    assert account.failed == (3 if status == "failed" else 0)  # once as a damage, once as a trick, once as harmless


def test_what_moves_up_and_down_has_moved(suite):
    values = falling(*(("harmless:fps", board, INTACT[board] + (-1) ** board * 0.1) for board in range(4)))
    (change,) = found(suite, report(suite, values)).harmless
    assert change.gain.value == pytest.approx(0)
    assert change.moved.value == pytest.approx(0.1)


def test_nothing_to_compare_is_no_number(suite):
    same = [(SOURCE.damaged("freeze", strength), board) for strength in STRENGTHS for board in range(4)]
    damage = found(suite, report(suite, {label: INTACT for label in falling()}, same=same)).damage("freeze")
    assert {(step.auc, step.drop, step.untouched) for step in damage.steps} == {(None, None, 4)}
    assert damage.order is None
    assert damage.seen_from is None


def test_a_system_is_compared_with_its_own_video_encoded_once_more(suite):
    source = Source("system", "ttt", "ttt:reencode", "ttt", ("freeze",))
    values = {label.replace("degraded", "ttt").replace("oracle", "ttt"): each for label, each in falling().items()}
    values["ttt:reencode"] = [value - 0.05 for value in INTACT]
    account = found(suite, report(suite, values), source=source)
    assert account.damage("freeze").at(0.2).drop.value == pytest.approx(0.05)
    assert account.intact.value == pytest.approx(np.mean(INTACT) - 0.05)
    gains = {trick.version: trick.gain.value for trick in account.tricks}
    assert gains["ttt:reencode"] == pytest.approx(-0.05)
    assert gains["ttt:freeze@0.2"] == pytest.approx(-0.1)


def curve(*aucs):
    steps = [
        Step(strength, auc and Estimate(auc, auc, auc, 9), None, None, 0, 0, 0)
        for strength, auc in zip(STRENGTHS, aucs, strict=True)
    ]
    return Damage("freeze", tuple(steps), None)


@pytest.mark.parametrize(
    ("aucs", "expected"),
    [
        ((0.6, 0.8, 1.0, 1.0, 1.0), 0.3),
        ((1.0, 1.0, 1.0, 1.0, 1.0), 0.08),
        ((0.5, 0.6, 0.7, 0.8, 0.9), 1.0),
        ((None, None, 1.0, 0.2, 0.2), 0.32),
        ((0.5, 0.6, 0.7, 0.8, 0.89), None),
    ],
)
def test_a_damage_is_seen_from_where_the_curve_crosses(aucs, expected):
    assert curve(*aucs).seen_from == (expected if expected is None else pytest.approx(expected))


def test_the_kinds_are_what_is_claimed_and_the_tricks():
    tricks = {"freeze", "dot", "pan", "truncate", "loop", "frame-shuffle", "segment-shuffle"}
    assert set(kinds_for(["drift"])) == {"exposure-jump", *tricks}
    assert kinds_for(["drift"], ["blur"]) == ("blur",)
    assert kinds_for(["drift"], ["all"]) == tuple(KINDS)
    with pytest.raises(PluginError, match="did you mean blur"):
        kinds_for(["drift"], ["blurr"])


def test_a_claim_must_be_a_kind_of_damage(tmp_path):
    (tmp_path / "mine.py").write_text(LOWER.replace("freeze", "frost"))
    with pytest.raises(PluginError, match="claims to see 'frost'"):
        kinds_for([str(tmp_path / "mine.py")])


def test_sources_have_the_damage_that_can_be_done_to_them(tmp_path):
    (tmp_path / "looped__2.5").mkdir()
    texts = ["oracle", "autoencoder", "ttt", str(tmp_path / "looped__2.5")]
    oracle, veiled, ttt, folder = sources_for(texts, ["vanish", "freeze"])
    assert oracle.damaged("vanish", 1.0) == "degraded:vanish@1"
    assert oracle.harmless["resize@0.75"] == "harmless:resize@0.75"
    assert veiled.damaged("vanish", 0.4) == "reconstructed:vanish@0.4"
    assert (ttt.kinds, ttt.intact, ttt.model) == (("freeze",), "ttt:reencode", "ttt")
    assert (folder.own, folder.folder, folder.model) == ("looped:2.5", tmp_path / "looped__2.5", None)
    with pytest.raises(PluginError, match="reconstructed is a control"):
        sources_for(["autoencoder", "reconstructed"], [])
    (tmp_path / "ttt").mkdir()
    with pytest.raises(PluginError, match="both be called 'ttt'"):
        sources_for(["ttt", str(tmp_path / "ttt")], [])


def test_a_source_can_be_tried_at_fewer_strengths(suite):
    (quick,) = sources_for(["autoencoder@0.4"], ["freeze"])
    assert list(quick.doses()) == [("freeze", 0.4)]
    made = report(suite, {quick.own: list(INTACT), quick.damaged("freeze", 0.4): [0.5, 0.5, 0.5, 0.5]})
    (step,) = found(suite, made, source=quick).damage("freeze").steps
    assert (step.strength, step.auc.value) == (0.4, 1.0)


def test_a_system_can_be_tried_with_tricks_alone():
    (quick,) = sources_for(["ttt@tricks"], ["vanish", "blur", "freeze", "loop"])
    assert (quick.own, quick.model, quick.kinds) == ("ttt", "ttt", ("freeze", "loop"))


@pytest.mark.parametrize("text", ["autoencoder@0.1", "autoencoder@0.4,0.5", "autoencoder@", "autoencoder@much"])
def test_the_strength_of_the_bars_is_always_tried(text):
    with pytest.raises(PluginError, match="asks for other strengths than"):
        sources_for([text], ["freeze"])
