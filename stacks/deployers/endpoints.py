"""Endpoints of the active stack, as ZenML knows them."""

from __future__ import annotations

from zenml.client import Client

from switchyard.errors import InputError


def stop_endpoint(name: str) -> str:
    """Stops the endpoint of a use case; what it serves stays in its repository.

    Args:
        name: The use case.

    Returns:
        What was done, in one sentence.

    Raises:
        InputError: The active stack serves nothing of that name.
    """
    stack = Client().active_stack
    if stack.model_deployer is None:
        raise InputError(
            f"stack {stack.name} has no model deployer, so it serves nothing; apply one that has: "
            "python run.py --stack local"
        )
    services = stack.model_deployer.find_model_server(service_name=f"zenml-{name}")
    if not services:
        raise InputError(
            f"{name}: stack {stack.name} has no endpoint of that name; see zenml model-deployer models list"
        )
    for service in services:
        stack.model_deployer.stop_model_server(service.uuid)
    return f"The endpoint of {name} is stopped; the next run starts it again."
