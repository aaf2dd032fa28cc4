"""Reads, checks and applies a stack file; environment, secrets and the session of a command."""
