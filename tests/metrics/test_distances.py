"""Distances between sets, against closed forms, other implementations and published numbers."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.linalg
from evalsuite.metrics._distances import (
    UndefinedDistanceError,
    frechet,
    frechet_at_infinity,
    gaussian,
    gram,
    jedi,
    mean_of_pairs,
    mmd,
    mmd_terms,
)

from evalsuite.stats import clustered_mean


def distance(one, other):
    return frechet(gaussian(np.asarray(one, float)), gaussian(np.asarray(other, float)))


def rows_with(mean, covariance, count):
    """Rows whose mean and covariance are exactly these."""
    luck = np.random.default_rng(count)
    plain = luck.normal(size=(count, len(mean)))
    plain -= plain.mean(axis=0)
    white = plain @ np.linalg.inv(np.linalg.cholesky(np.cov(plain.T).reshape(len(mean), -1))).T
    return white @ np.linalg.cholesky(np.asarray(covariance, float)).T + mean


def by_square_root(one, other):
    """The distance as its formula is written, through scipy's matrix root."""
    a, b = np.cov(one.T), np.cov(other.T)
    root = scipy.linalg.sqrtm(a @ b).real
    return np.square(one.mean(0) - other.mean(0)).sum() + np.trace(a + b - 2 * root)


def of_rows(one, other):
    return mmd(gram(one, one), gram(one, other), mean_of_pairs(gram(other, other)))


def terms_of_rows(one, other):
    return mmd_terms(gram(one, one), gram(one, other), mean_of_pairs(gram(other, other)))


@pytest.mark.parametrize("count", [2, 3, 40])
def test_one_dimension_in_closed_form(count):
    assert distance(rows_with([0], [[1]], count), rows_with([3], [[4]], 7)) == pytest.approx(10, abs=1e-9)


def test_two_dimensions_whose_covariances_do_not_commute():
    one, other = rows_with([0, 0], [[2, 1], [1, 2]], 5), rows_with([1, 2], [[3, 0], [0, 1]], 9)
    assert distance(one, other) == pytest.approx(5.516685226452118, abs=1e-9)


def test_diagonal_covariances_in_closed_form():
    a, b = np.array([1.0, 4, 9, 0.25]), np.array([2.0, 3, 0.5, 1])
    expected = np.square(np.sqrt(a) - np.sqrt(b)).sum() + 4
    assert distance(rows_with(np.ones(4), np.diag(a), 30), rows_with(np.zeros(4), np.diag(b), 20)) == pytest.approx(
        expected, abs=1e-9
    )


def test_equal_sets_have_no_distance():
    rows = np.random.default_rng(0).normal(size=(50, 80))
    assert distance(rows, rows[::-1]) == pytest.approx(0, abs=1e-8)


@pytest.mark.parametrize(("one", "other", "dimensions"), [(100, 80, 20), (60, 300, 59), (25, 90, 40)])
def test_it_is_what_the_square_root_of_matrices_gives(one, other, dimensions):
    luck = np.random.default_rng(one)
    left = luck.normal(size=(one, dimensions)) @ luck.normal(size=(dimensions, dimensions)) / 5
    right = luck.normal(size=(other, dimensions)) * luck.uniform(0.5, 2, dimensions) + 0.3
    assert distance(left, right) == pytest.approx(by_square_root(left, right), rel=1e-6)


def test_both_forms_agree_where_there_are_as_many_rows_as_dimensions():
    luck = np.random.default_rng(3)
    left, right = luck.normal(size=(30, 30)), luck.normal(size=(31, 30))
    assert distance(left, right) == pytest.approx(by_square_root(left, right), rel=1e-6)


@pytest.mark.parametrize(
    ("count", "expected"), [(64, 547.5), (128, 434.8), (256, 300.0), (512, 159.1), (1024, 79.1), (2048, 39.4)]
)
def test_the_bias_of_equal_distributions_is_as_measured_elsewhere(count, expected):
    found = []
    for seed in range(3):
        luck = np.random.default_rng(seed)
        one, other = luck.normal(size=(count, 400)), luck.normal(size=(count, 400))
        found.append(distance(one, other))
    assert np.mean(found) == pytest.approx(expected, abs=0.06)


def test_the_bias_in_as_many_dimensions_as_videomae_has():
    luck = np.random.default_rng(0)
    one, other = luck.normal(size=(256, 1408)), luck.normal(size=(256, 1408))
    assert distance(one, other) == pytest.approx(1828.8, abs=0.06)


def test_covariances_may_be_over_n_as_cd_fvd_has_them():
    luck = np.random.default_rng(0)
    one, other = luck.normal(size=(40, 6)), luck.normal(size=(30, 6)) + 1
    a, b = np.cov(one.T, ddof=0), np.cov(other.T, ddof=0)
    expected = np.square(one.mean(0) - other.mean(0)).sum() + np.trace(a + b - 2 * scipy.linalg.sqrtm(a @ b).real)
    assert frechet(gaussian(one, ddof=0), gaussian(other, ddof=0)) == pytest.approx(expected, rel=1e-6)


def test_the_published_limit_of_sets_of_768_to_2048():
    luck = np.random.default_rng(0)
    other, rows = gaussian(luck.normal(size=(20_000, 400))), luck.normal(size=(2048, 400))
    counts = np.linspace(768, 2048, 8).round().astype(int)
    found = [frechet(gaussian(rows[luck.permutation(2048)[:count]]), other) for count in counts]
    assert (found[0], found[-1]) == pytest.approx((58.6, 22.2), rel=0.02)
    assert abs(np.polyfit(1 / counts, found, 1)[1]) < 0.6


def test_repeating_videos_to_reach_a_number_makes_it_wrong():
    luck = np.random.default_rng(0)
    unique, honest, fresh = (luck.normal(size=(count, 400)) for count in (100, 2048, 2048))
    tiled = np.tile(unique, (21, 1))[:2048]
    assert distance(tiled, fresh) == pytest.approx(424, rel=0.03)
    assert distance(honest, fresh) == pytest.approx(39, rel=0.03)


def test_the_limit_of_endless_sets_is_near_the_truth_where_one_set_is_far_from_it():
    luck = np.random.default_rng(0)
    other = gaussian(luck.normal(size=(4000, 40)))
    rows = luck.normal(size=(400, 40))
    found = frechet_at_infinity(rows, other, np.random.default_rng(1))
    whole = frechet(gaussian(rows), other)
    assert whole > 1
    assert abs(found.limit) < 0.15 * whole
    assert found.limit + found.slope / 400 == pytest.approx(whole, rel=0.05)


def test_covariances_of_rank_one_and_constant_features():
    line = np.outer(np.arange(5.0), [3, 4])
    other = np.outer(np.arange(5.0), [4, 3])
    a, b = np.cov(line.T), np.cov(other.T)
    crossing = np.sqrt(np.trace(a @ b))  # the one eigenvalue of A B that is not 0
    apart = np.square(line.mean(0) - other.mean(0)).sum()
    assert distance(line, other) == pytest.approx(apart + np.trace(a + b) - 2 * crossing)
    constant = np.full((6, 2), 7.0)
    assert distance(constant, constant + 1) == pytest.approx(2)
    assert distance(constant, line) == pytest.approx(np.square(7 - line.mean(0)).sum() + np.trace(a))


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([[1.0, 2]], "two videos at least, and here is 1"),
        ([[1.0, 2], [np.nan, 0]], "not finite"),
        ([[1.0, 2], [np.inf, 0]], "not finite"),
        ([1.0, 2], r"shape \(2,\)"),
        (np.zeros((0, 2)), r"shape \(0, 2\)"),
        (np.zeros((2, 3)), "rows of 3 and of 2 numbers"),
    ],
)
def test_what_has_no_distance_is_said(rows, said):
    good = np.array([[0.0, 1], [1, 0]])
    with pytest.raises(UndefinedDistanceError, match=said):
        distance(rows, good)
    with pytest.raises(UndefinedDistanceError, match=said):
        of_rows(np.asarray(rows), good)


def test_three_videos_are_the_fewest_for_a_line():
    with pytest.raises(UndefinedDistanceError, match="three videos at least, and here are 2"):
        frechet_at_infinity(np.eye(2), gaussian(np.eye(2)), np.random.default_rng(0))


def test_the_unbiased_distance_is_its_sum_over_pairs():
    luck = np.random.default_rng(0)
    one, other = luck.normal(size=(7, 5)), luck.normal(size=(9, 5)) + 0.4

    def kernel(x, y):
        return (x @ y / 5 + 1) ** 3

    within = np.mean([kernel(one[i], one[j]) for i in range(7) for j in range(7) if i != j])
    among = np.mean([kernel(other[i], other[j]) for i in range(9) for j in range(9) if i != j])
    between = np.mean([kernel(x, y) for x in one for y in other])
    assert of_rows(one, other) == pytest.approx(within + among - 2 * between)
    assert terms_of_rows(one, other).mean() == pytest.approx(of_rows(one, other))


def test_it_is_unbiased_and_may_be_negative():
    luck = np.random.default_rng(0)
    found = np.array([of_rows(luck.normal(size=(10, 4)), luck.normal(size=(12, 4))) for _ in range(400)])
    assert found.min() < 0 < found.max()
    assert abs(found.mean()) < 3 * found.std() / np.sqrt(len(found))


def test_rows_where_a_set_is_too_dense_have_high_terms():
    luck = np.random.default_rng(0)
    one, other = luck.normal(size=(30, 6)), luck.normal(size=(200, 6))
    one[:10] += 3
    terms = terms_of_rows(one, other)
    assert terms[:10].mean() > terms[10:].max()


@pytest.mark.parametrize("shift", [0.0, 0.5])
def test_intervals_of_the_terms_cover_the_true_distance(shift):
    """The true distance is that of two sets so large that their sampling no longer matters."""
    luck = np.random.default_rng(5)
    other, endless = luck.normal(size=(2000, 6)), luck.normal(size=(2000, 6)) + shift
    among, truth = mean_of_pairs(gram(other, other)), of_rows(endless, other)
    covered = []
    for _ in range(100):
        rows = luck.normal(size=(40, 6)) + shift
        terms = mmd_terms(gram(rows, rows), gram(rows, other), among)
        found = clustered_mean(terms.tolist(), [str(number) for number in range(40)])
        covered.append(found.low <= truth <= found.high)
    assert np.mean(covered) >= 0.88


A = np.arange(1.0, 10).reshape(3, 3)
B = np.array([[7.0, 6, 5], [4, 3, 2], [1, 1, 8], [0, 2, 5]])


def biased(one, other, degree, offset):
    return (
        gram(one, one, degree, offset).mean()
        + gram(other, other, degree, offset).mean()
        - 2 * gram(one, other, degree, offset).mean()
    )


def test_the_numbers_of_jedi():
    assert jedi(A, B) == pytest.approx(270.7222, abs=5e-5)
    assert biased(A * np.sqrt(3), B * np.sqrt(3), 2, 0.0) == pytest.approx(2436.5, abs=5e-5)
    assert biased(A, B, 3, 1.0) == pytest.approx(23088.0833, abs=5e-5)


def test_equal_sets_are_exactly_nothing_to_jedi():
    rows = np.random.default_rng(0).normal(size=(20, 7))
    assert jedi(rows, rows) == 0
