"""Trains the generators from nothing: `python -m evalsuite.baselines.training NAME --folder FOLDER`."""
