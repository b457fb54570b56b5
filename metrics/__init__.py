"""One file here is one metric; `docs/adding-a-metric.md` shows how to add one."""
