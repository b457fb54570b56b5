"""The cartoon world: stories whose pictures, and the exact truth about them, are known for every frame."""
