"""POST …/infer: the hot path."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, ClassVar

from switchyard.serving.http.post_endpoint import (
    LENGTH_HEADER,
    Headers,
    PostEndpoint,
    answer_headers,
    check_content_encoding,
    target,
)
from switchyard.serving.protocol.infer import Answer, infer, read, respond
from switchyard.serving.protocol.request_error import RequestError

if TYPE_CHECKING:
    from switchyard.serving.engine.batches import Batches
    from switchyard.serving.engine.loaded_model import LoadedModel

_JSON_TYPES = (b"application/json", b"application/octet-stream")
# Reading a larger body into arrays would keep other requests waiting.
_INLINE_BYTES = 65_536


class InferEndpoint(PostEndpoint):
    """Answers infer requests of all models."""

    verb: ClassVar[str] = "infer"

    async def answer(self, model: LoadedModel, headers: Headers, body: bytes) -> Answer:
        """The answer to a request in the protocol's words; in a thread if it is likely to take long."""
        check_content_type(headers)
        length = _header_length(headers)
        if self.batches is not None:
            return await _batched(self.batches, model, body, length)
        if model.pace.is_slow(len(body)):
            return await asyncio.to_thread(infer, model, body, length)
        return infer(model, body, length)

    def answer_now(self, url: bytes, headers: Headers, body: bytes) -> bytes | None:
        """Headers and body of the answer to a plain request; None if it is not plain, not right or not fast."""
        if self.batches is not None or b"%" in url or b"?" in url or len(body) > self.max_bytes:
            return None
        model = self.models.find(*target(url.decode("ascii")))
        check_content_type(headers)
        if model.pace.is_slow(len(body)):
            return None
        start = time.perf_counter()
        answer = infer(model, body, _header_length(headers))
        self.metrics.answered(model.name, model.version, time.perf_counter() - start, answer.rows)
        lines = [name + b": " + value + b"\r\n" for name, value in answer_headers(answer)]
        return b"".join([*lines, b"\r\n", answer.body])


async def _batched(batches: Batches, model: LoadedModel, body: bytes, length: int | None) -> Answer:
    small = len(body) <= _INLINE_BYTES
    question = read(model, body, length) if small else await asyncio.to_thread(read, model, body, length)
    arrays = await batches.run(model, question.feed, question.names)
    return respond(model, question, arrays) if small else await asyncio.to_thread(respond, model, question, arrays)


def check_content_type(headers: Headers) -> None:
    """Refuse a body that says it is something else than JSON or JSON followed by tensors.

    Raises:
        RequestError: If content-type or content-encoding is another one.
    """
    content_type = headers.get(b"content-type", _JSON_TYPES[0])
    if content_type not in _JSON_TYPES and content_type.split(b";")[0].strip().lower() not in _JSON_TYPES:
        found = content_type.decode("latin-1")
        raise RequestError(f"content-type is {found}: send application/json (curl --json does)")
    check_content_encoding(headers)


def _header_length(headers: Headers) -> int | None:
    value = headers.get(LENGTH_HEADER)
    if value is None:
        return None
    if not value.isdigit() or len(value) > 12:
        raise RequestError(f"Inference-Header-Content-Length is {value.decode('latin-1')!r}, not a number of bytes")
    return int(value)
