"""What the server counts, in Prometheus' text format."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)

if TYPE_CHECKING:
    from switchyard.serving.loaded_models import LoadedModels

_BUCKETS = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)


class Metrics:
    """The counters of one server.

    The label `model` and `version` are empty for requests that name a model which does not exist, so that
    clients cannot make up labels.
    """

    def __init__(self) -> None:
        """Start at zero."""
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        labels = ("model", "version")
        self._requests = Counter(
            "switchyard_requests", "Infer requests answered.", (*labels, "code"), registry=self.registry
        )
        self._seconds = Histogram(
            "switchyard_request_seconds",
            "Time from the whole body read to the response encoded.",
            labels,
            buckets=_BUCKETS,
            registry=self.registry,
        )
        self._rows = Counter("switchyard_rows", "Rows predicted.", labels, registry=self.registry)
        self._loaded = Gauge(
            "switchyard_model_loaded", "Versions in memory; 1 if active, else 0.", labels, registry=self.registry
        )
        self._success = lru_cache(maxsize=256)(self._success_series)

    def _success_series(self, model: str, version: str) -> tuple[Counter, Histogram, Counter]:
        return (
            self._requests.labels(model, version, "200"),
            self._seconds.labels(model, version),
            self._rows.labels(model, version),
        )

    def answered(self, model: str, version: str, seconds: float, rows: int) -> None:
        """Count a request that was answered."""
        requests, latency, row_counter = self._success(model, version)
        requests.inc()
        latency.observe(seconds)
        row_counter.inc(rows)

    def refused(self, model: str, version: str, code: int) -> None:
        """Count a request that got an error."""
        self._requests.labels(model, version, str(code)).inc()

    def text(self, models: LoadedModels) -> bytes:
        """All metrics as Prometheus scrapes them."""
        self._loaded.clear()
        for name, versions in models.loaded.items():
            for version, model in versions.items():
                self._loaded.labels(name, version).set(float(models.active.get(name) is model))
        return generate_latest(self.registry)
