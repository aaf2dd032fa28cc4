"""The Kedro project of six trivial nodes."""
