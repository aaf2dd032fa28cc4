"""Asks a container registry (OCI Distribution) what it has, and whether it would take more.

Logins are those of `docker login`, credential helpers included. A registry on this machine's loopback is spoken to
without TLS, as docker itself does.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin

import requests

from stacks.step_image.registry_login import authorization
from switchyard.errors import InputError, SwitchyardError

_MANIFESTS = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)
_SECONDS = 30.0
_DOCKER_HUB = "docker.io"


@dataclass(frozen=True)
class Repository:
    """One repository of a registry.

    Attributes:
        host: The registry, with its port.
        name: The repository's path in it.
    """

    host: str
    name: str

    @classmethod
    def parse(cls, text: str) -> Repository:
        """From `registry.example.com/team/name`; without a host it is one of Docker Hub.

        Raises:
            InputError: It is a URL, or carries a tag.
        """
        if "://" in text or "@" in text:
            raise InputError(f"REGISTRY {text!r}: write host/folder, without a scheme, tag or digest")
        first, _, rest = text.partition("/")
        if rest and ("." in first or ":" in first or first == "localhost"):
            return cls(first, rest)
        return cls(_DOCKER_HUB, text)

    def __str__(self) -> str:
        """As docker writes it."""
        return f"{self.host}/{self.name}"

    @property
    def loopback(self) -> bool:
        """Whether it is on this machine."""
        host = self.host.rsplit(":", 1)[0].strip("[]")
        try:
            return ipaddress.ip_address(host).is_loopback
        except ValueError:
            return host == "localhost"

    def digest(self, tag: str) -> str | None:
        """The digest of what a tag or digest names; None if there is no such image.

        Raises:
            SwitchyardError: The registry cannot be reached, or refuses the login.
        """
        found = self._ask("HEAD", f"manifests/{tag}", "pull", headers={"Accept": ", ".join(_MANIFESTS)})
        if found.status_code == 404:
            return None
        digest: str | None = found.headers.get("Docker-Content-Digest")
        if found.status_code != 200 or digest is None:
            raise SwitchyardError(f"{self}:{tag}: the registry answers HTTP {found.status_code} and no digest")
        return digest

    def layer_sizes(self, digest: str) -> list[int]:
        """How many bytes each layer has, packed as it travels."""
        found = self._ask("GET", f"manifests/{digest}", "pull", headers={"Accept": ", ".join(_MANIFESTS)})
        found.raise_for_status()
        manifest: dict[str, Any] = found.json()
        return [int(layer["size"]) for layer in manifest.get("layers", [])]

    def environment(self, digest: str) -> dict[str, str]:
        """The variables that an image sets; none for an index of images for several platforms."""
        found = self._ask("GET", f"manifests/{digest}", "pull", headers={"Accept": ", ".join(_MANIFESTS)})
        found.raise_for_status()
        config: str | None = found.json().get("config", {}).get("digest")
        if config is None:
            return {}
        settings: dict[str, Any] = self._ask("GET", f"blobs/{config}", "pull").json().get("config") or {}
        return dict(each.split("=", 1) for each in settings.get("Env") or [])

    def check_push(self) -> None:
        """Asks for an upload and gives it up at once, so nothing is left behind.

        Raises:
            SwitchyardError: The registry cannot be reached, or does not take images from this login.
        """
        begun = self._ask("POST", "blobs/uploads/", "pull,push")
        if begun.status_code != 202:
            raise SwitchyardError(f"{self}: the registry takes no images (HTTP {begun.status_code})")
        self._send("DELETE", urljoin(begun.url, begun.headers["Location"]), begun.request.headers)

    def _ask(self, method: str, path: str, actions: str, headers: dict[str, str] | None = None) -> requests.Response:
        """One request; if the registry wants a login, once more with it."""
        host = "registry-1.docker.io" if self.host == _DOCKER_HUB else self.host
        scheme = "http" if self.loopback else "https"
        url, sent = f"{scheme}://{host}/v2/{self.name}/{path}", dict(headers or {})
        answer = self._send(method, url, sent)
        if answer.status_code == 401:
            sent["Authorization"] = authorization(self.host, self.name, actions, answer.headers["WWW-Authenticate"])
            answer = self._send(method, url, sent)
        if answer.status_code in (401, 403):
            what = "push to" if "push" in actions else "read"
            raise SwitchyardError(
                f"{self}: the registry refuses to let this login {what} it (HTTP {answer.status_code}); "
                f"sign in with: docker login {self.host}"
            )
        if answer.status_code >= 500:
            raise SwitchyardError(f"{self}: the registry answers HTTP {answer.status_code}; try again later")
        return answer

    def _send(self, method: str, url: str, headers: Any) -> requests.Response:  # noqa: ANN401 - any mapping will do
        try:
            return _session().request(method, url, headers=headers, timeout=_SECONDS, allow_redirects=True)
        except requests.RequestException as error:
            raise SwitchyardError(
                f"registry {self.host}: cannot be reached ({_reason(error)}); check REGISTRY and the network"
            ) from error


def _session() -> requests.Session:
    """Without ~/.netrc: requests would put its password over the token that the registry has handed out."""
    session = requests.Session()
    session.auth = _unchanged
    return session


def _unchanged(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request


def _reason(error: requests.RequestException) -> str:
    """The innermost reason, which is the one that tells something."""
    inner: Any = error
    while getattr(inner, "args", None) and isinstance(inner.args[0], Exception):
        inner = getattr(inner.args[0], "reason", None) or inner.args[0]
    text = str(inner)
    return text.rsplit(">: ", 1)[-1].rsplit("): ", 1)[-1] or type(error).__name__
