"""Measure whether a long generated video hangs together."""

from pathlib import Path

__version__ = "0.1.0"

_here = Path(__file__).parent
if not (_here / "metrics").is_dir():  # a checkout: metrics/ and its siblings lie beside this folder
    __path__.append(str(_here.parent))

MOST_SEED = 2**31 - 1
"""What all libraries that draw chance take for a seed, at most."""
