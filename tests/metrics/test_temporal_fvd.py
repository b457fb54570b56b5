"""The distance of sets from real videos, on rows whose truth is known, and from rendered episodes to a table."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
import torch
from evalsuite.metrics._distances import UndefinedDistanceError, gaussian, gram, mean_of_pairs, mmd
from evalsuite.metrics._distances import frechet as frechet_of
from evalsuite.metrics._places import _halves, at_places, floor
from evalsuite.metrics.temporal_fvd import TemporalFvd
from evalsuite.metrics.training import reference

from evalsuite import contract, features, plugins, suites, video
from evalsuite.errors import PluginError
from evalsuite.interfaces import Extractor, Sampling
from evalsuite.learning.weights import load, save
from evalsuite.ranking import ranked
from evalsuite.results import in_folder
from evalsuite.run import Request, run
from evalsuite.stats import clustered_mean
from evalsuite.toon import script, world
from evalsuite.types import Clip, Features, Footage, Segment, Storyboard, VideoSpec

DIMENSIONS = 6
REAL = 240


class Excerpt(Extractor):
    """Mean colour, and how much it changes over the excerpt."""

    version = "7"
    dimensions = DIMENSIONS
    sampling = Sampling(every=3.0, frames=16, seconds=2.0)

    def extract(self, clip: Clip) -> np.ndarray:
        means = clip.frames.mean(axis=(1, 2)) / 64
        return np.concatenate([means.mean(axis=0), 8 * means.std(axis=0)])[None].astype(np.float32)


class LongExcerpt(Excerpt):
    sampling = Sampling(every=3.0, frames=16, seconds=16.0)


@pytest.fixture(autouse=True)
def tiny_space(monkeypatch, tmp_path):
    """Extractors of six numbers, and no reference yet."""
    for name, kind in (("toon-video", Excerpt), ("toon-video-long", LongExcerpt)):
        monkeypatch.setitem(features.EXTRACTORS, name, kind)
    monkeypatch.setenv("EVALSUITE_REFERENCES", str(tmp_path / "references"))
    return tmp_path / "references" / "toon_video_reference.safetensors"


VERSIONS = {"toon-video": "7", "toon-video-long": "7"}


def rows(videos: int, seed: int, places: int = 6) -> np.ndarray:
    """Real rows, whose mean moves on from place to place."""
    noise = np.random.default_rng(seed).normal(size=(videos, places, DIMENSIONS))
    return noise + np.arange(places)[:, None] / 4


@pytest.fixture
def real(tiny_space) -> dict[str, np.ndarray]:
    """A reference of stories of 18 s: six short excerpts and a long one, as float16 keeps them."""
    kept = {"toon-video/6": rows(REAL, 0), "toon-video-long/6": rows(REAL, 1, 1)}
    tensors = {name: torch.from_numpy(each) for name, each in kept.items()}
    save(tiny_space, tensors, VERSIONS)
    return {name: each.half().double().numpy() for name, each in tensors.items()}


def stories(count: int, segments: int = 6) -> list[Storyboard]:
    parts = tuple(Segment(text="It goes on.") for _ in range(segments))
    return [
        Storyboard(id=f"story-{number}", title="A story", segments=parts, world=f"toon/1/dev/6/{number}")
        for number in range(count)
    ]


def seen(short: np.ndarray, long: np.ndarray) -> list[dict[str, Features]]:
    return [
        {
            name: Features(name, "7", each.astype(np.float32), 3.0 * np.arange(len(each)))
            for name, each in (("toon-video", one), ("toon-video-long", other))
        }
        for one, other in zip(short, long, strict=True)
    ]


def value(measured) -> float:
    return float(np.mean([each.value for each in measured]))


def judged(short: np.ndarray, long: np.ndarray):
    return TemporalFvd().measure_set(seen(short, long), stories(len(short)))


def test_the_number_is_the_mean_over_places_and_the_long_excerpts(real):
    short, long = rows(30, 5).astype(np.float32) + 0.5, rows(30, 6, 1).astype(np.float32)
    found = judged(short, long)

    def distance(one, other):
        one = one.astype(float)
        return mmd(gram(one, one), gram(one, other), mean_of_pairs(gram(other, other)))

    places = [distance(short[:, place], real["toon-video/6"][:, place]) for place in range(6)]
    late = distance(long[:, 0], real["toon-video-long/6"][:, 0])
    assert value(found) == pytest.approx(np.mean(places) + late)
    told = found[0].details
    assert (told["short"], told["long"]) == pytest.approx((np.mean(places), late))
    course = np.mean([[each for _, each in one.series] for one in found], axis=0)
    assert course == pytest.approx(places)
    assert [second for second, _ in found[0].series] == [0, 3, 6, 9, 12, 15]
    assert told["slope_per_minute"] == pytest.approx(60 * np.polyfit(np.arange(6) * 3.0, places, 1)[0])
    frechets = [
        [frechet_of(gaussian(mine[:, place]), gaussian(other[:, place])) for place in range(mine.shape[1])]
        for mine, other in ((short, real["toon-video/6"]), (long, real["toon-video-long/6"]))
    ]
    assert told["frechet"] == pytest.approx(sum(map(np.mean, frechets)))
    slope = 60 * np.polyfit(np.arange(6) * 3.0, frechets[0], 1)[0]
    assert told["frechet_slope_per_minute"] == pytest.approx(slope)
    interval = clustered_mean([each.value for each in found], [f"story-{n}" for n in range(30)])
    assert (told["low"], told["high"]) == (interval.low, interval.high)
    assert (told["dimensions"], told["reference_size"], told["floor_size"]) == (DIMENSIONS, REAL, 30)


def test_the_floor_is_what_real_videos_are_from_all_others(real, monkeypatch):
    monkeypatch.setattr("evalsuite.metrics._places.FLOOR_DRAWS", 1)
    standards = [at_places(rows.astype(float), rows.shape[1]) for rows in real.values()]
    ((one, other),) = _halves(REAL, 30, 1)
    naive = 0.0
    for standard in standards:
        for place in range(standard.rows.shape[1]):
            some, rest = standard.rows[one, place], standard.rows[other, place]
            distance = mmd(gram(some, some), gram(some, rest), mean_of_pairs(gram(rest, rest)))
            naive += distance / standard.rows.shape[1]
    assert floor(standards, 30) == pytest.approx(naive, abs=1e-12)


def test_real_videos_are_at_no_distance_and_below_the_floor_of_their_number(real):
    found = [judged(rows(30, 100 + seed), rows(30, 200 + seed, 1)) for seed in range(12)]
    values = np.array([value(each) for each in found])
    floors = np.array([each[0].details["floor"] for each in found])
    assert abs(values.mean()) < 3 * values.std() / np.sqrt(12)
    assert values.min() < 0
    assert (values < floors).mean() >= 0.75
    told = found[0][0].details
    assert told["frechet"] == pytest.approx(told["frechet_floor"], rel=0.25)
    assert told["frechet_at_infinity"] < 0.5 * told["frechet"]


def test_what_gets_worse_is_further_away_and_its_course_rises(real):
    short, long = rows(30, 5), rows(30, 6, 1)
    worse = short + np.linspace(0, 2, 6)[:, None]
    found, before = judged(worse, long), judged(short, long)
    assert value(found) > before[0].details["floor"] > value(before)
    assert found[0].details["slope_per_minute"] > 10 * abs(before[0].details["slope_per_minute"])


def test_the_right_moments_in_a_wrong_order_are_further_away(real):
    short, long = rows(30, 5), rows(30, 6, 1)
    assert value(judged(short[:, ::-1], long)) > value(judged(short, long)) + 1


def test_long_excerpts_count_by_themselves(real):
    short, long = rows(30, 5), rows(30, 6, 1)
    found = judged(short, long + 2)
    assert found[0].details["short"] == judged(short, long)[0].details["short"]
    assert value(found) > value(judged(short, long)) + 1


def test_the_videos_that_are_unlike_real_ones_have_the_highest_terms(real):
    short, long = rows(30, 5), rows(30, 6, 1)
    short[10:20] += 3
    terms = np.array([each.value for each in judged(short, long)])
    assert terms[10:20].mean() > np.delete(terms, range(10, 20)).max()


def test_other_lengths_are_compared_place_by_place_with_the_nearest(real):
    metric = TemporalFvd()
    short, long = rows(20, 5)[:, [0, 1, 2, 3, 4, 4, 5]], rows(20, 6, 1)[:, [0, 0]]
    found = metric.measure_set(seen(short, long), stories(20, 7))
    assert len(found[0].series) == 7
    assert np.mean([each.details["long"] for each in found]) < 1


@pytest.mark.parametrize(
    ("boards", "said"),
    [
        (stories(5) + stories(5, 7), "18 to 21 s long"),
        ([board.model_copy(update={"world": None}) for board in stories(10)], "cartoon world"),
        (
            [board.model_copy(update={"segments": (Segment(text="a", seconds=1),)}) for board in stories(10)],
            "of 1 s are too short",
        ),
    ],
)
def test_stories_that_no_number_says_anything_of_are_refused(real, boards, said):
    found = TemporalFvd().measure_set(seen(rows(10, 5), rows(10, 6, 1)), boards)
    assert [each.value for each in found] == [None] * 10
    assert all(said in each.reason for each in found)


def test_videos_that_end_early_or_hold_no_numbers_are_unfit(real):
    metric, (board,) = TemporalFvd(), stories(1)
    (whole,) = seen(rows(1, 0), rows(1, 0, 1))
    (cut,) = seen(rows(1, 0)[:, :4], rows(1, 0, 1))
    (broken,) = seen(rows(1, 0) * np.nan, rows(1, 0, 1))
    assert metric.unfit(whole, board) == ""
    assert metric.unfit(cut, board) == "the video has 4 of the 6 excerpts for toon-video that its story has time for."
    assert "no number" in metric.unfit(broken, board)
    (short,) = seen(rows(1, 0)[:, :0], rows(1, 0, 1)[:, :0])
    assert "0 of the 6 excerpts for toon-video" in metric.unfit(short, board)


@pytest.mark.parametrize(
    ("short", "said"),
    [(rows(1, 5), "two videos at least, and here is 1"), (rows(10, 5) * np.nan, "not finite")],
)
def test_rows_between_which_there_is_no_distance_are_an_error(real, short, said):
    with pytest.raises(UndefinedDistanceError, match=said):
        judged(short, rows(len(short), 6, 1))


@pytest.mark.parametrize(
    ("videos", "kinds", "said"),
    [
        (19, ("toon-video", "toon-video-long"), "19 real videos of this length, and 20"),
        (20, ("toon-video",), "too short"),
    ],
)
def test_a_reference_that_is_too_small_is_said(tiny_space, videos, kinds, said):
    save(tiny_space, {f"{name}/6": torch.from_numpy(rows(videos, 0)) for name in kinds}, VERSIONS)
    with pytest.raises(UndefinedDistanceError, match=said):
        judged(rows(10, 5), rows(10, 6, 1))


def test_a_reference_that_is_missing_or_of_another_encoder_is_refused_in_a_sentence(real, tiny_space, monkeypatch):
    monkeypatch.setattr(LongExcerpt, "version", "8")
    with pytest.raises(PluginError, match="made with toon-video-long 7, and here is 8: make it anew"):
        plugins.metric("temporal-fvd")
    monkeypatch.setattr(LongExcerpt, "version", "7")
    before = plugins.metric("temporal-fvd").version
    tensors, told = load(tiny_space)
    save(tiny_space, {name: each + 1 for name, each in tensors.items()}, told)
    assert plugins.metric("temporal-fvd").version != before
    with pytest.raises(PluginError, match=r"no reference other_reference\.safetensors: .* VIDEOS other"):
        plugins.metric("temporal-fvd:other")


@pytest.fixture
def serially(monkeypatch):
    """In this process, so that it knows the tiny extractors."""
    done = []

    def work(task, things):
        for thing in things:
            done.append(thing)
            task(thing)

    monkeypatch.setattr(reference, "on_all_processors", work)
    monkeypatch.setattr(reference, "_EACH_PART", 2)
    return done


def makers():
    return {name: partial(features.extractor, name) for name in VERSIONS}


def test_the_reference_of_the_world_is_what_decoded_episodes_show(tiny_space, serially, tmp_path):
    reference.toon_reference(tiny_space, makers(), tmp_path / "seen", {1: 3, 6: 3})
    tensors, told = load(tiny_space)
    assert told == VERSIONS
    assert {name: tuple(each.shape) for name, each in tensors.items()} == {
        "toon-video/1": (3, 1, DIMENSIONS),
        "toon-video/6": (3, 6, DIMENSIONS),
        "toon-video-long/6": (3, 1, DIMENSIONS),
    }
    path = tmp_path / "one.mp4"
    spec = VideoSpec(96, 64, 8.0)
    video.write(path, Footage(world.frames(script.episode("reference", 6, 2), spec), 8.0))
    expected = features.extract(video.decode(path), ["toon-video"])["toon-video"].array
    assert tensors["toon-video/6"][2].numpy() == pytest.approx(expected, abs=2e-3)
    assert not list((tmp_path / "seen").glob("*.mp4"))
    before = len(serially)
    reference.toon_reference(tiny_space, makers(), tmp_path / "seen", {1: 3, 6: 3})
    assert len(serially) == before == 3


def test_ones_own_videos_become_a_reference_of_another_space(tiny_space, serially, tmp_path, monkeypatch, capsys):
    for name in ("i3d", "i3d-long"):
        monkeypatch.setitem(features.EXTRACTORS, name, features.EXTRACTORS[name.replace("i3d", "toon-video")])
    for number in range(20):
        frames = [np.full((32, 48, 3), 9 * number + index, np.uint8) for index in range(48)]
        video.write(tmp_path / "mine" / f"{number}.mp4", Footage(frames, 8.0))
    monkeypatch.setattr("sys.argv", ["reference", str(tmp_path / "mine"), "i3d"])
    reference.main()
    assert "20 videos" in capsys.readouterr().out
    monkeypatch.setenv("EVALSUITE_REFERENCES", str(tmp_path / "mine"))
    metric = plugins.metric("temporal-fvd:i3d")
    assert metric.extractors == ("i3d", "i3d-long")
    natural = [board.model_copy(update={"world": None}) for board in stories(12, 2)]
    found = metric.measure_set(
        [
            {name: Features(name, "7", rows(1, n)[0, :2].astype(np.float32), np.zeros(2)) for name in metric.extractors}
            for n in range(12)
        ],
        natural,
    )
    assert all(np.isfinite(each.value) for each in found)


def test_from_videos_to_a_table_through_a_run(tiny_space, serially, tmp_path, monkeypatch):
    """The world is near itself, and what stands still is not."""
    reference.toon_reference(tiny_space, makers(), tmp_path / "seen", {1: 20})
    contract.check_metric(plugins.metric("temporal-fvd"))
    axes = {"realism": {"temporal-fvd": 1.0}}
    suite = suites.load("three_second", 12).model_copy(update={"axes": axes})
    monkeypatch.setattr("evalsuite.run.Execution", InThisProcess)
    report = run(Request(suite, ("oracle", "noise"), tmp_path / "out", (0,), ("temporal-fvd",)), lambda *_: None)
    found = {name: [each for each in report.scores if each.model == name] for name in ("oracle", "noise")}
    assert {each.status for each in report.scores} == {"ok"}
    assert np.mean([each.value for each in found["noise"]]) > np.mean([each.value for each in found["oracle"]]) + 1
    assert found["oracle"][0].details["set_size"] == 12
    ranks = ranked(suite, in_folder(tmp_path / "out", suite))
    assert [row[ranks.columns.index("model")] for row in ranks.rows] == ["oracle", "noise"]


class InThisProcess:
    """Does the units of a run here, where the tiny extractors are known."""

    def __init__(self, tasks, needed, workers):
        self.tasks, self.needed = tasks, needed

    def outcomes(self):
        from evalsuite.work import perform

        for task in self.tasks:
            yield perform(self.needed(task))
