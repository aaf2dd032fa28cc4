"""The few calls that a roll-out makes to Kubernetes, each failure as one sentence."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from stacks.kubernetes_client.client import kubernetes_client
from switchyard.errors import SwitchyardError

INFERENCE_SERVICES = "inferenceservices.serving.kserve.io"
_SERVICES = "/apis/serving.kserve.io/v1beta1/namespaces/{namespace}/inferenceservices"
_DEPLOYMENTS = "/apis/apps/v1/namespaces/{namespace}/deployments"
_PODS = "/api/v1/namespaces/{namespace}/pods"
_REVIEWS = {
    "subjectaccessreviews": "SubjectAccessReview",
    "selfsubjectaccessreviews": "SelfSubjectAccessReview",
}
_SECONDS = 30.0
_RETRIES = 3
_SERVICE_ACCOUNT = re.compile(r"system:serviceaccount:([^:\"\s]+):([^:\"\s]+)")
_USER = re.compile(r'User "([^"]+)"')


class UnreachableError(SwitchyardError):
    """The Kubernetes API did not answer; it may a moment later."""


class ConflictError(SwitchyardError):
    """Somebody else changed the object in between."""


class MissingError(SwitchyardError):
    """There is no such object."""


class Cluster:
    """A namespace of a Kubernetes.

    Args:
        namespace: Where the InferenceServices are.
        context: A context of the kubeconfig; without it the ServiceAccount of the pod that this runs in, or the current
            context.
    """

    def __init__(self, namespace: str, context: str = "") -> None:
        """Reads the credentials; asks nothing yet."""
        self.namespace = namespace
        self._client = kubernetes_client(context, _RETRIES)
        self.host = str(self._client.configuration.host)

    def service(self, name: str) -> dict[str, Any] | None:
        """An InferenceService, or None."""
        return self._get(_SERVICES, name, INFERENCE_SERVICES)

    def create(self, manifest: dict[str, Any]) -> dict[str, Any]:
        """Creates an InferenceService."""
        created: dict[str, Any] = self._ask("POST", _SERVICES, "", "create", INFERENCE_SERVICES, manifest)
        return created

    def patch(self, name: str, operations: list[dict[str, Any]]) -> dict[str, Any]:
        """Changes an InferenceService by a JSON patch."""
        changed: dict[str, Any] = self._ask("PATCH", _SERVICES, name, "patch", INFERENCE_SERVICES, operations)
        return changed

    def delete(self, name: str) -> bool:
        """Deletes an InferenceService with all that KServe made for it; whether there was one."""
        try:
            options = {"propagationPolicy": "Foreground"}
            self._ask("DELETE", _SERVICES, name, "delete", INFERENCE_SERVICES, options)
        except MissingError:
            return False
        return True

    def deployment(self, name: str) -> dict[str, Any] | None:
        """The Deployment that KServe made in Standard mode, or None."""
        return self._get(_DEPLOYMENTS, f"{name}-predictor", "deployments.apps")

    def pods(self, name: str) -> list[dict[str, Any]]:
        """The pods of an InferenceService's predictor, newest first."""
        selector = f"serving.kserve.io/inferenceservice={name}"
        answer = self._ask("GET", _PODS, "", "list", "pods", query={"labelSelector": selector})
        pods: list[dict[str, Any]] = answer["items"]
        return sorted(pods, key=lambda pod: pod["metadata"]["creationTimestamp"], reverse=True)

    def log(self, pod: str, container: str, tail: int | None = None) -> list[str]:
        """The log of a container."""
        query: dict[str, Any] = {"container": container} | ({} if tail is None else {"tailLines": tail})
        text = self._ask("GET", _PODS, f"{pod}/log", "get", "pods/log", query=query)
        return str(text).splitlines()

    def may(self, verb: str, group: str, resource: str, service_account: str = "") -> bool:
        """Whether whoever asks, or a ServiceAccount of the namespace, may do this there."""
        resource, _, part = resource.partition("/")
        attributes = {"namespace": self.namespace, "verb": verb, "group": group, "resource": resource}
        spec: dict[str, Any] = {"resourceAttributes": attributes | ({"subresource": part} if part else {})}
        kind = "subjectaccessreviews" if service_account else "selfsubjectaccessreviews"
        if service_account:
            spec["user"] = f"system:serviceaccount:{self.namespace}:{service_account}"
            spec["groups"] = ["system:serviceaccounts", f"system:serviceaccounts:{self.namespace}"]
        body = {"apiVersion": "authorization.k8s.io/v1", "kind": _REVIEWS[kind], "spec": spec}
        answer = self._ask("POST", f"/apis/authorization.k8s.io/v1/{kind}", "", "create", kind, body)
        return bool(answer["status"]["allowed"])

    def _get(self, path: str, name: str, resource: str) -> dict[str, Any] | None:
        try:
            found: dict[str, Any] = self._ask("GET", path, name, "get", resource)
        except MissingError:
            return None
        return found

    def _ask(
        self,
        method: str,
        path: str,
        name: str,
        verb: str,
        resource: str,
        body: Any = None,  # noqa: ANN401 - JSON
        query: dict[str, Any] | None = None,
    ) -> Any:  # noqa: ANN401 - JSON
        kind = "json-patch+json" if method == "PATCH" else "json"
        with self._explained(verb, resource, name):
            response = self._client.call_api(
                path.format(namespace=self.namespace) + (f"/{name}" if name else ""),
                method,
                query_params=list((query or {}).items()),
                header_params={"Accept": "application/json, */*", "Content-Type": f"application/{kind}"},
                body=body,
                auth_settings=["BearerToken"],
                _preload_content=False,
                _return_http_data_only=True,
                _request_timeout=_SECONDS,
            )
            content = response.data
        return content.decode(errors="replace") if name.endswith("/log") else json.loads(content)

    @contextmanager
    def _explained(self, verb: str, resource: str, name: str) -> Iterator[None]:
        from kubernetes.client.exceptions import ApiException
        from urllib3.exceptions import HTTPError

        try:
            yield
        except ApiException as error:
            raise _refusal(error, verb, resource, name, self.namespace) from error
        except (HTTPError, OSError) as error:
            reason = str(error).rpartition(": ")[2].rstrip(")'\"")
            raise UnreachableError(f"the Kubernetes API at {self.host} does not answer: {reason}") from error


def _refusal(error: Any, verb: str, resource: str, name: str, namespace: str) -> Exception:  # noqa: ANN401 - no types
    message = _message(error)
    what = f"{resource} {name} in namespace {namespace}" if name else f"{resource} in namespace {namespace}"
    if error.status == 404:
        return _missing(message, what)
    if error.status == 403 and "admission webhook" not in message:
        return SwitchyardError(
            f"no right to {verb} {resource} in namespace {namespace}: {_who(message)} may not; apply stacks/kubernetes "
            "or give it a Role that allows this"
        )
    if error.status == 401:
        return SwitchyardError(f"Kubernetes refuses the credentials with which to {verb} {what}: sign in again")
    if error.status == 409:
        return ConflictError(f"{what} was changed by somebody else meanwhile: run again")
    if error.status in (0, 429, 500, 502, 503, 504):  # 0: the connection broke
        return UnreachableError(f"the Kubernetes API cannot {verb} {what} now: {message}")
    return SwitchyardError(f"Kubernetes refuses to {verb} {what}: {message}")


def _missing(message: str, what: str) -> Exception:
    """A missing object, or a cluster that has no such kind of object at all."""
    if "could not find the requested resource" in message or "page not found" in message:
        return SwitchyardError(f"this cluster knows no {what.partition(' ')[0]}: install KServe, then try again")
    return MissingError(f"there is no {what}: {message}")


def _message(error: Any) -> str:  # noqa: ANN401 - the client has no types
    try:
        return " ".join(str(json.loads(error.body)["message"]).split())
    except (ValueError, KeyError, TypeError):
        body = error.body.decode(errors="replace") if isinstance(error.body, bytes) else str(error.body or "")
        return " ".join(body.split())[:300] or str(error.reason)


def _who(message: str) -> str:
    if found := _SERVICE_ACCOUNT.search(message):
        return f"ServiceAccount {found[2]} of namespace {found[1]}"
    user = _USER.search(message)
    return f"user {user[1]}" if user else "this user"
