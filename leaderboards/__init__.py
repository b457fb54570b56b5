"""One file here is one way to rank."""
