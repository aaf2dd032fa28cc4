"""A container registry that has one image without a layer, for rehearsals in which no task looks at its image.

What the doctor asks is answered as a registry would (OCI Distribution): the image is there under every tag, and an
upload may begin and be given up.
"""

from __future__ import annotations

import hashlib
import json
import platform
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

_CONFIG_TYPE = "application/vnd.oci.image.config.v1+json"
_MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json"


def _digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


_CONFIG = json.dumps({"config": {"Env": [f"PYTHON_VERSION={platform.python_version()}"]}}).encode()
_MANIFEST = json.dumps(
    {
        "schemaVersion": 2,
        "mediaType": _MANIFEST_TYPE,
        "config": {"mediaType": _CONFIG_TYPE, "digest": _digest(_CONFIG), "size": len(_CONFIG)},
        "layers": [],
    }
).encode()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        if "/manifests/" in self.path:
            return self._answer(200, _MANIFEST, {"Content-Type": _MANIFEST_TYPE})
        return self._answer(200, _CONFIG, {"Content-Type": _CONFIG_TYPE})

    do_HEAD = do_GET  # noqa: N815

    def do_POST(self) -> None:
        self._answer(202, headers={"Location": f"{self.path}rehearsal"})

    def do_DELETE(self) -> None:
        self._answer(204)

    def _answer(self, status: int, body: bytes = b"", headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {"Docker-Content-Digest": _digest(body), **(headers or {})}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *arguments: object) -> None:
        pass


@contextmanager
def empty_registry() -> Iterator[str]:
    """Serves it; yields its host and port."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as server:
        threading.Thread(target=server.serve_forever, name="registry", daemon=True).start()
        yield f"127.0.0.1:{server.server_address[1]}"
        server.shutdown()
