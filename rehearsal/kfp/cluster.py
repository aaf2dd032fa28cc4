"""What the process executor takes from a Kubernetes: secrets, config maps, and the identity of a ServiceAccount."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit


class Secrets(Protocol):
    """Where secrets and config maps are kept."""

    def secret(self, namespace: str, name: str) -> dict[str, str] | None:
        """The keys of a secret, or None if there is none of that name."""

    def config_map(self, namespace: str, name: str) -> dict[str, str] | None:
        """The keys of a config map, or None if there is none of that name."""


class SecretFiles:
    """Secrets in a folder: one folder a secret, one file a key, as Kubernetes mounts them."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder

    def secret(self, namespace: str, name: str) -> dict[str, str] | None:
        """See `Secrets`; the namespace makes no difference."""
        folder = self._folder / name if self._folder else None
        if folder is None or not folder.is_dir():
            return None
        return {file.name: file.read_text() for file in folder.iterdir() if file.is_file()}

    def config_map(self, namespace: str, name: str) -> dict[str, str] | None:
        """See `Secrets`; kept beside the secrets."""
        return self.secret(namespace, name)


class Cluster:
    """A Kubernetes, by its kubeconfig."""

    def __init__(self, kubeconfig: Path, context: str | None = None) -> None:
        from kubernetes import client, config

        settings = client.Configuration()
        config.load_kube_config(str(kubeconfig), context=context, client_configuration=settings)
        self.core = client.CoreV1Api(client.ApiClient(settings))
        self._client = client
        self._settings = settings

    def secret(self, namespace: str, name: str) -> dict[str, str] | None:
        """See `Secrets`."""
        found = self._read(self.core.read_namespaced_secret, namespace, name)
        return None if found is None else {k: base64.b64decode(v).decode() for k, v in (found.data or {}).items()}

    def config_map(self, namespace: str, name: str) -> dict[str, str] | None:
        """See `Secrets`."""
        found = self._read(self.core.read_namespaced_config_map, namespace, name)
        return None if found is None else dict(found.data or {})

    def _read(self, read: Any, namespace: str, name: str) -> Any:
        try:
            return read(name, namespace)
        except self._client.ApiException as error:
            if error.status == 404:
                return None
            raise

    def identity(self, namespace: str, account: str, folder: Path) -> dict[str, str]:
        """Writes what a pod finds under /var/run/secrets/kubernetes.io/serviceaccount.

        Args:
            namespace: Of the run.
            account: The ServiceAccount.
            folder: Gets token, ca.crt and namespace.

        Returns:
            The environment variables that belong to it.
        """
        request = self._client.AuthenticationV1TokenRequest(
            spec=self._client.V1TokenRequestSpec(audiences=[], expiration_seconds=24 * 3600)
        )
        token = self.core.create_namespaced_service_account_token(account, namespace, request).status.token
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "token").write_text(token)
        (folder / "namespace").write_text(namespace)
        authority = Path(self._settings.ssl_ca_cert).read_bytes() if self._settings.ssl_ca_cert else b""
        (folder / "ca.crt").write_bytes(authority)
        server = urlsplit(self._settings.host)
        port = str(server.port or 443)
        return {
            "KUBERNETES_SERVICE_HOST": server.hostname or "",
            "KUBERNETES_SERVICE_PORT": port,
            "KUBERNETES_SERVICE_PORT_HTTPS": port,
        }
