"""The S3 settings that KServe finds at a ServiceAccount (pkg/credentials/s3): its Secrets and their annotations."""

from __future__ import annotations

import base64

from kubernetes import client

_ANNOTATION = "serving.kserve.io/s3-"


class NoServiceAccount(Exception):  # noqa: N818 - what a ReplicaSet says when it cannot make a pod
    """The pods cannot be made."""


def environment(core: client.CoreV1Api, namespace: str, account: str) -> dict[str, str]:
    """What the storage initializer gets."""
    found: dict[str, str] = {}
    for name, secret in _secrets(core, namespace, account):
        annotations = secret.metadata.annotations or {}
        for key in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            found[key] = base64.b64decode(secret.data[key]).decode()
        if endpoint := annotations.get(f"{_ANNOTATION}endpoint"):
            scheme = "http" if annotations.get(f"{_ANNOTATION}usehttps") == "0" else "https"
            found["AWS_ENDPOINT_URL"] = f"{scheme}://{endpoint}"
        if region := annotations.get(f"{_ANNOTATION}region"):
            found["AWS_DEFAULT_REGION"] = region
        found["SECRET"] = name
    return found


def _secrets(core: client.CoreV1Api, namespace: str, account: str) -> list[tuple[str, client.V1Secret]]:
    try:
        references = core.read_namespaced_service_account(account, namespace).secrets or []
    except client.ApiException as error:
        if error.status != 404:
            raise
        raise NoServiceAccount(
            f"pods are forbidden: error looking up service account {namespace}/{account}: "
            f'serviceaccount "{account}" not found'
        ) from error
    secrets = []
    for reference in references:
        try:
            secret = core.read_namespaced_secret(reference.name, namespace)
        except client.ApiException as error:
            if error.status != 404:
                raise
            continue
        if "AWS_SECRET_ACCESS_KEY" in (secret.data or {}):
            secrets.append((reference.name, secret))
    return secrets
