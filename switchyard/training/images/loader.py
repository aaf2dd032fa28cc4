"""Batches of pixels for the training loop: from memory if all fit, or read and decoded as they are needed.

Both follow `order.py`, so they give the same batches. With several training processes each gets its part of every
batch. It imports torch: import this module where it is used.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch.utils.data import DataLoader, IterableDataset, get_worker_info

from switchyard.data.images.image_table import UNKNOWN, ImageTable
from switchyard.errors import InputError
from switchyard.training.images import order
from switchyard.training.images.settings import ImageTraining


@dataclass(frozen=True)
class Batch:
    """One process's part of a batch.

    Attributes:
        pixels: uint8 of shape (n, H, W, C).
        targets: Class numbers, int64 of shape (n,).
        rows: How many images the batch has in all processes.
        part: Which of them these are.
    """

    pixels: torch.Tensor
    targets: torch.Tensor
    rows: int
    part: slice


@dataclass(frozen=True)
class Loader:
    """The images of a table whose labels are among the classes.

    Attributes:
        table: The table.
        targets: Class number by row.
        settings: Batch size, workers and what is kept in memory.
        seed: Of the shuffle.
        cache: Pixels of all rows, uint8 of shape (rows, H, W, C) in shared memory, or None.
    """

    table: ImageTable
    targets: np.ndarray
    settings: ImageTraining
    seed: int
    cache: torch.Tensor | None

    @classmethod
    def open(cls, table: ImageTable, classes: tuple[str, ...], settings: ImageTraining, seed: int) -> Loader:
        """Decode the images if they fit in memory.

        Raises:
            InputError: No image has one of the classes, or an image cannot be read.
        """
        targets = table.numbers(classes)
        if not (targets != UNKNOWN).any():
            raise InputError(f"{table.path} has no image of the classes {', '.join(classes)}")
        each = settings.size[0] * settings.size[1] * settings.channels
        fits = len(table) * each <= settings.cache_mb * 1_000_000
        return cls(table, targets, settings, seed, _decoded(table, targets, settings) if fits else None)

    def __len__(self) -> int:
        """How many images."""
        return int((self.targets != UNKNOWN).sum())

    @property
    def steps(self) -> int:
        """Batches of a training epoch."""
        return order.count(len(self), self.settings.batch_size, keep_last=False)

    def training(self, first_epoch: int = 0, process: int = 0, processes: int = 1) -> Iterable[Batch]:
        """A training epoch's batches, shuffled; iterated again, it gives the next epoch's."""
        return self._iterable(_Epochs(self, first_epoch, process, processes))

    def in_order(self, process: int = 0, processes: int = 1) -> Iterable[Batch]:
        """All images once, in batches of the same size."""
        return self._iterable(_Epochs(self, None, process, processes))

    def sample(self, rows: int) -> torch.Tensor:
        """Pixels of about so many images of the first epoch, for statistics."""
        taken = list[torch.Tensor]()
        for batch in _Checked(_Epochs(self, 0, 0, 1)):
            taken.append(batch.pixels)
            if sum(map(len, taken)) >= rows:
                break
        return torch.cat(taken)

    def _iterable(self, epochs: _Epochs) -> Iterable[Batch]:
        workers = 0 if self.cache is not None else self.settings.workers
        if not workers:
            return _Checked(epochs)
        # Not forked: a worker could inherit a lock that a thread of this process holds.
        return _Checked(
            DataLoader(
                epochs,
                batch_size=None,
                num_workers=workers,
                multiprocessing_context="forkserver",
                persistent_workers=True,
            )
        )


def part_of(rows: int, process: int, processes: int) -> slice:
    """Which rows of a batch a process gets; as equal as can be."""
    return slice(rows * process // processes, rows * (process + 1) // processes)


class _Epochs(IterableDataset[Batch | str]):
    """One epoch each time it is iterated; of n workers, the i-th does every n-th batch from its i-th on.

    torch takes the batches from the workers in turn, so they come in the order of the plan. What is wrong with an
    image comes as a sentence in place of a batch: an exception would lose its type on the way from a worker.
    """

    def __init__(self, loader: Loader, epoch: int | None, process: int, processes: int) -> None:
        # Labels as text would travel to each worker for nothing.
        self.loader = replace(loader, table=replace(loader.table, labels=np.empty(0, dtype=object)))
        self.epoch, self.process, self.processes = epoch, process, processes

    def __iter__(self) -> Iterator[Batch | str]:
        worker = get_worker_info()
        first, step = (worker.id, worker.num_workers) if worker else (0, 1)
        plan = self._plan()
        if self.loader.cache is not None:
            yield from (self._batch(rows, self.loader.cache[torch.from_numpy(self._mine(rows))]) for _, rows in plan)
            return
        encoded: dict[int, tuple[bytes, str]] = {}
        for number, (pieces, rows) in enumerate(plan):
            for piece in pieces:
                encoded |= self.loader.table.read(piece.groups)
            taken = {row: encoded.pop(row) for row in rows.tolist()}
            if number % step == first:
                try:
                    yield self._batch(rows, self._decoded([taken[row] for row in self._mine(rows).tolist()]))
                except InputError as error:
                    yield str(error)
                    return

    def _plan(self) -> Iterator[tuple[list[order.Piece], np.ndarray]]:
        table, settings, selected = self.loader.table, self.loader.settings, self.loader.targets != UNKNOWN
        if self.epoch is None:
            return order.batches(order.in_order(table.group_rows, selected), settings.batch_size, keep_last=True)
        epoch, self.epoch = self.epoch, self.epoch + 1
        pieces = order.shuffled(table.group_rows, selected, settings.shuffle_rows, self.loader.seed, epoch)
        return order.batches(pieces, settings.batch_size, keep_last=False)

    def _mine(self, rows: np.ndarray) -> np.ndarray:
        return rows[part_of(len(rows), self.process, self.processes)]

    def _batch(self, rows: np.ndarray, pixels: torch.Tensor) -> Batch:
        part = part_of(len(rows), self.process, self.processes)
        return Batch(pixels, torch.from_numpy(self.loader.targets[rows[part]]), len(rows), part)

    def _decoded(self, encoded: list[tuple[bytes, str]]) -> torch.Tensor:
        settings = self.loader.settings
        pixels = np.empty((len(encoded), *settings.size, settings.channels), dtype=np.uint8)
        for number, each in enumerate(encoded):
            pixels[number] = self.loader.table.decoded(each, settings.channels, settings.size)
        return torch.from_numpy(pixels)


@dataclass(frozen=True)
class _Checked:
    """Raises what a worker can only say."""

    source: Iterable[Batch | str]

    def __iter__(self) -> Iterator[Batch]:
        for batch in self.source:
            if isinstance(batch, str):
                raise InputError(batch)
            yield batch


def _decoded(table: ImageTable, targets: np.ndarray, settings: ImageTraining) -> torch.Tensor:
    pixels = torch.zeros((len(table), *settings.size, settings.channels), dtype=torch.uint8)
    pixels.share_memory_()  # type: ignore[no-untyped-call]
    for rows, decoded in table.batches(1024, settings.channels, settings.size, targets != UNKNOWN):
        pixels[torch.from_numpy(rows)] = torch.from_numpy(decoded)
    return pixels
