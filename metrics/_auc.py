"""The area under the curve of hits against false alarms."""

from __future__ import annotations

import numpy as np
from scipy.stats import rankdata

from ._timeline import Array


def auc(higher: Array, lower: Array) -> float:
    """The chance that one of `higher` exceeds one of `lower`, ties counted half."""
    ranks = rankdata(np.concatenate([higher, lower]))
    above = ranks[: len(higher)].sum() - len(higher) * (len(higher) + 1) / 2
    return float(above / (len(higher) * len(lower)))
