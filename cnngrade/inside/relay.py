"""A submission's steps, each from a copy of the state before it (Linux).

Before a step that runs a student's code the process forks. The copy does the step and
goes on to the next one; the original waits, and goes on in its stead, without that
step, if the copy ends, or takes too long. So a crash or an endless loop costs one task.

After a step everything that it left running is ended. Threads cannot be: with a few
that only wait the process goes on, but a fork would not be safe, so that later steps
run unguarded. If one of those ends the process, whoever started it runs the earlier
cells again. A step whose threads would hold up the later ones is left out like one
that crashed, though that may show only after a later step, which is then run again.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

from .jail import Jail
from .processes import Processes, become_calm, computed, started_by, threads
from .steps import StepRunner

# Student code may replace what modules hold; these are taken before any of it runs.
_exit, _fork, _kill, _waitpid = os._exit, os.fork, os.kill, os.waitpid
_getpid, _monotonic = os.getpid, time.monotonic
_POLL_MILLISECONDS = 200
_DONE, _LEFT_OUT = b"!", b"?"


class Relay:
    """Runs steps in order, handing over from process to process.

    Args:
        held: what a session may hold.
        first: the session's first process.
    """

    def __init__(
        self, runner: StepRunner, tell: Callable[..., None], held: Jail, first: int
    ) -> None:
        self._runner, self._tell, self._held = runner, tell, held
        self._session = Processes(first, alone=held.level == "full")
        self._waiting: int | None = None  # tells the original how the step went
        self._threads: dict[int, int] = {}  # those left running, and by which step

    def run(self, given: dict[str, Any]) -> None:
        """Do the steps; returns in the process that is left at the end."""
        for number in given["wanted"]:
            step = given["steps"][number]
            self._tell(number, state="start")
            ended = self._guard(step) if step["guarded"] else None
            if ended is not None:
                self._tell(number, **ended)
                continue
            own = _getpid()
            facts = self._runner.do(step, given["seed"])
            if _getpid() != own:  # a process that the step started, and that returned
                _exit(0)
            if (facts.get("raised") or {}).get("type") == "MemoryError":
                _kill(own, signal.SIGKILL)  # what it holds, nobody else can have
            guilty = self._clear(number)
            if guilty is not None:
                self._leave_out(number, guilty)
            self._tell(number, state="done", **facts)
            self._relieve(_DONE)

    def _guard(self, step: dict[str, Any]) -> dict[str, Any] | None:
        """Return None in the process that does the step; else how it ended."""
        if threads():
            return None
        alone = self._session.alone
        done, ready = os.pipe()
        before = self._session.computed() if alone else 0.0
        try:
            copy = _fork()
        except OSError:  # too many processes: go on without a copy
            os.close(done)
            os.close(ready)
            return None
        if copy == 0:
            os.close(done)
            self._waiting = ready
            return None
        os.close(ready)

        def spent() -> float:
            return self._session.computed() - before if alone else computed(copy)

        ended = _watch(copy, done, step["clock"], step["computing"], spent)
        os.close(done)
        if ended is None:
            _exit(0)  # the copy goes on
        with contextlib.suppress(OSError):
            _kill(copy, signal.SIGKILL)
        self._session.end_others(self._held.left_running_seconds)
        with contextlib.suppress(OSError):
            _waitpid(copy, 0)
        return ended

    def _relieve(self, how: bytes) -> None:
        """Tell the original, if there is one, how the step that it watches went."""
        if self._waiting is None:
            return
        with contextlib.suppress(OSError):
            os.write(self._waiting, how)
        with contextlib.suppress(OSError):
            os.close(self._waiting)
        self._waiting = None

    def _clear(self, number: int) -> int | None:
        """End what a step left running; return the step that makes that fail, if any.

        It fails where processes keep coming, or threads are too many or compute without
        end. An earlier step that left threads is named first: they may have done that.
        """
        held, alive = self._held, threads()
        self._threads = {thread: self._threads.get(thread, number) for thread in alive}
        running = Counter(self._threads.values())
        for thread, step in self._threads.items():
            running[step] += len(started_by(thread))
        gone = self._session.end_others(held.left_running_seconds)
        crowded = running.total() > held.threads_left
        if gone and not crowded and become_calm(held.calm_seconds):
            return None
        del running[number]
        return running.most_common(1)[0][0] if running else number

    def _leave_out(self, number: int, guilty: int) -> None:
        """End this process, since its threads would hold up all later steps."""
        if self._waiting is None:
            self._tell(number, state="left running", by=guilty)
        self._relieve(_LEFT_OUT)
        _exit(0)


def _watch(
    copy: int, done: int, clock: float, most: float, spent: Callable[[], float]
) -> dict[str, Any] | None:
    """Wait until a copy has done its step (None), or return how it ended."""
    latest = _monotonic() + clock
    waiter = select.poll()
    waiter.register(done, select.POLLIN)
    process = os.pidfd_open(copy)
    waiter.register(process, select.POLLIN)
    try:
        while True:
            seen = dict(waiter.poll(_POLL_MILLISECONDS))
            if seen.get(done, 0) & select.POLLIN:
                left_out = os.read(done, 1) == _LEFT_OUT
                return {"state": "left running"} if left_out else None
            if process in seen:
                return {"state": "died", "code": _code(copy)}
            if _monotonic() > latest or spent() > most:
                return {"state": "timed out"}
    finally:
        os.close(process)


def _code(copy: int) -> int:
    """Return the exit code of a process that has ended, or minus its signal."""
    info = os.waitid(os.P_PID, copy, os.WEXITED | os.WNOWAIT)
    if info is None:
        return 0
    return info.si_status if info.si_code == os.CLD_EXITED else -info.si_status
