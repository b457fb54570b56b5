"""Runs units of work in worker processes, and shares them fairly with other shells on the same run folder.

A worker holds one thread of every numeric library, so that results do not depend on the number of workers. The driver
alone writes records. Each unit is claimed by a file lock, which the system lets go when its owner dies.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import get_context, parent_process
from pathlib import Path

from filelock import FileLock, Timeout

from evalsuite.work import Outcome, Task, failure, perform

ENVIRONMENT = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    # else the C library keeps large arrays of long videos when they are done
    "MALLOC_MMAP_THRESHOLD_": str(12 * 2**20),
    # large pages where Linux offers them: half of the system's share of the time, a twelfth of all
    "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1",
}
"""Of worker processes."""
_PAUSE_SECONDS = 0.2


def default_workers() -> int:
    """As many as cores; one where there is a GPU, which workers would have to share."""
    return 1 if Path("/dev/nvidia0").exists() else os.cpu_count() or 1


@dataclass(frozen=True, slots=True)
class _Running:
    task: Task
    lock: FileLock
    alone: bool


class Execution:
    """The units of one run, on their way through the workers."""

    def __init__(self, tasks: Sequence[Task], needed: Callable[[Task], Task | None], workers: int) -> None:
        self._waiting = deque(tasks)
        self._suspects: deque[Task] = deque()
        """Units that were at work when a worker died: each is tried once more, alone, so that the guilty one shows."""
        self._needed = needed
        self._workers = workers
        self._running: dict[Future[Outcome], _Running] = {}
        self._pool = self._new_pool()

    def outcomes(self) -> Iterator[Outcome | None]:
        """What each unit gave, as it is done; None where another shell did it meanwhile.

        A unit stays claimed until the next one is asked for, so that its record is written by then.
        """
        try:
            while self._waiting or self._suspects or self._running:
                yield from self._start()
                yield from self._collect()
        finally:
            self._stop()

    def _start(self) -> Iterator[None]:
        """Send as many units to the workers as there is room for; those of other shells wait."""
        alone = bool(self._suspects)
        queue = self._suspects if alone else self._waiting
        for _ in range(len(queue)):
            if not self._room(alone):
                return
            task = queue.popleft()
            lock = _claimed(task)
            if lock is None:
                queue.append(task)
                continue
            needed = self._needed(task)
            if needed is None:
                lock.release()
                yield None
            else:
                self._submit(_Running(needed, lock, alone))

    def _room(self, alone: bool) -> bool:
        if alone or any(running.alone for running in self._running.values()):
            return not self._running
        return len(self._running) < self._workers

    def _submit(self, running: _Running) -> None:
        try:
            future = self._pool.submit(_perform, running.task)
        except BrokenProcessPool as error:
            future = Future()
            future.set_exception(error)
        self._running[future] = running

    def _collect(self) -> Iterator[Outcome]:
        done, _ = wait(self._running, timeout=_PAUSE_SECONDS, return_when=FIRST_COMPLETED)
        if not self._running:
            time.sleep(_PAUSE_SECONDS)  # all that is left belongs to other shells for now
        if any(isinstance(future.exception(), BrokenProcessPool) for future in done):
            yield from self._recover()
            return
        for future in done:
            running = self._running[future]
            try:
                yield future.result()
            finally:
                del self._running[future]
                running.lock.release()

    def _recover(self) -> Iterator[Outcome]:
        """A worker died, and its pool with it: what died alone has failed, the others are tried again one by one."""
        self._pool.shutdown(wait=False, cancel_futures=True)
        self._pool = self._new_pool()
        lost = list(self._running.values())
        self._running.clear()
        for running in lost:
            if running.alone:
                yield failure(running.task, "the worker process died twice, perhaps for want of memory.")
            else:
                self._suspects.append(running.task)
            running.lock.release()

    def _new_pool(self) -> ProcessPoolExecutor:
        os.environ.update(ENVIRONMENT)
        return ProcessPoolExecutor(self._workers, mp_context=get_context("spawn"), initializer=_start_worker)

    def _stop(self) -> None:
        for process in list((self._pool._processes or {}).values()):
            if self._running:
                process.terminate()
        self._pool.shutdown(wait=True, cancel_futures=True)
        for running in self._running.values():
            running.lock.release()


def _claimed(task: Task) -> FileLock | None:
    path = task.folder / "locks" / f"{task.name.replace('/', '--')}.lock"
    path.parent.mkdir(exist_ok=True)
    lock = FileLock(path)
    with suppress(Timeout):
        lock.acquire(blocking=False)
        return lock
    return None


def _start_worker() -> None:
    """Leave Ctrl-C to the driver, tidy up when it says stop, and die with it even where it was killed.

    What a system prints is no result: it goes where errors go.
    """
    os.dup2(2, 1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _leave)
    threading.Thread(target=_die_with_driver, daemon=True).start()


class _Leaving(SystemExit):
    """The driver said stop."""


def _leave(*_: object) -> None:
    """Unwind the work in hand, so that it removes its half-written files."""
    raise _Leaving(1)


def _perform(task: Task) -> Outcome:
    """One unit; a worker that was told to leave takes no other one."""
    try:
        return perform(task)
    except _Leaving:
        os._exit(1)
    except SystemExit:
        return failure(task, "it called sys.exit, which ends no storyboard.")


def _die_with_driver() -> None:
    driver = parent_process()
    if driver is not None:
        driver.join()
        os._exit(1)
