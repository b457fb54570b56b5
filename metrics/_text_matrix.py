"""What a matrix of segments against sentences tells, (segments, sentences): how well each is shown where it is told."""

from __future__ import annotations

import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.stats import kendalltau

from ._timeline import Array


def margin(scores: Array) -> float:
    """The mean of how much better a segment fits its own sentence than the other ones; 0 for a single segment."""
    count = len(scores)
    if count < 2:
        return 0.0
    own = np.diagonal(scores)
    others = (scores.sum(axis=1) - own) / (count - 1)
    return float((own - others).mean())


def recall_at_1(scores: Array) -> float:
    """The share of segments whose own sentence fits them best; of equals none is best."""
    rivals = scores.copy()
    np.fill_diagonal(rivals, -np.inf)
    return float((np.diagonal(scores) > rivals.max(axis=1)).mean())


def order(scores: Array) -> float:
    """Kendall's tau of the order in which the sentences are told and that in which they are shown.

    Each sentence is given one segment, so that all fit best together. 1 for a single segment.
    """
    if len(scores) < 2:
        return 1.0
    segment, sentence = linear_sum_assignment(scores, maximize=True)
    return float(kendalltau(segment, sentence).statistic)
