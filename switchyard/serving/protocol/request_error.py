"""What a client did wrong, with the HTTP status that says so."""


class RequestError(Exception):
    """A request that cannot be answered; becomes `{"error": message}`.

    Args:
        message: One sentence that names the tensor, model or header.
        status: The HTTP status, 400 unless another one fits better.
    """

    def __init__(self, message: str, status: int = 400) -> None:
        """Keep the status beside the message."""
        super().__init__(message)
        self.status = status
