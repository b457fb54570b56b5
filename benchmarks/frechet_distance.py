"""How fast the Fréchet distance is, against the root of a matrix: `python benchmarks/frechet_distance.py`.

Processor time of both, covariances included, and how far their numbers differ.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

import numpy as np
import scipy.linalg
from evalsuite.metrics._distances import Rows, frechet, gaussian

SIZES = ((100, 400), (100, 1024), (1000, 64))
TIMES = 5


def by_square_root(one: Rows, other: Rows) -> float:
    """As the formula is written."""
    a, b = np.cov(one.T), np.cov(other.T)
    root = scipy.linalg.sqrtm(a @ b).real
    return float(np.square(one.mean(0) - other.mean(0)).sum() + np.trace(a) + np.trace(b) - 2 * np.trace(root))


def exact(one: Rows, other: Rows) -> float:
    return frechet(gaussian(one), gaussian(other))


def timed(distance: Callable[[Rows, Rows], float], one: Rows, other: Rows, times: int) -> tuple[float, float]:
    """The distance, and the least processor time that it took."""
    costs = []
    for _ in range(times):
        begun = time.process_time()
        found = distance(one, other)
        costs.append(time.process_time() - begun)
    return found, min(costs)


def main() -> None:
    """Print both for some sizes of sets."""
    for count, dimensions in SIZES:
        luck = np.random.default_rng(0)
        one, other = luck.normal(size=(count, dimensions)), luck.normal(size=(count, dimensions)) * 1.3 + 0.1
        ours, quick = timed(exact, one, other, TIMES)
        theirs, slow = timed(by_square_root, one, other, 1)
        sys.stdout.write(
            f"n = {count:4}, d = {dimensions:4}: {quick:.4f} s against {slow:.3f} s with scipy.linalg.sqrtm, "
            f"{slow / quick:.0f} times; relative difference {abs(ours - theirs) / theirs:.1e}\n"
        )


if __name__ == "__main__":
    main()
