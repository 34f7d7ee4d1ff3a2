"""Try, from where student code runs, what must not be possible there."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import pkgutil
import socket
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

TRIALS = {
    "files": "Submissions, reports, solutions and the home folder cannot be seen.",
    "judges": "The course's references, judges and mistakes are not there.",
    "writing": "Nothing can be written outside the private folder in memory.",
    "network": "There is no network, not even to this machine.",
    "processes": "No process but the submission's own can be seen.",
    "rights": "The process has no rights of root and can gain none.",
}
"""What was tried and found closed, in words, by the name of the trial."""


def try_all(
    must_look_empty: Mapping[str, Sequence[str]], seconds: float
) -> dict[str, bool]:
    """Return, for each trial, whether it was closed.

    `must_look_empty` are files and folders that must be empty, but for the way to
    what may be seen; a connection is waited for `seconds`.
    """
    trials: dict[str, Callable[[], bool]] = {
        "files": lambda: all(
            _seen(path) <= set(way) for path, way in must_look_empty.items()
        ),
        "judges": lambda: not (_can_import("cnnjudge") or _parts_of_the_grader()),
        "writing": lambda: not any(map(_can_write, _places())),
        "network": lambda: _is_cut_off(seconds),
        "processes": lambda: _processes() <= {1, os.getpid(), os.getppid()},
        "rights": _has_none,
    }
    return {name: closed() for name, closed in trials.items()}


def _seen(path: str) -> set[str]:
    """Return what can be seen at a path: names in a folder, something of a file."""
    try:
        if os.path.isdir(path):
            return set(os.listdir(path))
        with open(path, "rb") as file:
            return {"its bytes"} if file.read(1) else set()
    except OSError:
        return set()


def _can_import(name: str) -> bool:
    """Ask those who find packages: the list of modules says that there is none."""
    return any(finder.find_spec(name, None) for finder in sys.meta_path)


def _parts_of_the_grader() -> list[str]:
    """Return what can be seen of it besides this folder."""
    package = importlib.import_module("cnngrade")
    seen = [entry.name for entry in pkgutil.iter_modules(package.__path__)]
    return [name for name in seen if name != "inside"]


def _places() -> list[str]:
    own = os.path.dirname(importlib.util.__file__)
    return ["/", "/etc", "/usr", "/dev", "/proc/sys/kernel", sys.prefix, own]


def _can_write(folder: str) -> bool:
    path = os.path.join(folder, f"cnnlib-probe-{os.getpid()}")
    try:
        with open(path, "x"):
            pass
    except OSError:
        return False
    with contextlib.suppress(OSError):
        os.unlink(path)
    return True


def _is_cut_off(seconds: float) -> bool:
    with socket.socket() as one:
        one.settimeout(seconds)
        try:
            one.connect(("127.0.0.1", 9))
        except OSError as error:
            return not isinstance(error, ConnectionRefusedError | TimeoutError)
    return False


def _processes() -> set[int]:
    return {int(name) for name in os.listdir("/proc") if name.isdigit()}


def _has_none() -> bool:
    with open("/proc/self/status", encoding="ascii", errors="replace") as file:
        facts: dict[str, Any] = dict(line.split(":", 1) for line in file if ":" in line)
    held = [int(facts[name], 16) for name in ("CapEff", "CapPrm", "CapBnd")]
    closed = [facts[name].strip() for name in ("NoNewPrivs", "Seccomp")]
    return held[:2] == [0, 0] and closed == ["1", "2"]
