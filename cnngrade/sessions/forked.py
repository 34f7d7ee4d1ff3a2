"""Sessions forked from a template, in the jail: how a class is graded (Linux)."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import select
import shutil
import socket
import stat
import subprocess
import sys
import tempfile
import time
import weakref
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from cnngrade import limits
from cnngrade.inside import jail
from cnngrade.inside.probe import TRIALS

from . import course_copy
from .session import (
    IsolationError,
    Session,
    TemplateEndedError,
    how_it_ended,
)

_PREFIX = "cnnlib-grade-"


def _refused(why: str) -> str:
    return (
        f"Submissions cannot be fully shut away here ({why}), so none was run. With "
        "--isolation limits they would be able to read whatever you can, your other "
        "files and the network among it, and to change it; only time, memory and the "
        "number of processes would be limited. A virtual machine, or a computer whose "
        "kernel allows user namespaces (Linux 5.12 or newer), gives full isolation."
    )


@dataclass(frozen=True)
class Address:
    """Where a template can be reached, and what is to be known of it.

    Attributes:
        must_look_empty: paths in which nothing may be seen from inside, each with
            the names that lead to something shown.
    """

    path: str
    level: str
    folder: str
    must_look_empty: tuple[tuple[str, tuple[str, ...]], ...]


class Template:
    """A process that has imported everything, in its jail, started and ended from here.

    Attributes:
        address: where a `Channel` finds it, at once, though it takes a while to answer.
    """

    def __init__(
        self, level: str, class_folders: Sequence[str] = (), lessons: Sequence[str] = ()
    ) -> None:
        _sweep()
        self._folder = Path(tempfile.mkdtemp(prefix=_PREFIX))
        lock = _lock(self._folder)
        root, copy = self._folder / "root", self._folder / "course"
        root.mkdir()
        course_copy.build(copy)
        data = os.environ.get("CNNLIB_DATA", "")
        needed = [*jail.interpreter(), *filter(os.path.isdir, [data])]
        shown = jail.outermost(needed)
        held = jail.Jail(
            level=level,
            root=str(root),
            course=str(copy),
            shown=tuple(shown),
            masked=_to_be_masked(needed, class_folders),
            lessons=tuple(lessons),
            memory_bytes=limits.MEMORY_BYTES,
            session_memory_bytes=limits.SESSION_MEMORY_BYTES,
            address_bytes=limits.ADDRESS_BYTES,
            folder_bytes=limits.FOLDER_BYTES,
            folder_files=limits.FOLDER_FILES,
            processes=limits.PROCESSES,
            threads_left=limits.THREADS_LEFT,
            open_files=limits.OPEN_FILES,
            left_running_seconds=limits.LEFT_RUNNING_SECONDS,
            calm_seconds=limits.CALM_SECONDS,
            probe_seconds=limits.PROBE_SECONDS,
        )
        path = str(self._folder / "control")
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
            with _short(path) as name:
                listener.bind(name)
            listener.listen(256)
            self._process = _started(listener.fileno(), copy, self._folder / "errors")
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(held.plain()).encode() + b"\n")
        self._process.stdin.flush()
        self._end = weakref.finalize(self, _remove, self._folder, self._process, lock)
        seen = [*needed, jail.WORK]
        secret = _not_to_be_seen(class_folders) - set(map(os.path.realpath, needed))
        empty = {one: tuple(_names_on_the_way(one, seen)) for one in sorted(secret)}
        self.address = Address(path, level, str(self._folder), tuple(empty.items()))

    def close(self) -> None:
        """End the template, and remove what was made for it."""
        self._end()


def _started(listener: int, copy: Path, errors: Path) -> subprocess.Popen[bytes]:
    with errors.open("wb") as file:
        return subprocess.Popen(
            [sys.executable, "-P", "-m", "cnngrade.inside.template", str(listener)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=file,
            cwd=copy,
            env=course_copy.environment(copy),
            pass_fds=[listener],
            start_new_session=True,
        )


@contextlib.contextmanager
def _short(path: str) -> Iterator[str]:
    """Call a socket by a short name: of long ones the kernel takes 107 bytes."""
    folder = os.open(os.path.dirname(path), os.O_PATH)
    try:
        yield f"/proc/self/fd/{folder}/{os.path.basename(path)}"
    finally:
        os.close(folder)


class Channel:
    """A worker's connection to a template: opens sessions, one at a time.

    Attributes:
        slack: how many times as long as on a typical machine things take here.
        closed: what was tried from inside and found closed, in sentences.

    Raises:
        TemplateEndedError: it cannot be reached.
    """

    slack: float
    closed: list[str]

    def __init__(self, address: Address) -> None:
        self._address = address
        self._control = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._control.settimeout(limits.START_SECONDS)
        with contextlib.suppress(OSError), _short(address.path) as name:
            self._control.connect(name)  # why it cannot be is said below

    def check(self) -> None:
        """Wait until it is ready; try from inside what must be closed.

        Raises:
            IsolationError: the level cannot be had, or at level "full" something is
                possible that must not be.
        """
        told = self._answer()
        if "refused" in told:
            raise IsolationError(_refused(told["refused"]))
        self.slack = told["slack"]
        with self.open(self._probe()) as session:
            told = session.told(limits.START_SECONDS) or {}
        open_ = [name for name in TRIALS if told.get(name) is not True]
        if open_ and self._address.level == "full":
            tried = f"tried from inside and found open: {', '.join(open_)}"
            raise IsolationError(_refused(tried))
        self.closed = [words for name, words in TRIALS.items() if name not in open_]

    def _probe(self) -> dict[str, Any]:
        """Return the message of a session that tries what must be closed."""
        seconds = limits.process_computing_seconds(limits.START_SECONDS)
        paths = dict(self._address.must_look_empty)
        return {"probe": paths, "computing_seconds": seconds}

    def open(self, message: dict[str, Any]) -> Forked:
        """Open a session that does the steps of a message."""
        ours, theirs = socket.socketpair()
        with theirs, contextlib.suppress(OSError):
            packet = json.dumps({"open": True}).encode()
            socket.send_fds(self._control, [packet], [theirs.fileno()])
        pid = self._answer()["pid"]
        folder = jail.WORK
        if self._address.level != "full":
            folder = tempfile.mkdtemp(prefix="session-", dir=self._address.folder)
        return Forked(self, pid, ours, message | {"folder": folder})

    def close_session(self, pid: int) -> None:
        """End a session and everything that it started."""
        with contextlib.suppress(OSError):  # why it ended is said below
            self._control.send(json.dumps({"close": pid}).encode())
        self._answer()

    def close(self) -> None:
        """End the connection, and what is open there."""
        self._control.close()

    def _answer(self) -> dict[str, Any]:
        try:
            packet = self._control.recv(2**16)
        except OSError:
            packet = b""
        if not packet:
            raise TemplateEndedError(self._why_not())
        return json.loads(packet)

    def _why_not(self) -> str:
        said = ["it is gone"]
        with contextlib.suppress(OSError):
            text = Path(self._address.folder, "errors").read_text(errors="replace")
            said = text.strip().split("\n")
        last = said[-1].strip() or "it did not say why"
        return f"The process that runs submissions has ended: {last}"


class Forked(Session):
    """A session of a template."""

    def __init__(
        self, channel: Channel, pid: int, wire: socket.socket, given: dict[str, Any]
    ) -> None:
        self._channel, self._pid, self._wire = channel, pid, wire
        self._folder = given["folder"]
        self._buffer, self._said = bytearray(), 0
        self._lines: Iterator[bytes] = iter(())
        wire.settimeout(limits.START_SECONDS)
        with contextlib.suppress(OSError):  # it may have ended already
            wire.sendall(json.dumps(given).encode() + b"\n")

    def __enter__(self) -> Forked:
        return self

    def __exit__(self, *_: object) -> None:
        self._wire.close()
        self._channel.close_session(self._pid)
        if self._folder != jail.WORK:
            shutil.rmtree(self._folder, ignore_errors=True)

    def told(self, seconds: float) -> dict[str, Any] | None:
        """Return the next message; None if none came in time; see `Session`."""
        from cnnlib.checks.wire import WireError, loads  # imports PyTorch

        deadline = time.monotonic() + seconds
        while True:
            for line in self._lines:
                with contextlib.suppress(WireError):  # half a line, when one was ended
                    return loads(line)
            left = deadline - time.monotonic()
            if left <= 0:
                return None
            if select.select([self._wire], [], [], left)[0]:
                self._lines = self._received()

    def _received(self) -> Iterator[bytes]:
        """Return the whole lines that have come in."""
        try:
            chunk = self._wire.recv(2**20)
        except OSError:
            chunk = b""
        self._said += len(chunk) + limits.ITEM_BYTES * sum(
            map(chunk.count, (b",", b"[", b"{"))
        )
        if not chunk or self._said > limits.SAID_BYTES:
            raise EOFError
        *lines, rest = chunk.split(b"\n")
        if not lines:
            self._buffer += rest
            return iter(())
        lines[0] = bytes(self._buffer) + lines[0]
        self._buffer = bytearray(rest)
        return iter([line for line in lines if line])

    def how_it_ended(self) -> str:
        """Say in words how the process ended."""
        if self._said > limits.SAID_BYTES:
            return "it said more than anybody can read"
        return how_it_ended(None)

    def why_not(self) -> str:
        """Say in a sentence why it did not even start."""
        return "The session could not be started: it ended before its first step."


def _lock(folder: Path) -> TextIO | None:
    """Say that a folder is in use, until the file is closed; None if it is already."""
    file = (folder / "lock").open("w")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        return None
    return file


def _sweep() -> None:
    """Remove what graders left behind that were killed."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        with contextlib.suppress(OSError):
            found = (folder / "lock").lstat()
            if stat.S_ISREG(found.st_mode) and found.st_uid == os.getuid():
                with _lock(folder) or contextlib.nullcontext() as unused:
                    if unused:
                        shutil.rmtree(folder, ignore_errors=True)


def _remove(
    folder: Path, process: subprocess.Popen[bytes], lock: TextIO | None
) -> None:
    """Remove what was made for a template, which ends it."""
    process.kill()
    process.wait()
    assert process.stdin is not None
    process.stdin.close()
    shutil.rmtree(folder, ignore_errors=True)
    if lock is not None:
        lock.close()


def _not_to_be_seen(class_folders: Sequence[str]) -> set[str]:
    """Return what must not be seen: the class's folders, the home, the course."""
    folders = (*class_folders, os.path.expanduser("~"), *course_copy.course_paths())
    return set(map(os.path.realpath, folders))


def _names_on_the_way(folder: str, shown: Sequence[str]) -> list[str]:
    """Return the names in a folder through which the way to something shown goes."""
    here = Path(os.path.realpath(folder))
    below = [Path(path) for path in shown if Path(path).is_relative_to(here)]
    return sorted({path.relative_to(here).parts[0] for path in below if path != here})


def _to_be_masked(
    needed: Sequence[str], class_folders: Sequence[str]
) -> tuple[str, ...]:
    """Return what must be covered: it lies in what is needed, and holds none of it."""
    places = [os.path.realpath(path) for path in needed]
    return tuple(
        path
        for path in sorted(_not_to_be_seen(class_folders))
        if any(Path(path).is_relative_to(place) for place in places)
        and not any(Path(place).is_relative_to(path) for place in places)
    )
