"""An artifact store's own certificate authorities, for Polars, which takes them from the environment only."""

from __future__ import annotations

import atexit
import os
import ssl
import tempfile
from pathlib import Path


def trust(bundle: str) -> None:
    """Makes what this process reads with Polars trust these authorities beside those that it trusts already.

    Args:
        bundle: A PEM file.
    """
    known = os.environ.get("SSL_CERT_FILE") or ssl.get_default_verify_paths().cafile
    trusted = Path(known).read_bytes() if known and Path(known).is_file() else b""
    own = Path(bundle).read_bytes()
    if own in trusted:
        return
    handle, both = tempfile.mkstemp(prefix="switchyard-ca-", suffix=".pem")
    atexit.register(Path(both).unlink, missing_ok=True)
    with os.fdopen(handle, "wb") as file:
        file.write(trusted + b"\n" + own)
    os.environ["SSL_CERT_FILE"] = both
