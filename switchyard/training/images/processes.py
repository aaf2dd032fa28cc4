"""Training in several processes of one machine, one for each GPU: torch's DDP, each with its part of every batch.

Only the first process writes checkpoints; what it has to say of each epoch comes to the caller through a queue.
"""

from __future__ import annotations

import copy
import os
import socket
import tempfile
from multiprocessing.queues import SimpleQueue
from pathlib import Path
from typing import Any

import torch
from torch import distributed, multiprocessing
from torch.multiprocessing.spawn import ProcessExitedException, ProcessRaisedException, spawn

from switchyard.errors import InputError, SwitchyardError
from switchyard.training.images.job import Epoch, Job
from switchyard.training.images.training import OnEpoch, run

_WEIGHTS = "weights.pt"

_FAILURES = {"input": InputError, "failed": SwitchyardError}

Message = tuple[str, Any]
"""`epoch` or `history` and what it is, or `input` or `failed` and a sentence."""


def train(job: Job, on_epoch: OnEpoch) -> list[Epoch]:
    """Train, and leave the best weights in the job's network.

    Args:
        job: What to do; `settings.processes` says in how many processes (default: one for each GPU, or one).
        on_epoch: Called in this process after each epoch.

    Returns:
        All epochs, those before a restart included.

    Raises:
        InputError: There are fewer GPUs than processes, or an image cannot be read.
        SwitchyardError: A process failed.
    """
    gpus = torch.cuda.device_count()
    count = job.settings.processes or max(1, gpus)
    if 0 < gpus < count:
        raise InputError(f"processes is {count}, but there are {gpus} GPUs: lower it, or leave it out")
    if count > job.settings.batch_size:
        raise InputError(f"processes is {count}, more than batch_size ({job.settings.batch_size}): raise batch_size")
    if count == 1:
        return run(job, on_epoch)
    with tempfile.TemporaryDirectory(prefix="switchyard-training-") as folder:
        return _spawn(job, on_epoch, count, Path(folder))


def _spawn(job: Job, on_epoch: OnEpoch, count: int, folder: Path) -> list[Epoch]:
    messages: SimpleQueue[Message] = multiprocessing.get_context("spawn").SimpleQueue()
    threads = max(1, torch.get_num_threads() // count)
    given = (job, count, threads, folder, messages)
    context = spawn(_process, given, nprocs=count, join=False)  # type: ignore[no-untyped-call]
    assert context is not None
    said: dict[str, Any] = {"history": []}  # by kind of message

    def listen() -> None:
        while not messages.empty():
            kind, what = messages.get()
            if kind == "epoch":
                on_epoch(what)
            else:
                said[kind] = what

    try:
        while not context.join(timeout=0.1):
            listen()
        listen()
    except (ProcessRaisedException, ProcessExitedException) as error:
        listen()
        raise _failure(said, error) from error
    finally:
        for process in context.processes:
            if process.is_alive():
                process.terminate()
    job.network.load_state_dict(torch.load(folder / _WEIGHTS, map_location="cpu", weights_only=True))
    history: list[Epoch] = said["history"]
    return history


def _failure(said: dict[str, Any], error: Exception) -> SwitchyardError:
    """What the first process to fail said; the others fail only because it is gone."""
    for kind, sort in _FAILURES.items():
        if kind in said:
            return sort(said[kind])
    lines = str(error).strip().splitlines()
    return SwitchyardError(f"a training process failed: {lines[-1]}", lines)


def _process(number: int, job: Job, count: int, threads: int, folder: Path, messages: SimpleQueue[Message]) -> None:
    loopback = next((name for _, name in socket.if_nameindex() if name in ("lo", "lo0")), None)
    if loopback is not None:
        os.environ |= {"GLOO_SOCKET_IFNAME": loopback, "NCCL_SOCKET_IFNAME": loopback}
    torch.set_num_threads(threads)
    on_gpu = torch.cuda.is_available()
    if on_gpu:
        torch.cuda.set_device(number)
    meeting = (folder / "meeting").as_uri()
    distributed.init_process_group("nccl" if on_gpu else "gloo", init_method=meeting, rank=number, world_size=count)
    # What came here lies in memory that all processes share, and each trains weights of its own.
    mine = Job(**{**job.__dict__, "network": copy.deepcopy(job.network)})
    torch.manual_seed(job.seed)
    try:
        history = run(mine, lambda epoch: messages.put(("epoch", epoch)), number, count)
        if number == 0:
            torch.save({name: value.cpu() for name, value in mine.network.state_dict().items()}, folder / _WEIGHTS)
            messages.put(("history", history))
    except SwitchyardError as error:
        messages.put(("input" if isinstance(error, InputError) else "failed", str(error)))
        raise
    distributed.destroy_process_group()
