"""The ways into KFP's API: a token, a token file, a session cookie, or through the Kubernetes API."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from switchyard.errors import SwitchyardError

if TYPE_CHECKING:
    from kfp_server_api import ApiClient, Configuration

    from stacks.orchestrators.kubeflow.config import KubeflowConfig


def connect(config: KubeflowConfig) -> ApiClient:
    """A client that sends what the configuration says; nothing is asked yet.

    Args:
        config: Of the orchestrator.

    Raises:
        SwitchyardError: The token file, the CA bundle or the kubeconfig cannot be read.
    """
    from kfp_server_api import ApiClient

    settings = _direct(config) if config.url else _through_kubernetes(config)
    settings.retries = False  # whoever asks decides how often
    if config.ca_bundle:
        settings.ssl_ca_cert = str(_readable(config.ca_bundle, "ca_bundle", "KFP_CA_BUNDLE"))
    return ApiClient(settings, cookie=config.cookie)


def _direct(config: KubeflowConfig) -> Configuration:
    from kfp_server_api import Configuration

    settings = Configuration(host=config.url)
    if config.token_file:
        path = _readable(config.token_file, "token_file", "KFP_TOKEN_FILE")
        _bearer(settings, path.read_text().strip())
        # The kubelet replaces the file long before the token in it expires.
        settings.refresh_api_key_hook = lambda current: _bearer(current, path.read_text().strip())
    elif config.token:
        _bearer(settings, config.token)
    return settings


def _bearer(settings: Configuration, token: str) -> None:
    settings.api_key["authorization"] = token
    settings.api_key_prefix["authorization"] = "Bearer"


def _through_kubernetes(config: KubeflowConfig) -> Configuration:
    """The API server forwards to the service, as `kubectl port-forward` would."""
    from kfp_server_api import Configuration

    from stacks.kubernetes_client.client import kubernetes_client

    of_cluster: Any = kubernetes_client(config.kubernetes_context).configuration
    namespace, _, service = config.kubernetes_service.partition("/")
    settings = Configuration(host=f"{of_cluster.host}/api/v1/namespaces/{namespace}/services/{service}/proxy")
    for name in ("api_key", "api_key_prefix", "refresh_api_key_hook", "ssl_ca_cert", "cert_file", "key_file"):
        setattr(settings, name, getattr(of_cluster, name))
    settings.verify_ssl = of_cluster.verify_ssl
    return settings


def _readable(name: str, field: str, variable: str) -> Path:
    path = Path(name).expanduser()
    try:
        path.open("rb").close()
    except OSError as error:
        raise SwitchyardError(
            f"{field} of the orchestrator is {name}, which cannot be read ({error.strerror}); correct {variable}"
        ) from error
    return path
