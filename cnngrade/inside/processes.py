"""The processes of a session: found, measured, ended (Linux).

Student code may replace what modules hold; what is used beside it is taken here,
before any of it runs.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time

_kill, _waitpid = os.kill, os.waitpid
_getpid, _getppid = os.getpid, os.getppid
_listdir, _open = os.listdir, open
_monotonic, _sleep = time.monotonic, time.sleep
_process_time, _thread_time = time.process_time, time.thread_time
_TICKS = os.sysconf("SC_CLK_TCK")
_PAUSE_SECONDS = 0.005
_COMPARED_SECONDS = 0.015
"""What this thread computes beside others: a few turns for each, at 5 ms a turn."""


class Processes:
    """All processes of a session, as the one that does its steps sees them.

    Attributes:
        alone: whether no process but the session's can be seen at all. If not, the
            session's are those below its first one.
    """

    def __init__(self, first: int, *, alone: bool) -> None:
        assert alone or first > 1  # below that one is all of the machine
        self._first, self.alone = first, alone

    def others(self) -> list[int]:
        """Return all but the first, this one, and its parent, which waits for it."""
        kept = {self._first, _getpid(), _getppid()}
        return [pid for pid in self._all() if pid not in kept]

    def _all(self) -> list[int]:
        if self.alone:
            return [int(name) for name in _listdir("/proc") if name.isdigit()]
        return descendants(self._first)

    def computed(self) -> float:
        """Return the seconds for which all of them have computed."""
        return sum(map(computed, self._all()))

    def end_others(self, seconds: float) -> bool:
        """End the others, and those that they start meanwhile; tell if all are gone.

        Processes that keep starting more are stopped first, all at once: one that is
        stopped starts none. They are gone when somebody has waited for them.
        """
        latest, stop = _monotonic() + seconds, False
        while others := self.others():
            if _monotonic() > latest:
                return False
            if stop:
                self._stop(others)
            for pid in others:
                _send(pid, signal.SIGKILL)
            if stop and self.alone:
                _send(_getppid(), signal.SIGCONT)
            _reap()
            _sleep(_PAUSE_SECONDS)
            stop = True
        return True

    def _stop(self, others: list[int]) -> None:
        """Stop the others, where that can be in one call, which no fork escapes."""
        for pid in [-1] if self.alone else others:
            _send(pid, signal.SIGSTOP)


def _send(pid: int, number: int) -> None:
    with contextlib.suppress(OSError):
        _kill(pid, number)


def _reap() -> None:
    """Wait for this process's own children that have ended, and for no other."""
    with contextlib.suppress(ChildProcessError):
        while _waitpid(-1, os.WNOHANG)[0]:
            pass


def descendants(pid: int) -> list[int]:
    """Return the processes that a process started, and that those started."""
    found, left = [], [pid]
    while left:
        parent = left.pop()
        for thread in _names(f"/proc/{parent}/task"):
            left += _children(f"/proc/{parent}/task/{thread}/children")
        found.append(parent)
    return found[1:]


def _names(folder: str) -> list[str]:
    try:
        return _listdir(folder)
    except OSError:
        return []


def _children(path: str) -> list[int]:
    try:
        with _open(path, encoding="ascii") as file:
            return [int(pid) for pid in file.read().split()]
    except OSError:
        return []


def computed(pid: int) -> float:
    """Return the seconds for which a process has computed, and those it waited for."""
    try:
        with _open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
            fields = file.read().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return sum(map(int, fields[11:15])) / _TICKS


# ---- this process's own threads ------------------------------------------------------


def threads() -> set[int]:
    """Return the numbers of this process's threads but for the first."""
    return {int(name) for name in _listdir("/proc/self/task")} - {_getpid()}


def started_by(thread: int) -> list[int]:
    """Return the processes that one of this process's threads has started."""
    children = _children(f"/proc/self/task/{thread}/children")
    return [*children, *(below for pid in children for below in descendants(pid))]


def become_calm(seconds: float) -> bool:
    """Tell whether the threads beside this one end, or only wait, within that time.

    On a machine that is busy with something else, they are looked at longer.
    """
    latest, looks = _monotonic() + seconds, 0
    while threads():
        if _others_share() < 0.5:
            return True
        looks += 1
        if looks >= 5 and _monotonic() > latest:
            return False
    return True


def _others_share() -> float:
    """Compute for a while; return how many times as much other threads did meanwhile.

    A thread that computes gets as much as this one, however busy the machine is.
    """
    own, together = _thread_time(), _process_time()
    while _thread_time() - own < _COMPARED_SECONDS:
        pass
    mine = _thread_time() - own
    return (_process_time() - together - mine) / mine
