"""A submission's steps, each from a copy of the state before it (Linux).

Before a step that runs a student's code the process forks. The copy does the step and
goes on to the next one; the original waits, and goes on in its stead, without that
step, if the copy ends, or takes too long. So a crash or an endless loop costs one task.

Where a cell has started threads, a fork would not be safe: then steps run unguarded,
and if one ends the process, whoever started it runs the earlier cells again.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import time
from collections.abc import Callable
from typing import Any

from .steps import Steps

# Student code may replace what modules hold; these are taken before any of it runs.
_exit, _fork, _kill, _waitpid = os._exit, os.fork, os.kill, os.waitpid
_getpid, _getppid = os.getpid, os.getppid
_monotonic, _listdir, _open = time.monotonic, os.listdir, open
_TICKS = os.sysconf("SC_CLK_TCK")


class Relay:
    """Runs steps in order, handing over from process to process.

    Attributes:
        alone: whether the processes that can be seen are all of this session.
    """

    def __init__(self, steps: Steps, tell: Callable[..., None], *, alone: bool) -> None:
        self._steps, self._tell, self._alone = steps, tell, alone
        self._waiting: int | None = None  # tells the original that the step is done

    def run(self, given: dict[str, Any]) -> None:
        """Do the steps; returns in the process that is left at the end."""
        for number in given["run"]:
            step = given["steps"][number]
            self._tell(number, state="start")
            ended = self._guard(step) if step["guarded"] else None
            if ended is not None:
                self._tell(number, **ended)
                continue
            facts = self._steps.do(step, given["seed"])
            if (facts.get("raised") or {}).get("type") == "MemoryError":
                _kill(_getpid(), signal.SIGKILL)  # what it holds, nobody else can have
            self._tell(number, state="done", **facts)
            self._end_others()
            self._relieve()

    def _guard(self, step: dict[str, Any]) -> dict[str, Any] | None:
        """Return None in the process that does the step; else how it ended."""
        if len(_listdir("/proc/self/task")) > 1:
            return None
        done, ready = os.pipe()
        before = _computed_by_all() if self._alone else 0.0
        try:
            copy = _fork()
        except OSError:  # too many processes: go on without a copy
            os.close(done)
            os.close(ready)
            return None
        if copy == 0:
            os.close(done)
            self._waiting = ready
            if not self._alone:
                os.setpgid(0, 0)
            return None
        os.close(ready)

        def computed() -> float:
            return _computed_by_all() - before if self._alone else _computed(copy)

        ended = _watch(copy, done, step["clock"], step["computing"], computed)
        os.close(done)
        if ended is None:
            _exit(0)  # the copy goes on
        if not self._alone:
            with contextlib.suppress(OSError):
                os.killpg(copy, signal.SIGKILL)
        self._end_others()
        with contextlib.suppress(OSError):
            _waitpid(copy, 0)
        return ended

    def _relieve(self) -> None:
        """Let the original go, if there is one: this process has done the step."""
        if self._waiting is None:
            return
        with contextlib.suppress(OSError):
            os.write(self._waiting, b"!")
        with contextlib.suppress(OSError):
            os.close(self._waiting)
        self._waiting = None

    def _end_others(self) -> None:
        """End what a step left running; the original goes on until it is let go.

        It must not see to that itself, since the next step's copy may be there by then.
        """
        kept = {1, _getpid(), _getppid()}
        for entry in _listdir("/proc") if self._alone else ():
            if entry.isdigit() and int(entry) not in kept:
                with contextlib.suppress(OSError):
                    _kill(int(entry), signal.SIGKILL)


def _watch(
    copy: int, done: int, clock: float, most: float, computed: Callable[[], float]
) -> dict[str, Any] | None:
    """Wait until a copy has done its step (None), or return how it ended."""
    latest = _monotonic() + clock
    waiter = select.poll()
    waiter.register(done, select.POLLIN)
    process = os.pidfd_open(copy)
    waiter.register(process, select.POLLIN)
    try:
        while True:
            seen = dict(waiter.poll(200))
            if seen.get(done, 0) & select.POLLIN:
                return None
            if process in seen:
                return {"state": "died", "code": _code(copy)}
            if _monotonic() > latest or computed() > most:
                return {"state": "timed out"}
    finally:
        os.close(process)


def _code(copy: int) -> int:
    """Return the exit code of a process that has ended, or minus its signal."""
    info = os.waitid(os.P_PID, copy, os.WEXITED | os.WNOWAIT)
    if info is None:
        return 0
    return info.si_status if info.si_code == os.CLD_EXITED else -info.si_status


def _computed_by_all() -> float:
    """Return the seconds for which all processes of a session have computed."""
    return sum(_computed(int(name)) for name in _listdir("/proc") if name.isdigit())


def _computed(copy: int) -> float:
    """Return the seconds for which a process has computed, and those it waited for."""
    try:
        with _open(f"/proc/{copy}/stat", encoding="ascii", errors="replace") as file:
            fields = file.read().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return sum(map(int, fields[11:15])) / _TICKS
