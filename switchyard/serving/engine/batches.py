"""Requests that arrive together, run as one: a network takes little longer for eight images than for one.

All of it happens in the event loop but the run of the graph, which has a thread.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from switchyard.serving.protocol.request_error import RequestError

if TYPE_CHECKING:
    from switchyard.config.server_options import Batching
    from switchyard.serving.engine.loaded_model import LoadedModel
    from switchyard.serving.http.metrics import Metrics

Array = np.ndarray[Any, Any]
Feed = dict[str, Array]


@dataclass
class _Batch:
    """What waits for the same graph, with rows of one shape, for the same outputs."""

    model: LoadedModel
    names: list[str]
    feeds: list[Feed] = field(default_factory=list)
    answers: list[asyncio.Future[list[Array]]] = field(default_factory=list)
    rows: int = 0
    timer: asyncio.TimerHandle | None = None


class Batches:
    """Collects requests for at most `max_delay_ms` or until `max_size` rows are there, and runs them as one.

    Only requests of one version of a model, for the same outputs and with rows of the same shape, go together. If the
    graph refuses a batch, each of its requests is run by itself, so none fails for another's fault.

    Args:
        batching: How long to wait, and for how many rows.
        metrics: Where batches are counted.
    """

    def __init__(self, batching: Batching, metrics: Metrics) -> None:
        """Start with nothing waiting."""
        self._delay = batching.max_delay_ms / 1000
        self._most = batching.max_size
        self._metrics = metrics
        self._waiting: dict[Any, _Batch] = {}
        self._running: set[asyncio.Task[None]] = set()

    async def run(self, model: LoadedModel, feed: Feed, names: list[str]) -> list[Array]:
        """As `LoadedModel.run`, perhaps together with others.

        Raises:
            RequestError: If the graph refuses these inputs.
        """
        rows = _rows(model, feed)
        if rows is None or rows >= self._most:
            return await asyncio.to_thread(model.run, feed, names)
        key = (model, tuple(names), tuple((name, feed[name].shape[1:]) for name in model.inputs))
        if (batch := self._waiting.get(key)) is not None and batch.rows + rows > self._most:
            self._send(key)
        loop = asyncio.get_running_loop()
        if (batch := self._waiting.get(key)) is None:
            batch = self._waiting[key] = _Batch(model, names)
            batch.timer = loop.call_later(self._delay, self._send, key)
        answer: asyncio.Future[list[Array]] = loop.create_future()
        batch.feeds.append(feed)
        batch.answers.append(answer)
        batch.rows += rows
        if batch.rows >= self._most:
            self._send(key)
        return await answer

    def _send(self, key: Any) -> None:  # noqa: ANN401 - whatever `run` made
        batch = self._waiting.pop(key)
        if batch.timer is not None:
            batch.timer.cancel()
        task = asyncio.get_running_loop().create_task(self._answer(batch))
        self._running.add(task)  # the loop itself holds tasks only weakly
        task.add_done_callback(self._running.discard)

    async def _answer(self, batch: _Batch) -> None:
        self._metrics.batched(batch.model.name, batch.model.version, len(batch.feeds))
        try:
            results = await asyncio.to_thread(_together, batch)
        except Exception as error:
            if len(batch.feeds) == 1:
                _fail(batch.answers[0], error)
                return
            await self._one_by_one(batch)
            return
        for answer, result in zip(batch.answers, results, strict=True):
            if not answer.done():
                answer.set_result(result)

    async def _one_by_one(self, batch: _Batch) -> None:
        for feed, answer in zip(batch.feeds, batch.answers, strict=True):
            try:
                result = await asyncio.to_thread(batch.model.run, feed, batch.names)
            except Exception as error:
                _fail(answer, error)
            else:
                if not answer.done():
                    answer.set_result(result)


def _fail(answer: asyncio.Future[list[Array]], error: Exception) -> None:
    if not answer.done():
        answer.set_exception(error)


def _rows(model: LoadedModel, feed: Feed) -> int | None:
    """How many rows a request has; None if the graph's inputs and outputs do not all have rows."""
    tensors = [*model.inputs.values(), *model.outputs.values()]
    if any(not spec.shape or isinstance(spec.shape[0], int) for spec in tensors):
        return None
    lengths = {len(array) for array in feed.values()}
    return lengths.pop() if len(lengths) == 1 else None


def _together(batch: _Batch) -> list[list[Array]]:
    """The outputs of each request of a batch."""
    if len(batch.feeds) == 1:
        return [batch.model.run(batch.feeds[0], batch.names)]
    feed = {name: np.concatenate([each[name] for each in batch.feeds]) for name in batch.feeds[0]}
    arrays = batch.model.run(feed, batch.names)
    if any(len(array) != batch.rows for array in arrays):
        raise RequestError(f"model {batch.model.name} does not give a row for a row: it cannot be batched")
    lengths = [len(next(iter(each.values()))) for each in batch.feeds]
    cuts = np.cumsum(lengths)[:-1]
    parts = [np.split(array, cuts) for array in arrays]
    return [list(each) for each in zip(*parts, strict=True)]
