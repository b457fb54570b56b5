"""Distances between two sets of rows of features, exact and in float64.

The Fréchet distance between Gaussians (arXiv 1706.08500, equation 6) is biased upwards by about trace / n, and most of
what is printed for a few hundred videos is that bias; the unbiased squared maximum mean discrepancy (MMD; JMLR 13,
2012, equation 3) has none, and may therefore be negative.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from evalsuite.errors import EvalsuiteError

Rows = npt.NDArray[np.float64]
"""(samples, dimensions)."""


class UndefinedDistanceError(EvalsuiteError):
    """Rows between which there is no distance."""


@dataclass(frozen=True, slots=True)
class Gaussian:
    """What the Fréchet distance knows of a set."""

    mean: Rows
    """Shape (dimensions,)."""
    root: Rows
    """X with X^T X the covariance, of no more rows than dimensions or samples."""


@dataclass(frozen=True, slots=True)
class Extrapolation:
    """A line through distances of sets that grow: distance(n) = `limit` + `slope` / n."""

    limit: float
    slope: float


def gaussian(rows: Rows, ddof: int = 1) -> Gaussian:
    """Mean and covariance, over n - `ddof`, of at least two finite rows; one of low rank is no special case."""
    rows = checked(rows)
    if len(rows) < 2:
        raise UndefinedDistanceError(f"a covariance needs two videos at least, and here is {len(rows)}.")
    mean = rows.mean(axis=0)
    centred = (rows - mean) / np.sqrt(len(rows) - ddof)
    reduced = centred if len(rows) <= rows.shape[1] else np.linalg.qr(centred, mode="r")
    return Gaussian(mean, np.asarray(reduced))


def frechet(one: Gaussian, other: Gaussian) -> float:
    """|m - m'|^2 + tr A + tr B - 2 tr (A B)^(1/2), for covariances A = X^T X and B = Y^T Y.

    The last trace is the sum of the singular values of X Y^T, so that no matrix is ever rooted.
    """
    _alike(one.root, other.root)
    both = np.linalg.svd(one.root @ other.root.T, compute_uv=False).sum()
    apart = np.square(one.mean - other.mean).sum()
    return max(0.0, float(apart + np.square(one.root).sum() + np.square(other.root).sum() - 2 * both))


def frechet_at_infinity(rows: Rows, other: Gaussian, luck: np.random.Generator, sizes: int = 8) -> Extrapolation:
    """What the distance would be for a set without end (arXiv 1911.07023), from subsets of half to all of the rows."""
    counts = np.linspace(max(2, len(rows) // 2), len(rows), sizes).round().astype(int)
    if len(set(counts.tolist())) < 2:
        raise UndefinedDistanceError(f"a line through set sizes needs three videos at least, and here are {len(rows)}.")
    found = [frechet(gaussian(rows[luck.permutation(len(rows))[:count]]), other) for count in counts]
    slope, limit = np.polyfit(1 / counts, found, 1)
    return Extrapolation(float(limit), float(slope))


def gram(left: Rows, right: Rows, degree: int = 3, offset: float = 1.0) -> Rows:
    """The polynomial kernel (x.y / d + offset)^degree of each two rows; the default is that of arXiv 1801.01401."""
    left, right = checked(left), checked(right)
    _alike(left, right)
    products = left @ right.T / left.shape[1] + offset
    return np.asarray(np.prod([products] * degree, axis=0))


def mean_of_pairs(within: Rows) -> float:
    """The mean kernel of two different rows of a set, from its Gram matrix."""
    if len(within) < 2:
        raise UndefinedDistanceError(f"an unbiased distance needs two videos at least, and here is {len(within)}.")
    return float((within.sum() - np.trace(within)) / (len(within) * (len(within) - 1)))


def mmd(within: Rows, between: Rows, among: float) -> float:
    """The unbiased squared MMD; `among` is the `mean_of_pairs` of the other set."""
    return mean_of_pairs(within) + among - 2 * float(between.mean())


def mmd_terms(within: Rows, between: Rows, among: float) -> Rows:
    """What each row of a set has to do with its `mmd`, shape (samples,); the mean of these terms is the distance.

    A term is twice the witness function at the row, the row itself left out, and a number that all rows share: high
    where a set is denser than the other one. Since the distance moves with the set as the mean of these terms does,
    drawing them again gives the distance's interval to the first order.
    """
    shared = among - mean_of_pairs(within)
    own = (within.sum(axis=1) - np.diagonal(within)) / (len(within) - 1)
    return np.asarray(2 * (own - between.mean(axis=1)) + shared)


def jedi(one: Rows, other: Rows) -> float:
    """The biased squared MMD with the kernel (x.y / d)^2, times 100 in its paper and not here (arXiv 2410.05203).

    Each row is compared with itself too, which makes equal sets exactly 0 and small ones look far apart.
    """
    within, among = (gram(rows, rows, degree=2, offset=0.0).mean() for rows in (one, other))
    return float(within + among - 2 * gram(one, other, degree=2, offset=0.0).mean())


def checked(rows: npt.ArrayLike) -> Rows:
    """The rows in float64; UndefinedDistanceError where they are not rows of finite numbers."""
    found = np.asarray(rows, dtype=np.float64)
    if found.ndim != 2 or not len(found):
        raise UndefinedDistanceError(f"features must be rows of numbers, and have the shape {found.shape}.")
    if not np.isfinite(found).all():
        raise UndefinedDistanceError("some features are not finite, so that no distance is defined.")
    return found


def _alike(left: Rows, right: Rows) -> None:
    if left.shape[1] != right.shape[1]:
        raise UndefinedDistanceError(f"rows of {left.shape[1]} and of {right.shape[1]} numbers cannot be compared.")
