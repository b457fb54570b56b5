"""`python -m evalsuite.baselines._train ttt --folder FOLDER [--smoke]`."""

from __future__ import annotations

import argparse
from pathlib import Path

from .recipe import RECIPES
from .train import train

parser = argparse.ArgumentParser(prog="evalsuite.baselines._train", description="Train a generator from nothing.")
parser.add_argument("name", choices=sorted(RECIPES))
parser.add_argument("--folder", type=Path, required=True, help="where episodes, checkpoints and weights are kept")
parser.add_argument("--smoke", action="store_true", help="a tiny run of every step, in a minute or less")
arguments = parser.parse_args()
train(arguments.name, arguments.folder, arguments.smoke)
