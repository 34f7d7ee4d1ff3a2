"""Jobs done side by side, each result handed over as it comes, whatever breaks.

Any executor of `concurrent.futures` will do: processes on this machine, or the workers
of a Dask cluster.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import (
    FIRST_COMPLETED,
    BrokenExecutor,
    Executor,
    Future,
    ProcessPoolExecutor,
    wait,
)
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import Any

from cnngrade.files.notebook import CannotGradeError
from cnngrade.limits import SCHEDULER_SECONDS

from .job import Job, grade_submission, set_up_worker

Finished = tuple[Job, dict[str, Any], dict[str, float]]
"""A job, its plain result, and the seconds of each task."""


_ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


class Pool:
    """Does jobs on an executor that it can start anew when it breaks."""

    def __init__(
        self,
        executor: Callable[[], Executor],
        workers: int,
        end: Callable[[], object] = lambda: None,
    ) -> None:
        self._make, self._workers, self._end = executor, workers, end
        self._executor = executor()
        self._waiting: dict[Future, Job] = {}

    def ask(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """Return what a function returns in a worker."""
        return self._executor.submit(function, *arguments).result()

    def each(self, jobs: Iterable[Job]) -> Iterator[Finished]:
        """Yield jobs as they are finished, few of them under way at a time."""
        waiting = self._waiting
        for job in jobs:
            waiting[self._executor.submit(grade_submission, job)] = job
            if len(waiting) > 2 * self._workers:
                yield from self._finished(waiting)
        while waiting:
            yield from self._finished(waiting)

    def _finished(self, waiting: dict[Future, Job]) -> Iterator[Finished]:
        """Wait until one is done at least; hand over all that are."""
        done, _ = wait(waiting, return_when=FIRST_COMPLETED)
        lost = []
        for future in done:
            job = waiting.pop(future)
            if isinstance(future.exception(), BrokenExecutor):
                lost.append(job)
            else:
                yield self._outcome(job, future)
        if lost:
            yield from self._again([*lost, *waiting.values()])
            waiting.clear()

    def _again(self, jobs: list[Job]) -> Iterator[Finished]:
        """Do jobs one by one: a worker ended, and one of them may be the reason."""
        for job in jobs:
            self._executor.shutdown(wait=False)
            self._executor = self._make()
            future = self._executor.submit(grade_submission, job)
            wait([future])
            if isinstance(future.exception(), BrokenExecutor):
                self._executor = self._make()
            yield self._outcome(job, future)

    def _outcome(self, job: Job, future: Future) -> Finished:
        """Return a job's result; where judging it failed, one that says so."""
        error = future.exception()
        if error is None:
            return job, *future.result()
        problem = f"judging it raised {type(error).__name__}: {error}"
        if isinstance(error, BrokenExecutor):
            problem = "the process that was to judge it ended, twice"
        told = replace(job, data=b"", problem=problem, status="error")
        return job, *self.ask(grade_submission, told)

    def close(self, *, now: bool = False) -> None:
        """End the workers; `now`: without waiting for what is under way."""
        for future in self._waiting:
            future.cancel()
        self._executor.shutdown(wait=not now)
        if now:
            _end_children()
        self._end()


@contextmanager
def pool(workers: int, scheduler: str, *ready: Any) -> Iterator[Pool]:
    """Open a pool of processes, or of the workers of a Dask scheduler's cluster.

    Each process gets `ready` for what it will be asked (see `set_up_worker`).
    """
    made = (
        _dask(scheduler)
        if scheduler
        else Pool(lambda: _processes(workers, ready), workers)
    )
    try:
        yield made
    except BaseException:
        made.close(now=True)
        raise
    made.close()


def _processes(workers: int, ready: tuple[Any, ...]) -> Executor:
    """Return a pool of processes; where that can be, they share one PyTorch."""
    os.environ |= dict.fromkeys(_ONE_THREAD, "1")  # forks need it; so does speed
    return ProcessPoolExecutor(workers, _context(), set_up_worker, ready)


def _end_children() -> None:
    """End all workers, one that was just being started among them.

    Stopped at that moment, the executor does not know of it, yet Python waits for it
    at its own end, for ever.
    """
    for child in multiprocessing.active_children():
        child.kill()


def _context() -> multiprocessing.context.BaseContext:
    if "forkserver" in multiprocessing.get_all_start_methods():
        from multiprocessing import forkserver

        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(["cnngrade.class_run.preload"])
        with suppress(OSError), _unheard():  # TMPDIR may be too long for a socket
            forkserver.ensure_running()
            return context
    return multiprocessing.get_context("spawn")


@contextmanager
def _unheard() -> Iterator[None]:
    """Let processes that are started here end without a word when all is stopped.

    What goes wrong in them comes back as their jobs' errors.
    """
    errors = os.dup(2)
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])  # here it comes later
    with open(os.devnull, "wb") as nothing:
        os.dup2(nothing.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(errors, 2)
        os.close(errors)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGINT])


def _dask(address: str) -> Pool:
    try:
        from distributed import Client
    except ImportError:
        raise CannotGradeError(
            "--scheduler needs Dask: pip install 'cnnlib[cluster]'"
        ) from None
    try:
        client = Client(address, timeout=SCHEDULER_SECONDS, set_as_default=False)
    except (OSError, ValueError) as error:
        raise CannotGradeError(
            f"There is no Dask scheduler at {address}: {error}"
        ) from None
    workers = sum(client.nthreads().values())

    def executor() -> Executor:
        return client.get_executor(pure=False, retries=3)

    return Pool(executor, max(1, workers), client.close)
