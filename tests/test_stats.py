from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.stats import beta, spearmanr

from evalsuite.stats import (
    auc,
    bradley_terry,
    clustered_auc,
    clustered_mean,
    draws,
    generator,
    interval,
    posterior_draws,
    rank_correlation,
    rank_sets,
    virtual_wins,
)

POINTS = 400 / np.log(10)


def _wins(systems: int, games: dict[tuple[int, int], tuple[float, float]]) -> np.ndarray:
    wins = np.zeros((systems, systems))
    for (left, right), (won, lost) in games.items():
        wins[left, right], wins[right, left] = won, lost
    return wins


def test_bradley_terry_gives_the_published_worked_example() -> None:
    """https://en.wikipedia.org/wiki/Bradley-Terry_model, scaled to a geometric mean of 1."""
    wins = _wins(4, {(0, 1): (2, 3), (0, 3): (1, 4), (1, 2): (5, 3), (2, 3): (1, 3)})
    assert np.exp(bradley_terry(wins, prior=0)) == pytest.approx([0.63983, 1.04331, 0.65981, 2.27038], abs=1e-5)


def test_sixty_to_forty_is_seventy_points() -> None:
    strengths = bradley_terry(_wins(2, {(0, 1): (60, 40)}), prior=0)
    assert POINTS * (strengths[0] - strengths[1]) == pytest.approx(70.4365, abs=1e-4)


def test_the_prior_keeps_an_unbeaten_system_finite() -> None:
    wins = _wins(2, {(0, 1): (10, 0)})
    assert POINTS * np.ptp(bradley_terry(wins, prior=1)) == pytest.approx(400 * np.log10(10.5 / 0.5))
    with pytest.raises(ArithmeticError, match="no prior"):
        bradley_terry(wins, prior=0)


def test_a_long_chain_of_unbeaten_systems_converges() -> None:
    strengths = bradley_terry(np.triu(np.full((13, 13), 100.0), 1))
    assert np.all(np.diff(strengths) < 0)
    assert np.all(np.isfinite(strengths))


def test_strengths_maximise_the_likelihood() -> None:
    wins = generator("likelihood").integers(1, 20, (5, 5)).astype(float)
    np.fill_diagonal(wins, 0)
    with_prior = wins + 0.5 * (1 - np.eye(5))

    def surprise(strengths: np.ndarray) -> float:
        return float(np.sum(with_prior * np.log1p(np.exp(strengths[None] - strengths[:, None]))))

    best = minimize(surprise, np.zeros(5), tol=1e-12).x
    assert bradley_terry(wins) == pytest.approx(best - best.mean(), abs=1e-5)


def test_a_batch_is_fitted_one_by_one() -> None:
    wins = generator("batch").integers(0, 9, (7, 4, 4)).astype(float)
    assert bradley_terry(wins) == pytest.approx(np.array([bradley_terry(one) for one in wins]), abs=1e-9)


def test_equal_systems_share_all_ranks_and_a_clear_one_stands_alone() -> None:
    noise = generator("ranks").normal(size=(1000, 3))
    point = np.array([0.0, 0.0, 50.0])
    assert rank_sets(noise + point, point, [10_000] * 3) == [(2, 3), (2, 3), (1, 1)]


def test_ranks_come_from_paired_differences_and_not_from_overlap() -> None:
    shared = generator("paired").normal(0, 10, size=(1000, 1))
    samples = shared + [1.0, 0.0]
    low, high = interval(samples)
    assert low[0] < high[1]  # the intervals overlap widely ...
    assert rank_sets(samples, np.array([1.0, 0.0]), [10_000] * 2) == [
        (1, 1),
        (2, 2),
    ]  # ... and yet the first is always better


def test_ranks_hold_together_however_many_systems_there_are() -> None:
    """Of 20 equal systems the best seems surely better than the worst, pair by pair, in most trials."""
    wrong, pairwise = 0, 0
    for trial in range(60):
        luck = generator(f"together {trial}")
        point = luck.normal(size=20)
        samples = point + luck.normal(size=(1000, 20))
        wrong += any(ranks != (1, 20) for ranks in rank_sets(samples, point, [10_000] * 20))
        differences = samples[:, :, None] - samples[:, None, :]
        pairwise += bool((interval(differences)[0] > 0).any())
    assert wrong / 60 < 0.15  # 5 % are claimed
    assert pairwise / 60 > 0.6


def test_unanimity_on_few_storyboards_proves_little() -> None:
    """A win chance drawn as Beta(n + 1/2, 1/2) is what the Bayesian bootstrap and the drawn prior come to."""
    for boards in (2, 16):
        wins = np.zeros((boards, 2, 2))
        wins[:, 0, 1] = 1
        drawn = np.tensordot(posterior_draws(boards, 20_000), wins, axes=1) + virtual_wins(2, 1.0, 20_000)
        strengths = bradley_terry(drawn, prior=0)
        chance = 1 / (1 + np.exp(strengths[:, 1] - strengths[:, 0]))
        expected = beta.ppf([0.025, 0.25, 0.5], boards + 0.5, 0.5)
        assert np.quantile(chance, [0.025, 0.25, 0.5]) == pytest.approx(expected, abs=0.015)


def test_a_fit_that_hardly_anything_holds_comes_to_an_end() -> None:
    wins = np.triu(np.full((5, 5), 30.0), 1) + np.tril(np.full((5, 5), 1e-6), -1)
    strengths = bradley_terry(wins, prior=0)
    chance = 1 / (1 + np.exp(strengths[None, :] - strengths[:, None]))
    np.fill_diagonal(wins, 0)
    assert wins.sum(1) == pytest.approx(((wins + wins.T) * chance * (1 - np.eye(5))).sum(1), abs=1e-6)


def test_draws_are_the_same_for_ever_and_draw_as_many_as_there_are() -> None:
    assert np.array_equal(draws(9, 20), draws(9, 20))
    assert not np.array_equal(draws(9, 20), draws(9, 20, seed="other"))
    assert np.all(draws(9, 20).sum(axis=1) == 9)


def test_the_interval_of_a_mean_is_that_of_theory() -> None:
    values = generator("theory").normal(size=400)
    found = clustered_mean(values.tolist(), [str(index) for index in range(400)])
    half = 1.96 * values.std() / 20
    assert found.value == pytest.approx(values.mean())
    assert (found.low, found.high) == pytest.approx((values.mean() - half, values.mean() + half), abs=0.1 * half)


@pytest.mark.parametrize("count", [3, 5, 8, 16])
def test_intervals_of_few_are_as_wide_as_they_must_be(count: int) -> None:
    covered = 0
    for trial in range(400):
        values = generator(f"few {count} {trial}").normal(size=count)
        found = clustered_mean(values.tolist(), [str(board) for board in range(count)])
        covered += found.low <= 0 <= found.high
    assert 0.92 < covered / 400 < 0.99


def test_intervals_cluster_by_storyboard() -> None:
    """Ten values that agree within each storyboard are worth one: 95 % must cover the truth, and iid ones do not."""
    clustered, independent = 0, 0
    for trial in range(200):
        effects = generator(f"coverage {trial}").normal(size=30)
        values = np.repeat(effects, 10).tolist()
        boards = np.repeat(np.arange(30), 10).astype(str).tolist()
        found = clustered_mean(values, boards)
        clustered += found.low <= 0 <= found.high
        half = 1.96 * np.std(values) / np.sqrt(300)
        independent += abs(np.mean(values)) <= half
    assert clustered / 200 > 0.88
    assert independent / 200 < 0.6


def test_the_interval_of_a_mean_ends_where_values_do() -> None:
    free = clustered_mean([0.2, 0.7], ["one", "two"])
    bounded = clustered_mean([0.2, 0.7], ["one", "two"], (0.0, 1.0))
    assert free.low < 0 < 1 < free.high
    assert (bounded.value, bounded.low, bounded.high) == (free.value, 0.0, 1.0)


def test_a_mean_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one"):
        clustered_mean([], [])


def test_auc_is_what_counting_says() -> None:
    luck = generator("auc")
    high, low = luck.integers(0, 5, 30) + 1.0, luck.integers(0, 5, 40) + 0.0
    assert auc(high, low) == pytest.approx(np.mean([(a > b) + 0.5 * (a == b) for a in high for b in low]))


def test_the_interval_of_an_auc_draws_storyboards_on_both_sides() -> None:
    luck = generator("clustered auc")
    high, low = luck.integers(0, 9, 12) + 2.0, luck.integers(0, 9, 12) + 0.0
    drawn = [np.repeat(np.arange(12), counts.astype(int)) for counts in draws(12)]
    naive = np.quantile([auc(high[boards], low[boards]) for boards in drawn], [0.025, 0.975])
    found = clustered_auc(high, low)
    assert (found.value, found.n) == (auc(high, low), 12)
    assert (found.low, found.high) == pytest.approx(tuple(naive))
    assert found.low < found.value < found.high


def test_rank_correlation_is_spearman_s() -> None:
    luck = generator("ranks")
    left, right = luck.integers(0, 6, 20) + 0.0, luck.normal(size=20)
    assert rank_correlation(left, right) == pytest.approx(spearmanr(left, right).statistic)
    assert rank_correlation(left, 3 * left) == pytest.approx(1)
    assert rank_correlation(left, np.ones(20)) == 0


def test_a_prior_holds_whoever_wins_a_thousand_times() -> None:
    strengths = bradley_terry(np.triu(np.full((16, 16), 1000.0), 1), prior=1.0)
    assert (np.diff(strengths) < 0).all()
    assert strengths[0] > 20
    wins = np.triu(np.full((16, 16), 1000.0), 1) + (1 - np.eye(16)) / 2
    chance = 1 / (1 + np.exp(strengths[None, :] - strengths[:, None]))
    assert wins.sum(1) == pytest.approx(((wins + wins.T) * chance).sum(1), rel=1e-9)
