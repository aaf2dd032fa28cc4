"""An artifact store's own certificate authorities, for Polars, which takes them from the environment only."""

from __future__ import annotations

import os
import ssl


def trust(bundle: str) -> None:
    """Makes what is read with Polars from now on trust these authorities beside the system's.

    What the environment says already is left as it is.

    Args:
        bundle: A PEM file.
    """
    if os.environ.setdefault("SSL_CERT_FILE", bundle) == bundle and (folder := ssl.get_default_verify_paths().capath):
        os.environ.setdefault("SSL_CERT_DIR", folder)  # with the file alone, the system's would not be looked at
