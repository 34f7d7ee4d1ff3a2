"""A session in a new Python process beside the notebook, as `cnnlib check` uses it."""

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
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

from cnngrade.limits import EXIT_SECONDS, LINE_BYTES

from . import course_copy
from .session import IsolationError, Session, how_it_ended


class Spawned(Session):
    """A process: started, listened to, and ended with all that it started."""

    def __init__(
        self,
        message: dict[str, Any],
        folder: Path,
        environment: Mapping[str, str] = os.environ,
    ) -> None:
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115, closed by __exit__
        settings = {"MPLBACKEND": "agg", "PYTHONIOENCODING": "utf-8"}
        threads = {"OMP_NUM_THREADS": "1"}  # several wait for one another on a busy CPU
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "cnngrade.inside.child"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            cwd=folder,
            env={**threads, **environment, **settings},
            start_new_session=os.name == "posix",
        )
        self._lines: queue.Queue[bytes] = queue.Queue()
        arguments = (self._process.stdin, json.dumps(message).encode() + b"\n")
        threading.Thread(target=_send, args=arguments, daemon=True).start()
        threading.Thread(target=self._listen, daemon=True).start()

    def __enter__(self) -> Spawned:
        return self

    def __exit__(self, *_: object) -> None:
        _end(self._process)
        self._errors.close()

    def _listen(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as pipe:
            while line := pipe.readline(LINE_BYTES):
                self._lines.put(line)
        self._lines.put(b"")

    def told(self, seconds: float) -> dict[str, Any] | None:
        """Return the next message; None if none came in time; see `Session`."""
        from cnnlib.checks.wire import (  # and torch: meanwhile it starts
            WireError,
            loads,
        )

        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            try:
                line = self._lines.get(timeout=min(left, 0.2))
            except queue.Empty:
                if self._process.poll() is None:
                    continue
                line = self._last_line()
            if not line:
                raise EOFError
            with contextlib.suppress(WireError):  # what a library says when imported
                return loads(line)
        return None

    def _last_line(self) -> bytes:
        """Return what came just before the end, if anything."""
        with contextlib.suppress(queue.Empty):
            return self._lines.get(timeout=0.2)
        return b""

    def how_it_ended(self) -> str:
        """Say in words how the process ended."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            return how_it_ended(self._process.wait(timeout=EXIT_SECONDS))
        return how_it_ended(None)

    def why_not(self) -> str:
        """Say in a sentence why it did not even start."""
        self._errors.seek(0)
        lines = self._errors.read().decode("utf-8", "replace").strip().split("\n")
        last = lines[-1].strip() or "it did not say why"
        return (
            f"Python could not be started to run the cells: {last}. In a notebook, "
            "cnnlib.check_setup() says what has to be mended."
        )


class Spawner:
    """Opens sessions where nothing can be forked or shut away: not on Linux.

    It has what a `Channel` has.
    """

    slack = 1.0
    closed: tuple[str, ...] = ()

    def __init__(self, level: str, *_: object) -> None:
        self._level = level
        self._folder = tempfile.TemporaryDirectory(prefix="cnnlib-")
        self._copy = course_copy.build(Path(self._folder.name, "course"))

    def check(self) -> None:
        """Raise `IsolationError` unless nothing was to be isolated."""
        if self._level != "none":
            raise IsolationError(
                f"Submissions can be shut away on Linux alone; this is {sys.platform}. "
                "Use Linux, on Windows for example WSL 2. --isolation none would let "
                "them do whatever you can."
            )

    def open(self, message: dict[str, Any]) -> Spawned:
        """Open a session that does the steps of a message."""
        folder = Path(tempfile.mkdtemp(dir=self._folder.name))
        return Spawned(message, folder, course_copy.environment(self._copy))

    def close(self) -> None:
        """Remove what was made."""
        self._folder.cleanup()


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
