"""What several checks ask of Kubernetes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from switchyard.errors import SwitchyardError

_SECONDS = 10.0


class RefusedError(Exception):
    """Kubernetes answers, and says no.

    Args:
        status: The HTTP status.
        message: In its own words.
    """

    def __init__(self, status: int, message: str) -> None:
        """Keeps both."""
        super().__init__(message)
        self.status = status


class KubernetesApi:
    """A Kubernetes as this machine may use it.

    Args:
        context: Of the kubeconfig; empty for the current one, or the pod's own.
    """

    def __init__(self, context: str | None) -> None:
        """Reads the credentials; asks nothing yet."""
        from stacks.kubernetes_client.client import kubernetes_client

        self._client = kubernetes_client(context or None)
        self.host = str(self._client.configuration.host)

    def get(self, path: str) -> dict[str, Any]:
        """What stands at a path of the API.

        Raises:
            RefusedError: It is missing, or may not be looked at.
            SwitchyardError: Kubernetes does not answer, or does not know this machine.
        """
        return self._ask("GET", path)

    def allowed(
        self, namespace: str, verb: str, group: str, resource: str, account: str = "", impersonate: bool = False
    ) -> bool:
        """Whether something may be done.

        Args:
            namespace: Where.
            verb: What.
            group: Of the resource.
            resource: With what; `pods/log` for a part of it.
            account: Who, as Kubernetes calls a ServiceAccount; empty for whoever asks.
            impersonate: Ask in its place instead of about it, which wants another right.
        """
        kind, _, part = resource.partition("/")
        attributes = {"namespace": namespace, "verb": verb, "group": group, "resource": kind, "subresource": part}
        about = bool(account) and not impersonate
        name = "LocalSubjectAccessReview" if about else "SelfSubjectAccessReview"
        place = f"/namespaces/{namespace}" if about else ""
        told = self._ask(
            "POST",
            f"/apis/authorization.k8s.io/v1{place}/{name.lower()}s",
            {
                "apiVersion": "authorization.k8s.io/v1",
                "kind": name,
                "metadata": {"namespace": namespace} if about else {},
                "spec": {"resourceAttributes": attributes, **({"user": account} if about else {})},
            },
            {"Impersonate-User": account} if account and impersonate else {},
        )
        return bool(told["status"]["allowed"])

    def _ask(
        self, method: str, path: str, body: dict[str, Any] | None = None, headers: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        from kubernetes.client.exceptions import ApiException
        from urllib3.exceptions import HTTPError

        try:
            answer = self._client.call_api(
                path,
                method,
                body=body,
                header_params={"Accept": "application/json", "Content-Type": "application/json", **(headers or {})},
                auth_settings=["BearerToken"],
                _preload_content=False,
                _return_http_data_only=True,
                _request_timeout=_SECONDS,
            )
            told: dict[str, Any] = json.loads(answer.data)
        except ApiException as error:
            if error.status == 401:
                raise SwitchyardError(
                    f"Kubernetes at {self.host} does not accept the credentials of the kubeconfig; sign in again"
                ) from error
            raise RefusedError(int(error.status or 0), _message(error)) from error
        except (HTTPError, OSError) as error:
            reason = str(getattr(error, "reason", None) or error).rsplit(">: ", 1)[-1]
            raise SwitchyardError(
                f"Kubernetes at {self.host} cannot be reached ({reason}); correct KUBE_CONTEXT or KUBECONFIG"
            ) from error
        return told


def _message(error: Any) -> str:  # noqa: ANN401 - the client has no types
    try:
        return str(json.loads(error.body)["message"])
    except (ValueError, KeyError, TypeError):
        return str(error.reason)
