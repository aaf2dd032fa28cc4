"""The one way into Kubernetes: of a laptop by its kubeconfig, of a pod by its ServiceAccount."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from switchyard.errors import InputError

if TYPE_CHECKING:
    from kubernetes.client import ApiClient

_DEFAULT = "~/.kube/config"


def kubernetes_client(context: str | None, retries: int = 0) -> ApiClient:
    """A client of the cluster: of the named context, else of the pod that this runs in, else of the current context.

    A stack names its context for everybody; the pods of a run have no kubeconfig to find it in, and are in the cluster.

    Args:
        context: Of the kubeconfig; empty if none is named.
        retries: How often a request whose connection broke is sent again; none for who asks again anyway.

    Raises:
        InputError: There is no usable configuration.
    """
    from kubernetes import client, config

    settings = client.Configuration()
    try:
        if os.environ.get("KUBERNETES_SERVICE_HOST") and not (context and _has_kubeconfig()):
            config.load_incluster_config(client_configuration=settings)
        else:
            # The client looks at KUBECONFIG only once, when it is imported.
            config.load_kube_config(
                os.environ.get("KUBECONFIG"), context=context or None, client_configuration=settings
            )
    except (config.ConfigException, OSError) as error:
        which = f"context {context}" if context else "the current context"
        raise InputError(
            f"no access to Kubernetes: {which} of the kubeconfig cannot be used ({error}); "
            "set KUBE_CONTEXT and KUBECONFIG, or run in a pod of the cluster"
        ) from error
    settings.retries = retries or False
    return client.ApiClient(settings)


def _has_kubeconfig() -> bool:
    files = os.environ.get("KUBECONFIG") or _DEFAULT
    return any(Path(file).expanduser().is_file() for file in files.split(os.pathsep) if file)
