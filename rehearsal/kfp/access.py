"""Who may call the server: a bearer token or a cookie, and the namespaces of a multi-user installation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from rehearsal.kfp.errors import FORBIDDEN, INVALID, UNAUTHENTICATED, ApiError


@dataclass(frozen=True)
class Access:
    """What the server asks for.

    Attributes:
        token: The bearer token that is taken, if one is asked for.
        token_file: A file with the token, read anew for each request, so that a token can be rotated.
        cookie: The cookie that is taken, as `name=value`.
        namespaces: Those that the caller may use; any makes this a multi-user installation.
    """

    token: str = ""
    token_file: Path | None = None
    cookie: str = ""
    namespaces: tuple[str, ...] = ()

    @property
    def multi_user(self) -> bool:
        """Whether everything is in a namespace."""
        return bool(self.namespaces)

    def check(self, headers: Mapping[str, str]) -> None:
        """Looks at the credentials of a request.

        Raises:
            ApiError: They are not what is asked for.
        """
        token = self.token_file.read_text().strip() if self.token_file else self.token
        given = headers.get("authorization", "").removeprefix("Bearer ")
        cookies = [cookie.strip() for cookie in headers.get("cookie", "").split(";")]
        if (token and given == token) or (self.cookie and self.cookie in cookies):
            return
        if token or self.cookie:
            raise ApiError(UNAUTHENTICATED, "Unauthenticated: Request header error: there is no user identity header.")

    def namespace(self, given: str, what: str) -> str:
        """The namespace that a request is about, "" in a single-user installation.

        Raises:
            ApiError: It is missing or not the caller's.
        """
        if not self.multi_user:
            return ""
        if not given:
            raise ApiError(
                INVALID,
                f"Invalid input error: Namespace cannot be empty. {what} must have a namespace in multi-user mode",
            )
        self.may_enter(given)
        return given

    def may_enter(self, namespace: str) -> None:
        """Refuses a namespace that is not the caller's.

        Raises:
            ApiError: It is none of them.
        """
        if self.multi_user and namespace and namespace not in self.namespaces:
            raise ApiError(
                FORBIDDEN,
                "Failed to authorize with API: PermissionDenied: User 'user@example.com' is not authorized with "
                f"reason:  (request: namespace {namespace})",
            )
