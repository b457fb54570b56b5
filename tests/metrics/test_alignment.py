from __future__ import annotations

import numpy as np
import pytest
from evalsuite.metrics._text_matrix import margin, order, recall_at_1


def test_margin_of_a_matrix_worked_out_by_hand() -> None:
    scores = np.array([[0.9, 0.1, 0.2], [0.3, 0.5, 0.3], [0.0, 0.6, 0.4]])
    assert margin(scores) == pytest.approx(((0.9 - 0.15) + (0.5 - 0.3) + (0.4 - 0.3)) / 3)
    assert margin(np.array([[0.7]])) == 0


def test_what_fits_all_sentences_alike_fits_none() -> None:
    scores = np.full((5, 5), 0.8)
    assert recall_at_1(scores) == 0
    assert margin(scores) == pytest.approx(0)
    assert recall_at_1(np.eye(5)) == 1
    assert recall_at_1(np.array([[0.2]])) == 1


@pytest.mark.parametrize(("shown", "tau"), [((0, 1, 2, 3), 1.0), ((3, 2, 1, 0), -1.0), ((1, 0, 2, 3), 2 / 3)])
def test_order_is_kendalls_tau_of_who_is_shown_where(shown: tuple[int, ...], tau: float) -> None:
    scores = np.random.default_rng(0).uniform(0, 0.5, (4, 4))
    scores[np.arange(4), shown] += 1
    assert order(scores) == pytest.approx(tau)  # by hand: one pair of six is turned round
