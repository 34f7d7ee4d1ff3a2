"""Run steps in a process of their own, so that nothing in a cell can lose the rest.

Where a step ends the process or takes too long, that step is noted, and a new process
runs the other cells again without it and goes on with what was not asked yet.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from ._notebook import NotebookError
from ._plan import Step

START_SECONDS = 180.0
GRACE_SECONDS = 15.0
"""A question stops slow answers itself; after that much longer the process is ended."""
MOST_STARTS = 12
_LONGEST_LINE = 2**30


@dataclass(frozen=True)
class Done:
    """What came of a step.

    Attributes:
        state: "done", "timed out" or "died".
        facts: what the process told of it (see ``_child``).
        reason: for "died": how the process ended, in words.
    """

    state: str
    facts: dict[str, Any] = field(default_factory=dict)
    reason: str = ""


@dataclass(frozen=True)
class Limits:
    """How many seconds a cell may take, and each question."""

    cell: float
    questions: dict[str, float]

    def of(self, step: Step) -> float:
        """Return the seconds after which the process is ended."""
        return self.questions[step.task] + GRACE_SECONDS if step.asks else self.cell


def run(
    steps: Sequence[Step],
    folder: Path,
    limits: Callable[[], Limits],
    seed: int,
    watch: Callable[[Step], None] = lambda step: None,
) -> dict[int, Done]:
    """Return what came of each step, by its place; a step not reached is left out.

    `limits` is called once the first process is starting, since to know them takes
    as long; `watch` is told of every step before it runs.
    """
    done: dict[int, Done] = {}
    known: Limits | None = None
    for _ in range(MOST_STARTS):
        wanted = [i for i, step in enumerate(steps) if _is_due(step, done.get(i))]
        if all(i in done for i in wanted):
            break
        with _Process(steps, wanted, folder, seed) as process:
            known = known or limits()
            for number, seconds in process.starts(known, steps):
                watch(steps[number])
                found = process.wait(number, seconds)
                if number not in done or found.state != "done":
                    done[number] = found
                if found.state != "done":
                    break
    return done


def _is_due(step: Step, before: Done | None) -> bool:
    """Cells run again in a new process; what is asked, or ended one, does not."""
    return before is None or (before.state == "done" and not step.asks)


class _Process:
    """One process: started, listened to, and ended with all that it started."""

    def __init__(
        self, steps: Sequence[Step], wanted: list[int], folder: Path, seed: int
    ) -> None:
        sent = [{"source": step.source, "task": step.task} for step in steps]
        message = {"steps": sent, "run": wanted, "seed": seed}
        self._wanted = wanted
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115, closed by __exit__
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "cnnlib.grading._child"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            cwd=folder,
            env=os.environ | {"MPLBACKEND": "agg", "PYTHONIOENCODING": "utf-8"},
            start_new_session=os.name == "posix",
        )
        self._lines: queue.Queue[bytes] = queue.Queue()
        arguments = (self._process.stdin, json.dumps(message).encode() + b"\n")
        threading.Thread(target=_send, args=arguments, daemon=True).start()
        threading.Thread(target=self._listen, daemon=True).start()

    def __enter__(self) -> _Process:
        return self

    def __exit__(self, *_: object) -> None:
        _end(self._process)
        self._errors.close()

    def _listen(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as pipe:
            while line := pipe.readline(_LONGEST_LINE):
                self._lines.put(line)
        self._lines.put(b"")

    def starts(
        self, limits: Limits, steps: Sequence[Step]
    ) -> Iterator[tuple[int, float]]:
        """Yield the place of each step as it starts, and its limit in seconds."""
        for place, number in enumerate(self._wanted):
            told = self._next(time.monotonic() + START_SECONDS)
            if told != {"step": number, "state": "start"}:
                if place == 0:
                    raise NotebookError(self._why_not())
                told = None
            if told is None:  # it ended between two steps: the one before did that
                return
            yield number, limits.of(steps[number])

    def wait(self, number: int, seconds: float) -> Done:
        """Return what came of a step that has started."""
        deadline = time.monotonic() + seconds
        told = self._next(deadline)
        if told is not None and (told.get("step"), told.get("state")) == (
            number,
            "done",
        ):
            return Done("done", told)
        if told is None and time.monotonic() >= deadline:
            return Done("timed out")
        return Done("died", reason=self._how_it_ended())

    def _next(self, deadline: float) -> dict[str, Any] | None:
        """Return the next message; None if the time is over or there will be none."""
        from cnnlib.checks._wire import (
            WireError,
            loads,
        )  # and torch: meanwhile it starts

        while (left := deadline - time.monotonic()) > 0:
            try:
                line = self._lines.get(timeout=min(left, 0.2))
            except queue.Empty:
                if self._process.poll() is None:
                    continue
                line = self._last_line()
            if not line:
                return None
            with contextlib.suppress(WireError):  # what a library says when imported
                return loads(line)
        return None

    def _last_line(self) -> bytes:
        """Return what came just before the end, if anything."""
        with contextlib.suppress(queue.Empty):
            return self._lines.get(timeout=0.2)
        return b""

    def _how_it_ended(self) -> str:
        with contextlib.suppress(subprocess.TimeoutExpired):
            code = self._process.wait(timeout=2)
            if code >= 0:
                return f"Python ended with exit code {code}"
            if code == -9:
                return "Python was killed (SIGKILL): memory may have run out"
            return f"Python crashed inside a library ({signal.strsignal(-code)})"
        return "the connection broke"

    def _why_not(self) -> str:
        self._errors.seek(0)
        lines = self._errors.read().decode("utf-8", "replace").strip().split("\n")
        last = lines[-1].strip() or "it did not say why"
        return (
            f"Python could not be started to run the cells: {last}. In a notebook, "
            "cnnlib.check_setup() says what has to be mended."
        )


def _send(pipe: IO[bytes], message: bytes) -> None:
    with contextlib.suppress(OSError, ValueError):  # it may have ended before it read
        pipe.write(message)
        pipe.flush()


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a process, and on POSIX whatever it has started."""
    if os.name == "posix":
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    process.kill()
    process.wait()
    assert process.stdin is not None
    with contextlib.suppress(OSError):
        process.stdin.close()
