"""Putting a version live: what a deployer must do, and what the endpoint is asked first."""
