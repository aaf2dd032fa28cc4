"""The secrets of a stack file in ZenML's secret store, which the components refer to by name.

Their values go nowhere else: not into a message, not into what `apply` says has changed.
"""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import SecretStr
from zenml.client import Client
from zenml.exceptions import EntityExistsError
from zenml.models import SecretResponse

Secrets = Mapping[str, Mapping[str, SecretStr]]


def apply_secrets(client: Client, secrets: Secrets, changes: list[str]) -> list[str]:
    """Makes the secret store what the stack file says; a secret that the file does not give (any more) is left alone.

    Args:
        client: ZenML's.
        secrets: By name, the values.
        changes: Gets one line for each secret that was created or updated, with the names of its keys.

    Returns:
        The names of those that were created.
    """
    return [name for name, values in secrets.items() if _apply(client, name, values, changes)]


def _apply(client: Client, name: str, values: Mapping[str, SecretStr], changes: list[str]) -> bool:
    wanted = {key: value.get_secret_value() for key, value in values.items()}
    found = _find(client, name)
    if found is None:
        try:
            client.create_secret(name, wanted)
            changes.append(f"secret {name} created")
            return True
        except EntityExistsError:  # another run was quicker
            found = client.get_secret_by_name_and_private_status(name, private=False)
    current = found.secret_values
    updates = {key: value for key, value in wanted.items() if current.get(key) != value}
    gone = [key for key in found.values if key not in wanted]
    if updates or gone:
        client.update_secret(found.id, add_or_update_values=updates, remove_values=gone)
        changes.append(f"secret {name} updated: {', '.join(sorted([*updates, *gone]))}")
    return False


def remove_secrets(client: Client, names: list[str]) -> None:
    """Takes back secrets that were created for a stack which was then refused."""
    for name in names:
        if found := _find(client, name):
            client.delete_secret(str(found.id))


def _find(client: Client, name: str) -> SecretResponse | None:
    try:
        return client.get_secret_by_name_and_private_status(name, private=False)
    except KeyError:
        return None
