"""An MLflow server on SQLite that keeps its artifacts in the bucket and hands them on, so clients need no keys."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from rehearsal.processes import free_port, server


@contextmanager
def mlflow_server(folder: Path, storage: Mapping[str, str], port: int = 0) -> Iterator[dict[str, str]]:
    """Starts `mlflow server`.

    Args:
        folder: For its database and log.
        storage: The variables of the S3 server.
        port: 0 for a free one.

    Yields:
        `MLFLOW_URL`.
    """
    port = port or free_port()
    url = f"http://127.0.0.1:{port}"
    folder.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    command += ["--backend-store-uri", f"sqlite:///{folder / 'mlflow.db'}"]
    command += ["--artifacts-destination", f"{storage['S3_BUCKET_URI']}/mlflow"]
    environment = {
        "AWS_ACCESS_KEY_ID": storage["S3_ACCESS_KEY_ID"],
        "AWS_SECRET_ACCESS_KEY": storage["S3_SECRET_ACCESS_KEY"],
        "AWS_DEFAULT_REGION": storage["S3_REGION"],
        "MLFLOW_S3_ENDPOINT_URL": storage["S3_ENDPOINT_URL"],
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",  # six processes that nobody asks
    }
    with server("mlflow", command, f"{url}/health", folder, environment):
        yield {"MLFLOW_URL": url}
