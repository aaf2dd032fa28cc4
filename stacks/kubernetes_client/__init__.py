"""The one way into Kubernetes, for the orchestrator, the deployer and the doctor."""
