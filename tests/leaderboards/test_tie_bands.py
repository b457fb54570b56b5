from __future__ import annotations

import json

import numpy as np
import pytest
from evalsuite.leaderboards import _tie_bands

from evalsuite import suites
from evalsuite.store import Store


def test_bands_are_what_encoding_once_more_moves_of_the_system_that_moves_most(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(_tie_bands, "SUITE", "smoke")
    monkeypatch.setattr(_tie_bands, "FOLDER", tmp_path / "smoke")
    monkeypatch.setattr(_tie_bands, "SYSTEMS", ("oracle", "noise"))
    monkeypatch.setattr(_tie_bands, "_ranked", lambda: {"quality", "drift"})
    monkeypatch.setattr(_tie_bands, "__file__", str(tmp_path / "_tie_bands.py"))
    _tie_bands.main()
    written = json.loads((tmp_path / "tie_bands.json").read_text())
    assert "oracle, noise on smoke" in written["how"]
    assert set(written["metrics"]) == {"quality", "drift"}
    scores = Store.existing(tmp_path / "smoke", "smoke", suites.load("smoke").version).scores()
    for metric, entry in written["metrics"].items():
        values = {(score.model, score.storyboard): score.value for score in scores if score.metric == metric}
        moved = {
            system: [
                abs(value - values[f"{system}:encoded-again", board])
                for (model, board), value in values.items()
                if model == system
            ]
            for system in ("oracle", "noise")
        }
        assert entry["band"] == pytest.approx(max(np.quantile(both, 0.95) for both in moved.values()))
        assert entry["n"] == 2
    assert written["metrics"]["quality"]["band"] > 0
