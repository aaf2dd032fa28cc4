"""A metric of a retrieval for any weighting of its queries: for paired losses and differences."""

from __future__ import annotations

import numpy as np

from switchyard.config.task_metrics import require_metric
from switchyard.model.gallery import Gallery
from switchyard.statistics import retrieval
from switchyard.statistics.metrics import Floats, Ranked, Sample

_EER_BINS = 500
"""A cosine is known to four thousandths then, which moves an equal error rate by less than its interval."""


def retrieval_sample(queries: Gallery, gallery: Gallery, metric: str) -> Sample:
    """What one metric needs of each query.

    Args:
        queries: Images of classes that the gallery has.
        gallery: Among which neighbours are looked for.
        metric: One of image_retrieval.

    Raises:
        InputError: There is no query, or no such metric.
    """
    require_metric("metrics.primary", metric, "image_retrieval")
    if metric == "eer":
        return _equal_error(queries, gallery)
    names, values = retrieval.measures(queries, gallery)
    column = values[:, names.index(metric)]

    def finish(sums: Floats, _: list[Ranked]) -> dict[str, Floats]:
        return {metric: sums[:, 1] / sums[:, 0]}

    return Sample(np.column_stack([np.ones(len(column)), column]), (), finish)


def _equal_error(queries: Gallery, gallery: Gallery) -> Sample:
    """Histograms of each query's genuine and impostor cosines."""
    genuine, impostor = retrieval.histograms(queries, gallery, _EER_BINS)

    def finish(sums: Floats, _: list[Ranked]) -> dict[str, Floats]:
        kinds = sums[:, 1 : 1 + _EER_BINS], sums[:, 1 + _EER_BINS :]
        both = [each.sum(axis=1) > 0 for each in kinds]
        pairs = zip(*kinds, both[0] & both[1], strict=True)
        return {"eer": np.array([retrieval.equal_error(g, i)[0] if fair else np.nan for g, i, fair in pairs])}

    return Sample(np.column_stack([np.ones(len(queries)), genuine, impostor]), (), finish)
