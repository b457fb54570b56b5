from __future__ import annotations

import random

import numpy as np
import pytest
from evalsuite.leaderboards.bradley_terry import BradleyTerry

from evalsuite.types import Comparison, Rating


def games(left: str, right: str, wins: int, losses: int, axis: str = "look", ties: int = 0) -> list[Comparison]:
    """Games on a storyboard each."""
    outcomes = [1.0] * wins + [0.0] * losses + [0.5] * ties
    return [Comparison(left, right, f"board{index}", axis, outcome) for index, outcome in enumerate(outcomes)]


def rated(comparisons: list[Comparison], centre: tuple[str, ...] = ()) -> dict[tuple[str, str], Rating]:
    return {(one.axis, one.model): one for one in BradleyTerry().rate(comparisons, centre)}


def test_the_gap_is_that_of_the_odds_with_one_virtual_tie() -> None:
    found = rated(games("a", "b", 60, 40))
    assert found["look", "a"].value - found["look", "b"].value == pytest.approx(400 * np.log10(60.5 / 40.5))
    assert found["look", "a"].low < found["look", "a"].value < found["look", "a"].high
    assert found["look", "a"].n == 100


def test_ties_are_half_wins() -> None:
    tied = rated(games("a", "b", 10, 0, ties=40))
    split = rated(games("a", "b", 30, 20))
    assert tied["look", "a"].value == pytest.approx(split["look", "a"].value)


def test_the_centre_is_the_mean_of_the_generators_alone() -> None:
    comparisons = games("a", "b", 7, 3) + games("oracle", "a", 10, 0) + games("oracle", "b", 10, 0)
    found = rated(comparisons, centre=("a", "b"))
    assert found["look", "a"].value + found["look", "b"].value == pytest.approx(2000)
    assert found["look", "oracle"].value > found["look", "a"].value
    assert sum(one.value for one in rated(comparisons).values()) == pytest.approx(3000)


def test_an_unbeaten_system_is_finite_and_surely_first() -> None:
    best = rated(games("oracle", "noise", 100, 0))["look", "oracle"]
    assert (best.rank_low, best.rank_high) == (1, 1)
    assert np.isfinite(best.value)


def test_what_the_data_do_not_separate_shares_its_ranks() -> None:
    found = rated(games("a", "b", 26, 24))
    assert {(one.rank_low, one.rank_high) for one in found.values()} == {(1, 2)}


def test_the_order_of_comparisons_does_not_matter() -> None:
    comparisons = games("a", "b", 7, 3) + games("b", "c", 6, 4) + games("a", "c", 5, 5, axis="motion")
    shuffled = comparisons.copy()
    random.Random("order").shuffle(shuffled)
    assert BradleyTerry().rate(comparisons, ["a"]) == BradleyTerry().rate(shuffled, ["a"])


@pytest.mark.parametrize("boards", [5, 16])
def test_ranks_of_few_storyboards_hold_at_the_level_that_is_claimed(boards: int) -> None:
    """Six equal systems: in 5 % of tables at most may any rank exclude the truth, that all share all ranks."""
    wrong, covered, tables = 0, 0, 40
    for table in range(tables):
        luck = np.random.default_rng([boards, table])
        values = luck.normal(size=(boards, 6))
        comparisons = [
            Comparison(
                f"s{left}", f"s{right}", f"board{board}", "look", float(values[board, left] > values[board, right])
            )
            for board in range(boards)
            for left in range(6)
            for right in range(left + 1, 6)
        ]
        found = BradleyTerry().rate(comparisons, [])
        wrong += any((one.rank_low, one.rank_high) != (1, 6) for one in found)
        covered += sum(one.low <= 1000 <= one.high for one in found)
    assert wrong / tables <= 0.15  # of 5 % in 40 tables more are one in a hundred
    assert covered / tables / 6 > 0.92


def test_systems_of_which_none_is_on_every_axis_have_no_overall() -> None:
    found = rated(games("a", "b", 7, 3) + games("c", "d", 4, 6, axis="motion"))
    assert {axis for axis, _ in found} == {"look", "motion"}


def test_one_storyboard_repeated_is_no_more_evidence() -> None:
    once = games("a", "b", 12, 8)
    repeated = [one for one in once for _ in range(5)]
    few, many = rated(once)["look", "a"], rated(repeated)["look", "a"]
    assert many.high - many.low > 0.8 * (few.high - few.low)


def test_overall_is_the_mean_of_axes_for_those_who_are_on_all() -> None:
    comparisons = games("a", "b", 7, 3) + games("a", "b", 4, 6, axis="motion") + games("a", "c", 5, 5, axis="motion")
    found = rated(comparisons)
    assert found["overall", "a"].value == pytest.approx((found["look", "a"].value + found["motion", "a"].value) / 2)
    assert ("overall", "c") not in found
    assert found["overall", "a"].low < found["overall", "a"].value < found["overall", "a"].high


def test_axes_of_a_storyboard_are_drawn_together() -> None:
    """Equal outcomes on two axes are one piece of evidence: the mean is no surer than either but for the prior."""
    found = rated(games("a", "b", 12, 8) + games("a", "b", 12, 8, axis="motion"))
    width = {axis: found[axis, "a"].high - found[axis, "a"].low for axis in ("look", "overall")}
    assert width["overall"] == pytest.approx(width["look"], rel=0.02)


def test_systems_that_never_met_are_rated_all_the_same() -> None:
    found = rated(games("a", "b", 6, 4) + games("c", "d", 6, 4))
    assert found["look", "a"].value == pytest.approx(found["look", "c"].value)


def test_nothing_to_compare_gives_nothing() -> None:
    assert BradleyTerry().rate([], ["a"]) == []


def test_games_of_others_make_nobody_surer() -> None:
    """What a third system proves on three storyboards is the same beside two that met on a hundred."""
    few = [*games("c", "a", 3, 0), *games("c", "b", 3, 0)]
    alone = rated([*few, *games("a", "b", 2, 1)])["look", "c"]
    beside = rated([*few, *games("a", "b", 50, 50)])["look", "c"]
    assert alone.rank_high == beside.rank_high == 3
    assert beside.high - beside.low > 0.6 * (alone.high - alone.low)


def test_who_was_compared_on_one_storyboard_is_surely_nothing() -> None:
    found = rated([*games("a", "b", 100, 0), *games("c", "a", 1, 0), *games("c", "b", 1, 0)])
    assert (found["look", "c"].rank_low, found["look", "c"].rank_high) == (1, 3)
    assert (found["look", "a"].rank_high, found["look", "b"].rank_low) == (2, 2)


def test_one_storyboard_excludes_no_rank() -> None:
    found = rated([one for one in (*games("a", "b", 1, 0), *games("b", "c", 1, 0), *games("a", "c", 1, 0))])
    assert {(rating.rank_low, rating.rank_high) for rating in found.values()} == {(1, 3)}
