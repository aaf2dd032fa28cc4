"""How the stack's artifact store reaches its bucket, for what reads past ZenML: Polars, and a source in a bucket."""

from __future__ import annotations

from typing import Any

from steps.storage.ca_bundle import trust
from switchyard.data.places.s3_access import S3Access, variable


def is_s3(artifact_store: Any) -> bool:  # noqa: ANN401 - a flavor that may not be installed
    """Whether it keeps its files in S3."""
    return "s3://" in artifact_store.config.SUPPORTED_SCHEMES


def access_of(artifact_store: Any) -> S3Access | None:  # noqa: ANN401 - likewise
    """Keys and endpoint; of a store that is not S3, None.

    What the component leaves open is taken from the environment, as ZenML itself does. The store's own certificate
    authorities are trusted from now on by what reads with Polars.
    """
    if not is_s3(artifact_store):
        return None
    key, secret, token, region = artifact_store.get_credentials()
    client = artifact_store.config.client_kwargs or {}
    bundle = client.get("verify")
    if isinstance(bundle, str):
        trust(bundle)
    return S3Access(
        endpoint=client.get("endpoint_url") or variable("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"),
        region=region or client.get("region_name") or variable("AWS_REGION", "AWS_DEFAULT_REGION"),
        key=key or "",
        secret=secret or "",
        token=token or "",
        bundle=bundle if isinstance(bundle, str) else "",
        addressing=((artifact_store.config.config_kwargs or {}).get("s3") or {}).get("addressing_style") or "auto",
    )
