"""How the networks of metrics are trained."""
