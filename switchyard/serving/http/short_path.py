"""The short path of an infer request: from the parser to onnxruntime and back, without an ASGI task.

Small requests to fast models spend more time in the plumbing of ASGI (a task, an event, two messages each way, two
writes) than in the graph. This protocol answers a request on the spot if all of it came in one piece, nothing is wrong
with it and its model is fast. Every other request, above all every error, it hands to uvicorn as if
nothing had happened.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from switchyard.serving.http.slow_client_guard import SlowClientGuard

if TYPE_CHECKING:
    from collections.abc import Callable

    # URL, headers and body of a POST to the headers and body of a 200, or to None: take the long way.
    AnswerNow = Callable[[bytes, dict[bytes, bytes], bytes], bytes | None]


class ShortPathProtocol(SlowClientGuard):
    """Answers what `answer_now` can answer, and leaves the rest to uvicorn."""

    answer_now: AnswerNow
    _held = False
    _held_body = b""
    _date: list[tuple[bytes, bytes]] | None = None
    _head = b""

    def data_received(self, data: bytes) -> None:
        """Parse what came; a request that is still incomplete takes the long way."""
        super().data_received(data)
        if self._held:
            self._held = False
            if not self.transport.is_closing():
                self._release()

    def on_headers_complete(self) -> None:
        """Hold a request back that may be answered at once."""
        if self._may_be_short():
            self._in_headers = False
            self._held, self._held_body = True, b""
        else:
            super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Collect the body of a request held back."""
        if self._held:
            self._held_body += body
        else:
            super().on_body(body)

    def on_message_complete(self) -> None:
        """Answer a request held back, or hand it over."""
        if self._held:
            answer = self.answer_now(self.url, dict(self.headers), self._held_body)
            if answer is not None:
                self._held = self._receiving = False
                self.transport.write(self._status_and_date() + answer)
                self.on_response_complete()
                return
            self._held = False
            self._release()
        super().on_message_complete()

    def _may_be_short(self) -> bool:
        limit = self.limit_concurrency
        return (
            self.url.endswith(b"/infer")
            and self.parser.get_method() == b"POST"
            and self.parser.get_http_version() == "1.1"
            and (self.cycle is None or self.cycle.response_complete)
            and not self.pipeline
            and not self.flow.write_paused
            and not self.expect_100_continue
            and not self.parser.should_upgrade()
            and self.parser.should_keep_alive()
            and (limit is None or max(len(self.connections), len(self.tasks)) < limit)
        )

    def _release(self) -> None:
        """Let uvicorn see what was held back."""
        super().on_headers_complete()
        if self._held_body:
            super().on_body(self._held_body)
        self._held_body = b""

    def _status_and_date(self) -> bytes:
        """Uvicorn makes a new list of default headers every second, for the date."""
        headers = self.server_state.default_headers
        if headers is not self._date:
            lines = [name + b": " + value + b"\r\n" for name, value in headers]
            self._date, self._head = headers, b"HTTP/1.1 200 OK\r\n" + b"".join(lines)
        return self._head
