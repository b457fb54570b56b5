"""Where the generators' weights are, for those who need not load them."""

from __future__ import annotations

from pathlib import Path

SHIPPED = Path(__file__).parents[1] / "weights"
AUTOENCODER = "toon_autoencoder.safetensors"
BASE = "base.safetensors"
CASCADE = ("walt_48x32", "walt_96x64", "walt_192x128")
"""The models of W.A.L.T in the order in which they run."""
NO_WEIGHTS = "none yet; `evalsuite train` makes them"


def weight_file(name: str, folder: Path = SHIPPED) -> Path:
    return folder / f"{name}.safetensors"
