from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import cv2
import numpy as np
import pytest
from evalsuite.metrics.judge import REPEATS, Judge

from evalsuite.errors import PluginError
from evalsuite.features import extract
from evalsuite.types import Clip, Segment, Storyboard

KEY = "a-secret"


class Opinionated(BaseHTTPRequestHandler):
    """Likes red where the text says red; its answers can be told to be anything else."""

    seen: list[dict] = []  # noqa: RUF012 one for all requests
    answer: bytes | None = None

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        picture = cv2.imdecode(np.frombuffer(base64.b64decode(asked["frames"][0]), np.uint8), cv2.IMREAD_COLOR)
        self.seen.append({**asked, "authorization": self.headers["Authorization"]})
        liked = (picture[..., 2].mean() > 128) == ("red" in asked["text"])
        self.send_response(200)
        self.end_headers()
        self.wfile.write(self.answer or json.dumps({"score": 0.9 if liked else 0.1}).encode())

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def judge(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Opinionated]]:
    server = HTTPServer(("127.0.0.1", 0), Opinionated)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("EVALSUITE_JUDGE_URL", f"http://127.0.0.1:{server.server_port}")
    monkeypatch.setenv("EVALSUITE_JUDGE_KEY", KEY)
    monkeypatch.setattr(Opinionated, "seen", [])
    monkeypatch.setattr(Opinionated, "answer", None)
    yield Opinionated
    server.shutdown()
    server.server_close()


STORY = Storyboard(id="two", title="Two", segments=(Segment(text="All is red."), Segment(text="All is dark.")))


def film(*colours: int) -> Clip:
    frames = np.zeros((48, 32, 48, 3), np.uint8)
    for number, red in enumerate(colours):
        frames[24 * number : 24 * (number + 1), ..., 0] = red
    return Clip(frames, np.arange(48) / 8)


def measured(metric: Judge, clip: Clip):
    return metric.measure(extract([clip], metric.extractors), STORY)


def test_each_segment_is_judged_by_its_frames_and_text_and_once_by_anothers(judge: type[Opinionated]) -> None:
    found = measured(Judge(), film(255, 0))
    assert found.value == pytest.approx(0.9)
    assert found.details == pytest.approx({"spread": 0, "with_another_text": 0.1, "reads_the_text": 0.8}, abs=1e-9)
    assert np.array(found.series) == pytest.approx(np.array([(0.0, 0.9), (3.0, 0.9)]))
    assert len(judge.seen) == 2 * (REPEATS + 1)
    assert {each["authorization"] for each in judge.seen} == {f"Bearer {KEY}"}
    assert measured(Judge(), film(255, 255)).value == pytest.approx(0.5)


def test_a_single_segment_has_no_other_text_to_be_asked_about(judge: type[Opinionated]) -> None:
    clip, alone = film(255, 0), STORY.model_copy(update={"segments": STORY.segments[:1]})
    found = Judge().measure(extract([clip], Judge.extractors), alone)
    assert list(found.details) == ["spread"]
    assert len(judge.seen) == REPEATS


def test_the_opinions_of_another_judge_are_of_another_version(monkeypatch: pytest.MonkeyPatch) -> None:
    versions = []
    for address in ("", "http://a", "http://b", "http://b"):
        monkeypatch.setenv("EVALSUITE_JUDGE_URL", address)
        versions.append(Judge().version)
    assert versions[0] == "1"
    assert versions[1] != versions[2] == versions[3]
    assert "http" not in versions[1]


def test_any_callable_may_judge() -> None:
    class Moody(Judge):
        said = 0

        def ask(self, text: str, frames: object) -> float:
            self.said += 1
            return (self.said % 3) / 2

    found = measured(Moody(), film(255, 0))
    assert found.value == pytest.approx(0.5)
    assert found.details["spread"] == pytest.approx(0.5)  # of 0, 1/2 and 1


@pytest.mark.parametrize(("answer", "said"), [(b"no", "did not answer with JSON"), (b'{"score": 7}', "said 7")])
def test_a_judge_who_says_nothing_of_use_is_told(judge: type[Opinionated], answer: bytes, said: str) -> None:
    judge.answer = answer
    with pytest.raises(PluginError, match=said) as told:
        measured(Judge(), film(255, 0))
    assert KEY not in str(told.value)


def test_without_a_judge_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("EVALSUITE_JUDGE_URL", raising=False)
    with pytest.raises(PluginError, match="set EVALSUITE_JUDGE_URL"):
        measured(Judge(), film(255, 0))
    monkeypatch.setenv("EVALSUITE_JUDGE_URL", "http://127.0.0.1:9")
    with pytest.raises(PluginError, match="did not answer"):
        measured(Judge(), film(255, 0))
