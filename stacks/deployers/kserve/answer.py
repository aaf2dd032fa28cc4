"""Where an InferenceService answers, and whether its answers are correct."""

from __future__ import annotations

import time
from typing import Any

from switchyard.errors import SwitchyardError
from switchyard.serving.protocol import client
from switchyard.serving.rollout.golden import smoke_test
from switchyard.serving.rollout.golden_rows import GoldenRows

_ROUTING_SECONDS = 20.0
"""For this long the network may still route to the old pods, or to none."""


def urls(service: dict[str, Any]) -> list[str]:
    """The URLs of an InferenceService: the one inside the cluster first, then the one outside."""
    status = service.get("status") or {}
    found = [(status.get("address") or {}).get("url"), status.get("url")]
    return list(dict.fromkeys(url.rstrip("/") for url in found if url))


def check(service: dict[str, Any], version: int, golden: GoldenRows) -> str:
    """Requests the golden rows until they are correct.

    Args:
        service: The InferenceService.
        version: The version that must answer.
        golden: Its golden rows.

    Returns:
        The URL that answered.

    Raises:
        SwitchyardError: It never answered, or never correctly; with the last answer.
    """
    name, known = str(service["metadata"]["name"]), urls(service)
    if not known:
        raise SwitchyardError(f"InferenceService {name} is ready but has no URL: look at KServe's ingress settings")
    end = time.monotonic() + _ROUTING_SECONDS
    while True:
        url = next(filter(client.live, known), None)
        try:
            if url is None:
                raise SwitchyardError(f"smoke test of {name} {version}: nothing answers at {' or '.join(known)}")
            smoke_test(url, name, version, golden, binary=True)
        except SwitchyardError:
            if time.monotonic() > end:
                raise
            time.sleep(1.0)
        else:
            return url
