"""Requests that outlive a crash of ZenML's server.

What the server works on when it is killed stays "in progress" in its database. Sent again with the same idempotency
key, as ZenML 0.98's client does, it is refused with 429 until the client gives up, after more than ten minutes of ever
longer pauses. Here it is sent again with a key of its own after a few short ones.
"""

from __future__ import annotations

import sys
from typing import Any

_STORE = "zenml.zen_stores.rest_zen_store"
_TURNS = 4
_RETRIES = {"status": 3, "connect": 6, "backoff_max": 10.0}  # half a minute for a server that is away


def ask_again() -> None:
    """Call once ZenML is open; without a server there is nothing to do."""
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
            except requests.exceptions.RetryError:  # answered, but never with an answer
                continue
        return ask(store, *arguments, **options)

    store_class._request = request
