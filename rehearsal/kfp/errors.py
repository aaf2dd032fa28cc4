"""What the API answers when it refuses: the body of grpc-gateway, as Kubeflow Pipelines sends it."""

from __future__ import annotations

from typing import Any

INVALID, NOT_FOUND, EXISTS, FORBIDDEN, PRECONDITION, UNIMPLEMENTED, INTERNAL, UNAUTHENTICATED = (
    3,
    5,
    6,
    7,
    9,
    12,
    13,
    16,
)
_HTTP_STATUS = {
    INVALID: 400,
    NOT_FOUND: 404,
    EXISTS: 409,
    FORBIDDEN: 403,
    PRECONDITION: 400,
    UNIMPLEMENTED: 501,
    INTERNAL: 500,
    UNAUTHENTICATED: 401,
}


class ApiError(Exception):
    """A refusal.

    Attributes:
        code: The gRPC code.
        message: What is wrong, in the words of the server.
    """

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message

    @property
    def status(self) -> int:
        """The HTTP status that grpc-gateway gives the code."""
        return _HTTP_STATUS[self.code]

    def body(self) -> dict[str, Any]:
        """The JSON that is sent."""
        status = {"@type": "type.googleapis.com/google.rpc.Status", "code": self.code, "message": self.message}
        return {"error": self.message, "code": self.code, "message": self.message, "details": [status]}


def not_found(kind: str, identifier: str) -> ApiError:
    """The error for an object that is not there."""
    return ApiError(
        NOT_FOUND, f"Failed to get {kind} {identifier}: ResourceNotFoundError: {kind} {identifier} not found"
    )
