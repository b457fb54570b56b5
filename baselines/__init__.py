"""One file here is one system that makes videos; `docs/adding-a-baseline.md` shows how to add one."""
