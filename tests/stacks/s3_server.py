"""An S3 of this process (moto), over TLS with an authority of its own if wanted, that can be told to fail."""

from __future__ import annotations

import datetime
import ipaddress
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server


@dataclass
class S3Server:
    """A running server.

    Attributes:
        url: Where it answers.
        hosts: The Host and path of each request.
        refuse: How many of the next requests are answered with 503.
    """

    url: str = ""
    hosts: list[str] = field(default_factory=list)
    refuse: int = 0


@contextmanager
def s3_server(tls: tuple[Path, Path] | None = None) -> Iterator[S3Server]:
    """Runs until the block ends; its buckets stay, for moto keeps one set of them in a process.

    Args:
        tls: Certificate and key.
    """
    moto = DomainDispatcherApplication(create_backend_app)
    server = S3Server()

    def application(environ: dict[str, Any], start_response: Any) -> Any:
        server.hosts.append(f"{environ['HTTP_HOST']}{environ['PATH_INFO']}")
        if server.refuse > 0:
            server.refuse -= 1
            environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
            start_response("503 Slow Down", [("Content-Type", "application/xml")])
            return [b"<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>"]
        return moto(environ, start_response)

    context = tuple(map(str, tls)) if tls else None
    running = make_server("127.0.0.1", 0, application, threaded=True, ssl_context=context)  # type: ignore[arg-type]
    Thread(target=running.serve_forever, daemon=True).start()
    server.url = f"{'https' if tls else 'http'}://localhost:{running.server_port}"
    try:
        yield server
    finally:
        running.shutdown()
        running.server_close()


def write_certificates(folder: Path) -> tuple[Path, Path, Path]:
    """Makes an authority and a certificate for localhost; returns the files of authority, certificate and key."""
    authority_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    authority = _certificate("test authority", authority_key, "test authority", authority_key, is_authority=True)
    certificate = _certificate("localhost", key, "test authority", authority_key, is_authority=False)
    files = folder / "ca.pem", folder / "server.pem", folder / "server.key"
    files[0].write_bytes(authority.public_bytes(serialization.Encoding.PEM))
    files[1].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    files[2].write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return files


def _certificate(
    name: str,
    key: ec.EllipticCurvePrivateKey,
    issuer: str,
    issuer_key: ec.EllipticCurvePrivateKey,
    is_authority: bool,
) -> x509.Certificate:
    now = datetime.datetime.now(datetime.UTC)
    names = [x509.DNSName("localhost"), x509.DNSName("*.localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)]))
        .issuer_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, issuer)]))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .sign(issuer_key, hashes.SHA256())
    )
