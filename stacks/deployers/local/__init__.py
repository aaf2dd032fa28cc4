"""Serving on this machine: the flavor, the deployer and the service of the local endpoint."""
