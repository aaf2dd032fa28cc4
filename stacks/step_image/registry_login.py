"""What a registry is shown when it asks who we are: the login that docker has for it, or a token bought with it."""

from __future__ import annotations

import base64
import re
from typing import Any
from urllib.parse import urlsplit

import requests

from switchyard.errors import SwitchyardError

_SECONDS = 30.0
_CLIENT = "switchyard"


def authorization(host: str, repository: str, actions: str, challenge: str) -> str:
    """The header that answers a registry's challenge.

    Args:
        host: The registry.
        repository: What is to be read or written in it.
        actions: `pull` or `pull,push`.
        challenge: The registry's `WWW-Authenticate`.

    Raises:
        SwitchyardError: There is no login, it is refused, or the registry asks for something unknown.
    """
    kind, _, rest = challenge.partition(" ")
    asked = dict(re.findall(r'(\w+)="([^"]*)"', rest))
    login = _login(host)
    if kind.lower() == "basic":
        if not login.get("username"):
            raise SwitchyardError(
                f"registry {host} wants a login and docker has none; sign in with: docker login {host}"
            )
        return _basic(login)
    if kind.lower() == "bearer" and "realm" in asked:
        return f"Bearer {_token(host, asked, f'repository:{repository}:{actions}', login)}"
    raise SwitchyardError(f"registry {host} wants an unknown kind of login, {kind!r}; known are Basic and Bearer")


def _login(host: str) -> dict[str, Any]:
    """What `docker login` has kept, in its file or in a credential helper; empty if nothing."""
    from docker import auth, errors

    try:
        return dict(auth.load_config().resolve_authconfig(host) or {})
    except errors.DockerException as error:
        raise SwitchyardError(
            f"registry {host}: docker's login cannot be read ({type(error).__name__}); "
            f"sign in with: docker login {host}"
        ) from error


def _token(host: str, asked: dict[str, str], scope: str, login: dict[str, Any]) -> str:
    """A token of the registry's own token server."""
    realm = asked["realm"]
    if urlsplit(realm).scheme != "https" and urlsplit(realm).hostname not in ("127.0.0.1", "::1", "localhost"):
        raise SwitchyardError(f"registry {host} sends logins to {realm}, without TLS; nothing was sent there")
    wanted = {"scope": scope} | ({"service": asked["service"]} if "service" in asked else {})
    try:
        if refresh := login.get("identitytoken") or login.get("IdentityToken"):
            form = wanted | {"grant_type": "refresh_token", "refresh_token": refresh, "client_id": _CLIENT}
            answer = requests.post(realm, data=form, timeout=_SECONDS)
        else:
            headers = {"Authorization": _basic(login)} if login.get("username") else {}
            answer = requests.get(realm, params=wanted, headers=headers, timeout=_SECONDS)
    except requests.RequestException as error:
        raise SwitchyardError(f"registry {host}: its token server {realm} cannot be reached") from error
    if answer.status_code != 200:
        raise SwitchyardError(
            f"registry {host} refuses docker's login (HTTP {answer.status_code}); sign in with: docker login {host}"
        )
    token = answer.json()
    return str(token.get("token") or token["access_token"])


def _basic(login: dict[str, Any]) -> str:
    pair = f"{login['username']}:{login.get('password', '')}"
    return "Basic " + base64.b64encode(pair.encode()).decode()
