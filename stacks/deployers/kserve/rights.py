"""What a roll-out asks of Kubernetes: the Role in stacks/kubernetes gives it, the doctor checks it."""

from __future__ import annotations

from dataclasses import dataclass

from stacks.deployers.kserve.cluster import Cluster


@dataclass(frozen=True)
class Right:
    """One verb on one kind of object, inside the namespace."""

    verb: str
    group: str
    resource: str

    def __str__(self) -> str:
        """As a Role names it."""
        return f"{self.verb} {self.resource}" + (f".{self.group}" if self.group else "")


RIGHTS = (
    *(Right(verb, "serving.kserve.io", "inferenceservices") for verb in ("get", "create", "patch", "delete")),
    Right("get", "apps", "deployments"),
    Right("list", "", "pods"),
    Right("get", "", "pods/log"),
)


def missing_rights(cluster: Cluster, service_account: str = "") -> list[Right]:
    """The rights that are not there.

    Args:
        cluster: The namespace.
        service_account: Whose; without it the rights of whoever asks. Asking for another one needs a right itself.

    Raises:
        SwitchyardError: The cluster does not say.
    """
    return [right for right in RIGHTS if not cluster.may(right.verb, right.group, right.resource, service_account)]
