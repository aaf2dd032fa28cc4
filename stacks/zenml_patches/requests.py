"""Requests that survive a crash of ZenML's server.

A request that the server is processing when it is killed stays "in progress" in its database. ZenML 0.98.0's client
retries it with the same idempotency key, and the server refuses it with 429 until the client gives up after more than
ten minutes of growing pauses. Here it is sent again with a new key after a few short retries.
"""

from __future__ import annotations

import sys
from typing import Any

_STORE = "zenml.zen_stores.rest_zen_store"
_TURNS = 4
_RETRIES = {"status": 3, "connect": 6, "backoff_max": 10.0}  # about half a minute for an unreachable server


def retry_with_new_key() -> None:
    """Call once ZenML is open; does nothing without a server."""
    if _STORE not in sys.modules:
        return
    import requests

    store_class: Any = sys.modules[_STORE].RestZenStore
    ask = store_class._request

    def request(store: Any, *arguments: Any, **options: Any) -> Any:  # noqa: ANN401 - passed on as it comes
        for adapter in store.session.adapters.values():
            adapter.max_retries = adapter.max_retries.new(**_RETRIES)
        for _ in range(_TURNS - 1):
            try:
                return ask(store, *arguments, **options)
            except requests.exceptions.RetryError:  # only refusals so far
                continue
        return ask(store, *arguments, **options)

    store_class._request = request
