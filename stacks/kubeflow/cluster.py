"""The Kubernetes under KFP, where this machine can reach it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from switchyard.errors import SwitchyardError

if TYPE_CHECKING:
    from kubernetes.client import ApiClient


def kubernetes_client(context: str | None) -> ApiClient:
    """A client of the cluster: of the named context, else of the pod that this runs in, else of the current context.

    Raises:
        SwitchyardError: There is no usable configuration.
    """
    from kubernetes import client, config

    settings = client.Configuration()
    try:
        if not context and os.environ.get("KUBERNETES_SERVICE_HOST"):
            config.load_incluster_config(client_configuration=settings)
        else:
            # The client looks at KUBECONFIG only once, when it is imported.
            config.load_kube_config(os.environ.get("KUBECONFIG"), context=context, client_configuration=settings)
    except config.ConfigException as error:
        where = f"context {context}" if context else "a current context"
        raise SwitchyardError(
            f"Kubernetes cannot be reached: the kubeconfig has no usable {where} ({error}); "
            "set KUBE_CONTEXT or KUBECONFIG"
        ) from error
    settings.retries = False
    return client.ApiClient(settings)
