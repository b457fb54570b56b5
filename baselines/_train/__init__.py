"""Trains the generators from nothing: `python -m evalsuite.baselines._train NAME --folder FOLDER`."""
