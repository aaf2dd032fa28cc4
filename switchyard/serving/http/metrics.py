"""What the server counts, in Prometheus' text format.

Requests are counted in plain numbers, for all counting happens in the event loop's thread; prometheus-client, which
takes a lock for each number, turns them into text when they are asked for.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator
from itertools import accumulate
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, PlatformCollector, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

if TYPE_CHECKING:
    from switchyard.serving.engine.loaded_models import LoadedModels

_BUCKETS = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
_LABELS = ("model", "version")


class _Series:
    """The answered requests of one version."""

    __slots__ = ("buckets", "rows", "seconds")

    def __init__(self) -> None:
        """Start at zero."""
        self.buckets = [0] * (len(_BUCKETS) + 1)
        self.rows = 0
        self.seconds = 0.0

    def cumulative(self) -> list[tuple[str, float]]:
        """Pairs of upper bound and requests up to it, as Prometheus wants them."""
        bounds = [*map(str, _BUCKETS), "+Inf"]
        return list(zip(bounds, map(float, accumulate(self.buckets)), strict=True))


class Metrics(Collector):
    """The counters of one server.

    The labels `model` and `version` are empty for requests that name a model which does not exist, so that
    clients cannot make up labels.

    Args:
        models: The versions in memory.
    """

    def __init__(self, models: LoadedModels) -> None:
        """Start at zero."""
        self._models = models
        self._answered: dict[tuple[str, str], _Series] = {}
        self._refused: Counter[tuple[str, str, int]] = Counter()
        self._batches: Counter[tuple[str, str]] = Counter()
        self._batched: Counter[tuple[str, str]] = Counter()
        self._registry = CollectorRegistry()
        self._registry.register(self)
        ProcessCollector(registry=self._registry)
        PlatformCollector(registry=self._registry)

    def answered(self, model: str, version: str, seconds: float, rows: int) -> None:
        """Count a request that was answered."""
        series = self._answered.get((model, version))
        if series is None:
            series = self._answered[model, version] = _Series()
        series.buckets[bisect_left(_BUCKETS, seconds)] += 1
        series.rows += rows
        series.seconds += seconds

    def refused(self, model: str, version: str, code: int) -> None:
        """Count a request that got an error."""
        self._refused[model, version, code] += 1

    def batched(self, model: str, version: str, requests: int) -> None:
        """Count a batch, and the requests in it."""
        self._batches[model, version] += 1
        self._batched[model, version] += requests

    def collect(self) -> Iterator[Metric]:
        """The metrics as prometheus-client wants them."""
        requests = CounterMetricFamily("switchyard_requests", "Infer requests answered.", labels=(*_LABELS, "code"))
        rows = CounterMetricFamily("switchyard_rows", "Rows predicted.", labels=_LABELS)
        seconds = HistogramMetricFamily(
            "switchyard_request_seconds", "Time from the whole body read to the response encoded.", labels=_LABELS
        )
        for labels, series in self._answered.items():
            requests.add_metric((*labels, "200"), sum(series.buckets))
            rows.add_metric(labels, series.rows)
            seconds.add_metric(labels, series.cumulative(), series.seconds)
        for (model, version, code), count in self._refused.items():
            requests.add_metric((model, version, str(code)), count)
        batches = CounterMetricFamily("switchyard_batches", "Runs of the graph for a batch.", labels=_LABELS)
        batched = CounterMetricFamily("switchyard_batched_requests", "Requests in these batches.", labels=_LABELS)
        for family, counted in ((batches, self._batches), (batched, self._batched)):
            for name, number in counted.items():
                family.add_metric(name, number)
        yield from (requests, rows, seconds, batches, batched, self._loaded())

    def _loaded(self) -> Metric:
        loaded = GaugeMetricFamily(
            "switchyard_model_loaded", "Versions in memory; 1 if active, else 0.", labels=_LABELS
        )
        for name, versions in self._models.loaded.items():
            for version, model in versions.items():
                loaded.add_metric((name, version), float(self._models.active.get(name) is model))
        return loaded

    def text(self) -> bytes:
        """All metrics as Prometheus scrapes them."""
        return generate_latest(self._registry)
