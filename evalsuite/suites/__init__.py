"""One TOML file here is one suite."""
