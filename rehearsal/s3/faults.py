"""A proxy before an S3 server that has bad days: 503, no answer, a cut connection, for some requests or for ever.

with faulty(endpoint) as s3:
    s3.refuse(3)                       # the next three requests get 503 SlowDown
    s3.refuse(5, methods={"PUT"})      # the next five writes
    s3.hang()                          # no request is answered from now on, until heal()
    s3.drop(1)                         # the next connection is cut in the middle of its answer
    ... talk to s3.url ...
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

_SLOW_DOWN = (
    b'<?xml version="1.0"?><Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>'
)
_HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length"}
_EVER = 10**9


@dataclass
class Faults:
    """What happens to the requests that come now.

    Attributes:
        url: The proxy's own address, to be used as S3's.
        faults: How many requests did not get through.
        requests: How many have come.
    """

    url: str
    faults: int = 0
    requests: int = 0
    _kind: str = ""
    _left: int = 0
    _methods: Collection[str] = ()
    _healed: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def refuse(self, requests: int = _EVER, methods: Collection[str] = ()) -> None:
        """503, as S3 answers when it has too much to do."""
        self._set("refuse", requests, methods)

    def hang(self, requests: int = _EVER, methods: Collection[str] = ()) -> None:
        """No answer until `heal`."""
        self._set("hang", requests, methods)

    def drop(self, requests: int = _EVER, methods: Collection[str] = ()) -> None:
        """The answer begins, and half-way the connection is cut."""
        self._set("drop", requests, methods)

    def heal(self) -> None:
        """Everything gets through again; what hangs is cut."""
        with self._lock:
            self._left = 0
            self._healed.set()

    def _set(self, kind: str, requests: int, methods: Collection[str]) -> None:
        self.heal()
        with self._lock:
            self._kind, self._left, self._methods = kind, requests, methods
            self._healed = threading.Event()

    def take(self, method: str) -> tuple[str, threading.Event]:
        """The fault of one request; called by the proxy."""
        with self._lock:
            self.requests += 1
            if not self._left or (self._methods and method not in self._methods):
                return "", self._healed
            self._left -= 1
            self.faults += 1
            return self._kind, self._healed


@contextmanager
def faulty(endpoint: str) -> Iterator[Faults]:
    """Runs the proxy until the block ends.

    Args:
        endpoint: Of the S3 server behind it.
    """
    target = urlsplit(endpoint)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_one(self) -> None:
            body = self._body()
            fault, repaired = faults.take(self.command)
            if fault == "refuse":
                self._answer(503, [("Content-Type", "application/xml")], b"" if self.command == "HEAD" else _SLOW_DOWN)
            elif fault == "hang":
                repaired.wait()
                self.close_connection = True
            else:
                self._forward(body, cut=fault == "drop")

        do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = handle_one  # noqa: N815

        def _body(self) -> bytes:
            if "chunked" not in self.headers.get("Transfer-Encoding", ""):
                return self.rfile.read(int(self.headers.get("Content-Length", 0)))
            chunks = []
            while size := int(self.rfile.readline().split(b";")[0], 16):
                chunks.append(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            return b"".join(chunks)

        def _forward(self, body: bytes, cut: bool) -> None:
            connection = HTTPConnection(str(target.hostname), target.port, timeout=60)
            headers = {name: value for name, value in self.headers.items() if name.lower() != "transfer-encoding"}
            connection.request(self.command, self.path, body, {**headers, "Content-Length": str(len(body))})
            answer = connection.getresponse()
            content = answer.read()
            length = [("Content-Length", answer.headers.get("Content-Length", str(len(content))))]
            kept = [(name, value) for name, value in answer.headers.items() if name.lower() not in _HOP_BY_HOP]
            connection.close()
            self._answer(answer.status, [*kept, *length], content, cut)

        def _answer(self, status: int, headers: list[tuple[str, str]], content: bytes, cut: bool = False) -> None:
            self.send_response_only(status)
            if not any(name == "Content-Length" for name, _ in headers):
                headers = [*headers, ("Content-Length", str(len(content)))]
            for name, value in headers:
                self.send_header(name, value)
            self.end_headers()
            with suppress(ConnectionError):
                self.wfile.write(content[: len(content) // 2] if cut else content)
            if cut:
                self.wfile.flush()
                self.connection.shutdown(socket.SHUT_RDWR)
                self.close_connection = True

        def log_message(self, *_: Any) -> None:
            """Says nothing."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: Any) -> None:
            """A client that has given up is what is tested here."""

    with Server(("127.0.0.1", 0), Handler) as server:
        faults = Faults(f"http://127.0.0.1:{server.server_port}")
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield faults
        finally:
            faults.heal()
            server.shutdown()
