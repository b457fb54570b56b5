"""Trains the generators, from nothing where that is asked for: `evalsuite train NAME`."""
