"""The parts of which the trained generators are built."""
