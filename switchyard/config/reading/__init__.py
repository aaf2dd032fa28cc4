"""Reads a config file: YAML 1.2, `--set`, and validation errors as sentences."""
