"""Work that is the same for many things, on all processors."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import TypeVar

import torch

T = TypeVar("T")

_FEW = 4
"""Processes take seconds to start, in which so many things are done."""


def on_all_processors(work: Callable[[T], None], things: Sequence[T]) -> None:
    """Calls `work` with each of `things`, in as many processes as there are processors; in this one if they are few."""
    if len(things) <= _FEW:
        for thing in things:
            work(thing)
        return
    workers = min(os.cpu_count() or 1, len(things))
    with ProcessPoolExecutor(workers, get_context("spawn"), initializer=_use_one_thread) as pool:
        list(pool.map(work, things))


def _use_one_thread() -> None:
    torch.set_num_threads(1)
