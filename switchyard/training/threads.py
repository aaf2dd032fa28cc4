"""Pins the number of threads, so that the same config gives the same weights."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def pinned_threads(threads: int, with_torch: bool) -> Iterator[None]:
    """Run BLAS, OpenMP and torch on this many threads, so that the same config gives the same weights."""
    import sklearn.ensemble  # noqa: F401  limits reach loaded libraries only: its OpenMP and SciPy's BLAS
    from threadpoolctl import threadpool_limits

    if with_torch:
        import torch  # before the limit, so that torch's own OpenMP is limited, too

        before = torch.get_num_threads()
        torch.set_num_threads(threads)
    try:
        with threadpool_limits(threads):
            yield
    finally:
        if with_torch:
            torch.set_num_threads(before)
