"""POST …/predict-image: the body is the file of one image."""

from __future__ import annotations

import asyncio
import os
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, ClassVar

from switchyard.serving.http.post_endpoint import Headers, PostEndpoint, check_content_encoding
from switchyard.serving.protocol.predict_image import decode_image, describe, predict_image, wanted_outputs
from switchyard.serving.protocol.request_error import RequestError

if TYPE_CHECKING:
    from switchyard.serving.engine.batches import Batches
    from switchyard.serving.engine.loaded_model import LoadedModel
    from switchyard.serving.engine.loaded_models import LoadedModels
    from switchyard.serving.http.metrics import Metrics
    from switchyard.serving.protocol.infer import Answer

_NO_IMAGE = (b"application/json", b"multipart/form-data")


class ImageEndpoint(PostEndpoint):
    """Answers encoded images, of all models that take images.

    A small file can have many pixels, so its size does not tell how long decoding takes: each is decoded in a thread,
    and no more at once than there are cores, since an image at the limit takes hundreds of megabytes.
    """

    verb: ClassVar[str] = "predict-image"

    def __init__(self, models: LoadedModels, metrics: Metrics, max_bytes: int, batches: Batches | None = None) -> None:
        """Make the threads, too."""
        super().__init__(models, metrics, max_bytes, batches)
        self._threads = ThreadPoolExecutor(os.cpu_count() or 1, thread_name_prefix="predict-image")

    async def answer(self, model: LoadedModel, headers: Headers, body: bytes) -> Answer:
        """The answer to an image: label and probabilities, or label and neighbours."""
        _check_content_type(headers)
        names = wanted_outputs(model)
        loop = asyncio.get_running_loop()
        if self.batches is None:
            return await loop.run_in_executor(self._threads, predict_image, model, body)
        feed = await loop.run_in_executor(self._threads, decode_image, model, body)
        return describe(model, names, await self.batches.run(model, feed, names))


def _check_content_type(headers: Headers) -> None:
    """Refuse what holds the image in something else; otherwise the bytes say what they are.

    Raises:
        RequestError: If it says that it is JSON or a form, or compressed.
    """
    content_type = headers.get(b"content-type", b"").split(b";")[0].strip().lower()
    if content_type in _NO_IMAGE:
        raise RequestError(
            f"content-type is {content_type.decode()}: the body must be the image file itself, as curl --data-binary "
            "@FILE -H 'Content-Type: image/png' sends it"
        )
    check_content_encoding(headers)
