"""Physics and events on motions whose laws are known, and through the real network on the world and what spoils it."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest
from evalsuite.metrics._camera import Camera
from evalsuite.metrics._flight import flight
from evalsuite.metrics._friction import KEPT
from evalsuite.metrics._ground import KNOWN, SOLES, SURELY
from evalsuite.metrics._pull import DOWN
from evalsuite.metrics._toon_id import MOST
from evalsuite.metrics.models.looks import EMBEDDING, KINDS, look_of
from evalsuite.metrics.physics import LIGHT, LIVELIEST, RESTITUTION, TAKEN, UNPROVEN

from evalsuite import plugins
from evalsuite.features import extract
from evalsuite.toon import script
from evalsuite.toon.physics import BUBBLE_DRAG, GRAVITY, ROLLING
from evalsuite.types import Clip, Entity, Event, Features, Measured, Segment, Storyboard, VideoSpec

FPS = 8
SIZE = 10.0
FLOOR = 49.0
WITH_A_BALL = 38
WITH_THINGS_THAT_LIE = 1
CAST = (
    Entity(id="ann", kind="character", name="Ann", description="red fox with a hat"),
    Entity(id="ball", kind="object", name="ball", description="blue ball"),
    Entity(id="barrel", kind="object", name="barrel", description="green barrel"),
    Entity(id="bubbles", kind="object", name="bubbles", description="blue bubbles"),
    Entity(id="blocks", kind="object", name="blocks", description="red blocks"),
)
LOOKS = {"ann": look_of("red fox with a hat"), "ball": look_of("blue ball nothing")}
LOOKS |= {name: look_of(f"{look} nothing") for name, look in (("barrel", "green barrel"), ("bubbles", "blue bubbles"))}
LOOKS["blocks"] = look_of("red blocks nothing")
Way = Callable[[float], tuple[float, ...] | None]
"""Second -> x and y of the middle, and the height where that changes."""


def bouncing(
    gravity: float, restitution: float, start: float = 6.0, fps: float = FPS, seconds: float = 3.0
) -> np.ndarray:
    """y of a point that falls from rest above a floor, by small steps of time."""
    fine = 2000
    y, speed, shown = start, 0.0, []
    for step in range(round(seconds * fine)):
        if step % round(fine / fps) == 0:
            shown.append(y)
        speed += gravity / fine
        y += speed / fine
        if y > FLOOR:
            y, speed = 2 * FLOOR - y, -restitution * speed
    return np.array(shown)


@pytest.mark.parametrize(("gravity", "restitution"), [(90, 0.7), (54, 0.7), (90, 0.9), (120, 0.4), (70, 0.25)])
def test_a_fit_finds_the_laws_that_moved_it(gravity: float, restitution: float):
    y = bouncing(gravity, restitution)
    noisy = y + np.random.default_rng(0).normal(0, 0.2, len(y))
    found = flight(np.arange(len(y)) / FPS, noisy)
    assert found.sure
    assert found.bounced
    assert found.gravity == pytest.approx(gravity, rel=0.08)
    assert found.restitution == pytest.approx(restitution, abs=0.06)


def test_what_hardly_moves_has_no_flight():
    seconds = np.arange(20) / FPS
    assert flight(seconds, np.full(20, 40.0)) is None
    assert flight(seconds[:3], bouncing(90, 0.7)[:3]) is None
    assert not flight(seconds[:4], bouncing(90, 0.7)[:4]).sure


@pytest.mark.parametrize(("scale", "across", "down"), [(1.0, 0.6, 0.0), (1.012, -0.5, -0.4), (0.99, 0.0, 1.1)])
def test_the_camera_is_followed_whatever_moves_in_front(scale: float, across: float, down: float):
    ground = np.random.default_rng(1).integers(60, 200, (16, 24, 3), dtype=np.uint8)
    ground = cv2.resize(ground, (384, 256), interpolation=cv2.INTER_CUBIC)
    frames = []
    for number in range(3):
        zoom = scale**number
        shift = np.array([across, down]) * (number if scale == 1 else (zoom - 1) / (scale - 1))
        turn = np.array([[zoom, 0, 4 * shift[0] + 1.5 * (1 - zoom)], [0, zoom, 4 * shift[1] + 1.5 * (1 - zoom)]])
        large = cv2.warpAffine(ground, turn, (384, 256), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
        cv2.circle(large, (100 + 40 * number, 120), 30, (250, 30, 30), -1, cv2.LINE_AA)
        frames.append(cv2.resize(large, (96, 64), interpolation=cv2.INTER_AREA))
    camera = Camera()
    camera.start()
    rows = camera.extract(Clip(np.stack(frames), np.arange(3.0)))
    assert rows[0].tolist() == [1, 0, 0, 0]
    corner = np.array([48.0, 32.0])
    moved = rows[2, 0] * corner + rows[2, 1:3]
    assert rows[2, 0] == pytest.approx(scale, abs=0.004)
    assert moved == pytest.approx(scale * corner + [across, down], abs=0.15)


def test_the_camera_is_followed_in_pictures_of_any_shape():
    ground = np.random.default_rng(1).integers(60, 200, (30, 30, 3), dtype=np.uint8)
    ground = cv2.resize(ground, (200, 200), interpolation=cv2.INTER_CUBIC)
    frames = [ground[10 + 2 * number : 70 + 2 * number, 10:130] for number in range(3)]
    rows = Camera().extract(Clip(np.stack(frames), np.arange(3.0)))
    assert rows[1:, 1:3] == pytest.approx(np.array([[0, -2 * 64 / 60]] * 2), abs=0.05)


@pytest.fixture
def seen(film: Callable, story: Callable, stirring: Callable) -> Callable[..., Measured]:
    """What a metric finds where the entities go their ways in one shot of 3 s, over pictures that are alive."""

    def measured(
        metric: str,
        ways: dict[str, Way],
        event: str | None,
        thing: str = "ball",
        pan: float = 0.0,
        frozen: bool = False,
    ) -> Measured:
        frames = film(story("a"))
        if frozen:
            frames = frames[:1].repeat(len(frames), axis=0)
        seconds = np.arange(len(frames)) / FPS
        each = np.zeros((len(frames), MOST, 6 + EMBEDDING), np.float32)
        for index, second in enumerate(seconds):
            for place, (name, way) in enumerate(ways.items()):
                middle = way(second)
                if middle is not None and middle[0] < 96:
                    kind = KINDS.index("character" if name == "ann" else name)
                    place_of, tall = np.array(middle[:2]), middle[2:] or (SIZE,)
                    half = np.array([SIZE, 1.5 * SIZE] if name == "ann" else [SIZE / 2, tall[0] / 2])
                    box = np.concatenate([place_of - half, place_of + half]) / [96, 64, 96, 64]
                    box[[0, 2]] = np.clip(box[[0, 2]], 0, 1)
                    each[index, place] = np.concatenate([[0.9, kind], box, LOOKS[name]])
        events = () if event is None else (Event(kind=event, entity=thing, start=0.0, end=2.0),)
        board = Storyboard(
            id="film",
            title="A film",
            entities=CAST,
            segments=(Segment(text="It goes on.", present=tuple(ways), events=events),),
        )
        features = {
            **extract([Clip(frames, seconds)], ["thumbnails"]),
            "toon-id": Features("toon-id", "1", each.reshape(len(frames), -1), seconds),
            "camera": Features("camera", "1", np.tile(np.float32([1, pan, 0, 1]), (len(frames), 1)), seconds),
            "stir": stirring(seconds),
        }
        return plugins.metric(metric).measure(features, board)

    return measured


def stands(second: float) -> tuple[float, float]:
    return 20.0, 40.0


def falling(gravity: float, restitution: float) -> Way:
    """From rest just above the picture."""
    heights = bouncing(gravity, restitution, -SIZE / 2 - 0.5)
    return lambda second: (60.0 + 2 * second, heights[round(second * FPS)])


def rising(share: float) -> Way:
    """Lift against drag that grows with speed, by small steps of time."""
    fine = 2000
    y, speed, places = 40.0, 0.0, []
    for _ in range(3 * fine):
        places.append(y)
        speed += (13 * BUBBLE_DRAG * share - BUBBLE_DRAG * speed) / fine
        y -= speed / fine
    return lambda second: (60.0, places[round(second * fine)])


WORLD = (GRAVITY, RESTITUTION["ball"][0])


def test_a_world_that_obeys_has_one_and_what_breaks_a_law_has_less(seen: Callable):
    lawful = seen("physics", {"ann": stands, "ball": falling(*WORLD)}, "bounce")
    assert lawful.value == pytest.approx(1)
    for share in (0.7, 0.55, 0.4):
        floating = seen("physics", {"ann": stands, "ball": falling(WORLD[0] * share, WORLD[1])}, "bounce")
        assert floating.details["gravity"] == pytest.approx((share / LIGHT) ** 2, abs=0.1)
    lively = seen("physics", {"ann": stands, "ball": falling(WORLD[0], 0.95)}, "bounce")
    usual, known = RESTITUTION["ball"]
    assert lively.details["restitution"] == pytest.approx(1 - (0.95 - usual - known) / LIVELIEST, abs=0.06)
    assert lively.details["gravity"] > 0.9


def test_what_is_light_rises_as_lift_and_drag_say(seen: Callable):
    assert seen("physics", {"ann": stands, "bubbles": rising(1)}, "rise", "bubbles").value == pytest.approx(1)
    for share in (0.7, 0.4):
        found = seen("physics", {"ann": stands, "bubbles": rising(share)}, "rise", "bubbles")
        assert found.details["gravity"] == pytest.approx((share / LIGHT) ** 2, abs=0.06)


def test_a_stack_that_topples_proves_little(seen: Callable):
    def sinks(pace: float) -> Callable[[float], float]:
        return lambda t: 28 - 18 * min(1.0, max(0.0, t - 1) * pace)

    def topples(pace: float) -> Measured:
        tall = sinks(pace)
        return seen(
            "physics", {"ann": stands, "blocks": lambda t: (60.0, 54 - tall(t) / 2, tall(t))}, "topple", "blocks"
        )

    assert topples(0.6 / DOWN).value == pytest.approx(UNPROVEN)
    assert topples(0.3 / DOWN).value == pytest.approx(UNPROVEN * 0.5**0.5, abs=0.01)
    assert topples(0).value == 0


UNIT = (64 + SOLES - 55) / 10
"""Pixels to a unit of the stage, as the feet of one who stands there tell."""


def lying(above: float) -> Way:
    """So many units of the stage above the ground."""
    return lambda _: (60.0, 64 - (10 + above) * UNIT - SIZE / 2)


@pytest.mark.parametrize(("metric", "term", "known"), [("physics", "support", SURELY), ("support", "held up", KNOWN)])
@pytest.mark.parametrize("above", [0.0, 1.1, 2.2, 8.2, 32.0, -0.7, -2.8, -9.0, -11.0])
def test_what_lies_there_lies_on_the_ground(
    seen: Callable, metric: str, term: str, known: tuple[float, float], above: float
):
    """1 less the root of how far it is off, beyond what is known, as a share of the worst: 28 above, 8 below."""
    off = (above - known[1]) / 28 if above > 0 else (-above - known[0]) / 8
    found = seen(metric, {"ann": stands, "ball": lying(above)}, None)
    assert found.details[term] == pytest.approx(1 - np.clip(off, 0, 1) ** 0.5, abs=0.01)


def test_what_moves_or_may_be_held_needs_no_ground(seen: Callable):
    flies = {"ann": stands, "ball": lambda t: (40 + 15 * t, 30.0)}
    held = {"ann": stands, "ball": lambda _: (28.0, 40.0)}
    assert "support" not in seen("physics", flies, "roll").details
    assert "support" not in seen("physics", held, None).details
    assert seen("support", held, None).value is None


def test_what_was_set_off_is_in_no_hand(seen: Callable):
    held = {"ann": stands, "ball": lambda _: (28.0, 64 - 18.2 * UNIT - SIZE / 2)}
    assert seen("support", held, "bounce").value == pytest.approx(0.5, abs=0.01)


def test_what_lies_there_in_frozen_pictures_rests_on_nothing(seen: Callable):
    frozen = seen("support", {"ann": stands, "ball": lying(0)}, None, frozen=True)
    assert frozen.value == 0


def test_a_thing_that_nowhere_lies_nor_is_held_has_no_support(seen: Callable):
    assert seen("support", {"ann": stands, "ball": lambda _: None}, None).value == 0
    assert seen("support", {"ann": stands, "ball": lambda t: (40 + 15 * t, 30.0)}, None).value == 0
    assert "no thing" in seen("support", {"ann": stands}, None).reason


@pytest.mark.parametrize("feet", [59.0, 64.0])
def test_feet_of_one_who_sits_tell_no_ground(seen: Callable, feet: float):
    """Without any that stand, a unit is a pixel."""
    low = seen("support", {"ann": lambda _: (20.0, feet - 15), "ball": lambda _: (60.0, 49.0 - 8.2)}, None)
    assert low.value == pytest.approx(0.5, abs=0.01)


@pytest.mark.parametrize("share", [1.0, 0.75, 0.4, 0.0, -0.5])
def test_what_rolls_is_slowed_by_the_ground(seen: Callable, share: float):
    """Places of a roll of known deceleration, until it stops; 1 from three quarters of the world's on."""

    def rolls(second: float) -> tuple[float, float]:
        loss = share * ROLLING["ball"]
        lasting = min(second, 30 / loss) if loss > 0 else second
        return 10 + (30 * lasting - loss * lasting**2 / 2) * 0.9, 49.0

    found = seen("physics", {"ann": lambda _: (80.0, 40.0), "ball": rolls}, "roll")
    assert found.details["friction"] == pytest.approx(np.clip(share * 0.9 / UNIT / TAKEN, 0, 1), abs=0.06)


@pytest.mark.parametrize("kept", [0.48, 0.7, 1.0, 1.2])
def test_what_is_thrown_loses_speed_where_it_lands(seen: Callable, kept: float):
    """A throw at 20 units a second, of which `kept` is left from its first contact on."""
    heights = bouncing(GRAVITY * UNIT, RESTITUTION["ball"][0], 20.0)
    landed = (2 * (FLOOR - 20) / (GRAVITY * UNIT)) ** 0.5

    def thrown(second: float) -> tuple[float, float]:
        across = 20 * min(second, landed) + 20 * kept * max(second - landed, 0)
        return 30 + UNIT * across, heights[round(second * FPS)]

    found = seen("physics", {"ann": stands, "ball": thrown}, "throw")
    assert found.details["friction"] == pytest.approx(np.clip((1 - kept) / (1 - KEPT) / TAKEN, 0, 1), abs=0.08)


def test_permanence_is_what_the_worst_body_keeps(seen: Callable):
    assert seen("permanence", {"ann": stands}, None).value == pytest.approx(1)
    jump = seen("permanence", {"ann": lambda t: (20.0 if t < 1.5 else 50.0, 40.0)}, None)
    assert jump.value == pytest.approx(1 - (30 - 6) / 58)
    both = seen("permanence", {"ann": stands, "ball": lambda t: (20.0 if t < 1.5 else 80.0, 49.0)}, None)
    assert both.value == pytest.approx(1 - (60 - 140 / FPS - 6) / 58)
    assert seen("permanence", {"ann": lambda t: (48.0, 40.0) if t < 0.75 else None}, None).value == 0
    assert seen("permanence", {"ann": lambda _: None}, None).value == 0
    lies_there_alone = seen("permanence", {"ann": lambda _: None, "ball": lambda _: (48.0, 49.0)}, None)
    assert lies_there_alone.value == 0


@pytest.mark.parametrize(("until", "kept"), [(3.0, 1.0), (2.5, 1.0), (2.0, 0.5), (1.5, 0.0)])
def test_who_is_gone_for_longer_is_lost_more(seen: Callable, until: float, kept: float):
    """Half a second out of sight is nothing, and one and a half are the worst."""
    found = seen("permanence", {"ann": lambda t: (48.0, 40.0) if t < until else None}, None)
    assert found.value == pytest.approx(kept)


@pytest.mark.parametrize("every", [1, 2, 4, 8])
def test_who_is_seen_less_than_half_of_the_time_keeps_less(seen: Callable, every: int):
    """One sample of so many; with one of eight it is seen too seldom to be followed."""
    found = seen("permanence", {"ann": lambda t: (48.0, 40.0) if round(t * FPS) % every == 0 else None}, None)
    assert found.value == pytest.approx(min(1, 2 / every))


def test_who_leaves_by_an_edge_is_not_gone_and_who_stands_there_is(seen: Callable):
    walks = seen("permanence", {"ann": lambda t: (50 + 25 * t, 40.0)}, None)
    assert walks.value == pytest.approx(1)
    assert seen("permanence", {"ann": lambda t: (60 + 30 * t, 40.0) if t < 1 else None}, None).value == 0
    assert seen("permanence", {"ann": lambda t: (84.0, 40.0) if t < 1 else None}, None).value == 0


def test_what_another_hides_is_not_gone_unless_it_is_too_large_to_be_hidden(seen: Callable):

    def stays(_: float) -> tuple[float, float]:
        return 48.0, 40.0

    def goes(second: float) -> tuple[float, float] | None:
        return stays(second) if second < 1 else None

    assert seen("permanence", {"ann": stays, "ball": goes}, None).value == pytest.approx(1)
    assert seen("permanence", {"ann": goes, "ball": stays}, None).value == 0


def test_what_two_hide_together_is_not_gone(seen: Callable):
    """Each of the two covers half of it."""

    def hidden(by: tuple[float, ...]) -> float:
        others = dict(zip(("barrel", "blocks"), [lambda _, x=x: (x, 49.0) for x in by], strict=False))
        ways = {"ann": stands, "ball": lambda t: (60.0, 49.0) if t < 1 else None, **others}
        return seen("permanence", ways, None).value

    assert hidden((55.5, 64.5)) == pytest.approx(1)
    assert hidden((55.5,)) == 0


@pytest.mark.parametrize(("pan", "kept"), [(0.0, 0.0), (0.2, 0.0), (0.6, 1.0)])
def test_what_the_camera_leaves_behind_is_not_gone(seen: Callable, pan: float, kept: float):
    """The ball is whole for a second, 3 pixels from the edge, and not seen for 16 samples more."""
    found = seen("permanence", {"ann": stands, "ball": lambda t: (88.0, 49.0) if t < 1 else None}, None, pan=pan)
    assert found.value == pytest.approx(kept)


def test_permanence_is_not_asked_of_a_story_without_characters(seen: Callable):
    nobody = seen("permanence", {"ball": lambda _: (48.0, 49.0)}, None)
    assert (nobody.value, nobody.reason[:40]) == (None, "the storyboard expects no character desc")


def test_who_jumps_or_is_gone_is_seen(seen: Callable):
    assert seen("physics", {"ann": stands}, None).value == pytest.approx(1)
    jumps = seen("physics", {"ann": lambda t: (20.0 if t < 1.5 else 50.0, 40.0)}, None)
    assert jumps.details["steadiness"] == pytest.approx(1 - (30 - 6) / 58)
    gone = seen("physics", {"ann": lambda t: (48.0, 40.0) if t < 0.75 else None}, None)
    assert gone.details["steadiness"] == 0
    assert gone.details["presence"] == pytest.approx(0.25 / 0.5)
    paired = seen(
        "physics", {"ann": lambda t: (48.0, 40.0) if t < 0.75 else None, "ball": lambda _: (20.0, 49.0)}, None
    )
    assert paired.details["steadiness"] == 0
    leaves = seen("physics", {"ann": stands, "ball": lambda t: (60 + 30 * t, 49.0)}, None)
    assert leaves.details["steadiness"] == 1
    absent = seen("physics", {"ann": stands, "ball": lambda _: None}, "fall")
    assert (absent.value, absent.details["gravity"]) == (0, 0)


def test_what_is_expected_happens_once_twice_or_never(seen: Callable):
    def rolls(second: float) -> tuple[float, float]:
        return 20 + 20 * second, 49.0

    once = seen("events", {"barrel": rolls}, "roll", "barrel")
    assert (once.value, once.coverage) == (1, 1)
    twice = seen("events", {"barrel": lambda t: rolls(t if t < 1.5 else t - 1.5)}, "roll", "barrel")
    assert (twice.value, twice.details["repeated"]) == (0.5, 1)
    assert seen("events", {"barrel": lambda _: (20.0, 49.0)}, "roll", "barrel").value == 0
    assert seen("events", {"barrel": lambda _: None}, "roll", "barrel").value == 0
    assert seen("events", {"ball": falling(*WORLD)}, "bounce").value == 1
    again = seen("events", {"ball": lambda t: falling(*WORLD)(t if t < 0.75 else t - 0.75)}, "fall")
    assert again.details["repeated"] == 1


def test_what_they_cannot_judge_they_say(seen: Callable):
    assert "no event" in seen("events", {"ann": stands}, None).reason
    taken = seen("events", {"ann": stands, "ball": stands}, "pick_up")
    assert (taken.value, taken.coverage) == (None, 0)
    unseen = seen("physics", {"bubbles": lambda _: None}, None)
    assert unseen.value is None
    assert "no law" in unseen.reason
    nobody = seen("physics", {}, None)
    assert nobody.value is None
    assert "cartoon world" in nobody.reason


@pytest.fixture(scope="module")
def scored() -> Callable[[str], tuple[Measured, Measured]]:
    """Physics and events of a system's video of one storyboard, through the real network."""
    board = script.storyboard(script.episode("dev", 3, WITH_A_BALL))
    metrics = [plugins.metric(name) for name in ("physics", "events")]

    def measured(system: str) -> tuple[Measured, Measured]:
        footage = plugins.baseline(system).generate(board, 0, VideoSpec(96, 64, 8.0))
        frames = np.stack(list(footage.frames))
        features = extract([Clip(frames, np.arange(len(frames)) / footage.fps)], metrics[0].extractors)
        physics, events = (metric.measure(features, board) for metric in metrics)
        return physics, events

    return measured


def test_the_world_obeys_and_what_breaks_it_is_seen(scored: Callable):
    physics, events = scored("oracle")
    assert physics.value > 0.97
    assert events.value == pytest.approx(1)
    for damage in ("float", "bounce-gain", "teleport", "vanish", "hover", "sink"):
        assert scored(f"degraded:{damage}@0.4")[0].value < physics.value - 0.1, damage
    dropped = scored("degraded:event-drop@1")
    assert dropped[0].value < 0.3
    assert dropped[1].value < 0.3
    assert scored("still")[0].value < 0.05


@pytest.mark.parametrize("name", ["permanence", "support", "physics"])
def test_a_video_that_ends_early_does_not_gain_by_it(name: str):
    board = script.storyboard(script.episode("dev", 6, WITH_THINGS_THAT_LIE))
    frames = np.stack(list(plugins.baseline("oracle").generate(board, 0, VideoSpec(96, 64, FPS)).frames))
    metric = plugins.metric(name)
    whole, early = (
        metric.measure(extract([Clip(film, np.arange(len(film)) / FPS)], metric.extractors), board)
        for film in (frames, frames[: 6 * FPS])
    )
    assert whole.value == pytest.approx(1, abs=0.02)
    assert 0 < early.value < 0.6
    assert early.coverage == pytest.approx(1 / 3, abs=0.02)


@pytest.mark.parametrize("name", ["permanence", "support", "physics", "identity", "shape"])
def test_nobody_to_follow_is_not_applicable(name: str):
    board = Storyboard(id="a", title="a", segments=(Segment(text="A street in the rain."),))
    film = np.random.default_rng(0).integers(0, 256, (24, 64, 96, 3), dtype=np.uint8)
    metric = plugins.metric(name)
    found = metric.measure(extract([Clip(film, np.arange(24) / FPS)], metric.extractors), board)
    assert found.value is None
    assert "cartoon world" in found.reason
