"""What a judge says who is shown each segment's frames and its text: a model behind a web address, or any callable.

Each segment is judged several times, since such judges do not always say the same, and once with the text of another
segment, since some do not read it: what they then say should be less. Both are told in the details.

The address is that of the environment variable EVALSUITE_JUDGE_URL, and the key, if it needs one, that of
EVALSUITE_JUDGE_KEY. It is sent JSON by POST: `question`, `text` and `frames` (JPEG in base64), and answers with
`{"score": 0.7}`, from 0 to 1. For a callable, write a file with a class of your own that has another `ask`.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from typing import ClassVar
from urllib.error import URLError
from urllib.request import Request, urlopen

import cv2
import numpy as np

from evalsuite.errors import PluginError
from evalsuite.interfaces import Metric
from evalsuite.types import Features, Frame, Measured, Storyboard

from ._stills import NAME, frames_of
from ._timeline import Array, segments_at

QUESTION = "These frames follow each other. From 0 to 1: do they show what the text says, as it could really happen?"
REPEATS = 3
_SECONDS = 120


class Judge(Metric):
    """The mean over segments of what the judge says, 0 - 1."""

    summary: ClassVar[str] = "what a judge of your own says of each segment (EVALSUITE_JUDGE_URL)"
    version: ClassVar[str] = "1"
    higher_is_better: ClassVar[bool] = True
    bounds: ClassVar[tuple[float, float]] = (0.0, 1.0)
    extractors: ClassVar[tuple[str, ...]] = (NAME,)

    def __init__(self) -> None:
        whose = os.environ.get("EVALSUITE_JUDGE_URL", "")
        if whose and type(self) is Judge:  # what another judge said is not kept as this one's
            self.version = f"{Judge.version}-{hashlib.sha256(whose.encode()).hexdigest()[:12]}"  # type: ignore[misc]

    def ask(self, text: str, frames: Sequence[Frame]) -> float:
        """One opinion of one segment, 0 - 1."""
        return _asked(_address(), text, frames)

    def measure(self, features: Mapping[str, Features], storyboard: Storyboard) -> Measured:
        """`series` is (second, mean opinion) of each segment; one without a frame has 0."""
        shown = _by_segment(features[NAME], storyboard)
        texts = [segment.resolved_text or segment.text for segment in storyboard.segments]
        said = np.array([self._opinions(text, frames) for text, frames in zip(texts, shown, strict=True)])
        means = said.mean(axis=1)
        return Measured(
            value=float(means.mean()),
            details={"spread": float(said.std(axis=1, ddof=1).mean()), **self._with_other_texts(means, texts, shown)},
            series=tuple(zip(storyboard.starts, means.tolist(), strict=True)),
            coverage=float(np.mean([bool(frames) for frames in shown])),
        )

    def _opinions(self, text: str, frames: Sequence[Frame]) -> list[float]:
        return [self.ask(text, frames) if frames else 0.0 for _ in range(REPEATS)]

    def _with_other_texts(self, own: Array, texts: list[str], shown: list[list[Frame]]) -> dict[str, float]:
        """Whether the text matters; a single segment has no other's text."""
        if len(texts) == 1:
            return {}
        others = [*texts[len(texts) // 2 :], *texts[: len(texts) // 2]]
        swapped = [self.ask(text, frames) if frames else 0.0 for text, frames in zip(others, shown, strict=True)]
        return {"with_another_text": float(np.mean(swapped)), "reads_the_text": float(own.mean() - np.mean(swapped))}


def _by_segment(features: Features, storyboard: Storyboard) -> list[list[Frame]]:
    shown: list[list[Frame]] = [[] for _ in storyboard.segments]
    numbers = segments_at(features.seconds, storyboard)
    for number, second, frame in zip(numbers, features.seconds, frames_of(features), strict=True):
        if second < storyboard.seconds:
            shown[number].append(frame)
    return shown


def _address() -> str:
    address = os.environ.get("EVALSUITE_JUDGE_URL", "")
    if not address.startswith(("http://", "https://")):
        raise PluginError("judge needs a judge: set EVALSUITE_JUDGE_URL to the http address of one.")
    return address


def _asked(address: str, text: str, frames: Sequence[Frame]) -> float:
    body = json.dumps({"question": QUESTION, "text": text, "frames": [_jpeg(frame) for frame in frames]}).encode()
    headers = {"Content-Type": "application/json"}
    if key := os.environ.get("EVALSUITE_JUDGE_KEY"):
        headers["Authorization"] = f"Bearer {key}"
    try:
        with urlopen(Request(address, body, headers), timeout=_SECONDS) as answer:  # noqa: S310 checked in _address
            score = float(json.load(answer)["score"])
    except (URLError, TimeoutError) as error:
        raise PluginError(f"the judge at EVALSUITE_JUDGE_URL did not answer: {error}") from error
    except (ValueError, KeyError, TypeError) as error:
        raise PluginError('the judge did not answer with JSON like {"score": 0.7}.') from error
    if not 0 <= score <= 1:
        raise PluginError(f"the judge said {score:g}, and should say a number from 0 to 1.")
    return score


def _jpeg(frame: Frame) -> str:
    _, packed = cv2.imencode(".jpg", frame[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 90])
    return base64.b64encode(packed.tobytes()).decode()
