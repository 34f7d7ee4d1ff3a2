"""What can only be seen while an answer runs: calls, printing, time. Best effort."""

from __future__ import annotations

import contextlib
import ctypes
import io
import random
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from torch.overrides import TorchFunctionMode

_COURSE = ("cnnlib", "cnnjudge")
"""Packages that may call `cnnlib` while a known answer runs, and nothing is meant."""
_ASKS = "checks.ask"
"""The module that calls an answer: a function of `cnnlib` may be the answer itself."""
_LIBRARIES = {"numpy", "scipy", "sklearn", "skimage", "cv2", "torchvision", "torch"}


class TooLong(BaseException):
    """Raised inside an answer that runs longer than its question allows."""


class _Sink(io.TextIOBase):
    """Takes what is written and keeps none of it."""

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        return len(text)


class _Calls(TorchFunctionMode):
    """Sees the calls of PyTorch's functions, from inside modules, too."""

    def __init__(self, forbidden: frozenset[str], seen: set[str]) -> None:
        super().__init__()
        self._forbidden, self._seen = forbidden, seen

    def __torch_function__(
        self, func: Any, types: Any, args: tuple = (), kwargs: dict | None = None
    ) -> Any:
        name = getattr(func, "__name__", "").strip("_")
        if name in self._forbidden:
            self._seen.add(f"called:{name}")
        return func(*args, **(kwargs or {}))


class Watch:
    """Watches the calls of one answer; ``seen`` holds a remark for each finding."""

    def __init__(
        self,
        forbidden: tuple[str, ...],
        seconds: float,
        watched: bool = True,
        may_call: tuple[str, ...] = (),
    ) -> None:
        self._watched = watched
        self._may_call = frozenset(may_call)
        self._forbidden = frozenset(forbidden)
        self._clock = _Clock(seconds)
        self._sink = _Sink()
        self.seen: set[str] = set()

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        """Run an answer: silent, watched, stopped in time, without traces left."""
        with contextlib.ExitStack() as stack:
            stack.enter_context(_as_before())
            stack.enter_context(warnings.catch_warnings())
            warnings.simplefilter("ignore")
            if not self._watched:
                yield
                return
            stack.enter_context(contextlib.redirect_stdout(self._sink))
            stack.enter_context(contextlib.redirect_stderr(self._sink))
            stack.enter_context(_Calls(self._forbidden, self.seen))
            stack.enter_context(_stopped_by(self._clock))
            stack.enter_context(_profiled(self._see))
            yield

    def _see(self, frame: Any, event: str, called: Any) -> None:
        if event == "call":
            root, rest = _home(frame)
            if root == "cnnlib" and not rest.startswith("checks"):
                caller, caller_rest = _home(frame.f_back)
                from_outside = caller not in _COURSE or caller_rest == _ASKS
                is_allowed = rest.partition(".")[0] in self._may_call
                is_noticed = from_outside and not is_allowed
                if is_noticed and not _is_inside_the_course(frame.f_back):
                    self.seen.add(f"cnnlib:{frame.f_code.co_name}")
            elif frame.f_code.co_name in self._forbidden and root in _LIBRARIES:
                self.seen.add(f"called:{frame.f_code.co_name}")
        elif event == "c_call":
            name = getattr(called, "__name__", "")
            if name in self._forbidden:
                home = str(getattr(called, "__module__", None) or "torch")
                if home.partition(".")[0] in _LIBRARIES:
                    self.seen.add(f"called:{name}")


def _is_inside_the_course(frame: Any) -> bool:
    """Tell whether a function of the course is at work further up: it calls itself.

    PyTorch may stand in between, as when `summary` lets a model run.
    """
    while frame is not None:
        root, rest = _home(frame)
        if root in _COURSE and rest.startswith("checks"):
            return False
        if root in _COURSE:
            return True
        frame = frame.f_back
    return False


def _home(frame: Any) -> tuple[str, str]:
    """Return the package that a frame's code belongs to, and the rest of its module."""
    name = frame.f_globals.get("__name__", "") if frame is not None else ""
    root, _, rest = str(name).partition(".")
    return root, rest


@contextlib.contextmanager
def _profiled(see: Callable[[Any, str, Any], None]) -> Iterator[None]:
    before = sys.getprofile()
    sys.setprofile(see)
    try:
        yield
    finally:
        sys.setprofile(before)


@contextlib.contextmanager
def _as_before() -> Iterator[None]:
    """Start from a fixed random state and put back what a call may have set."""
    states = torch.get_rng_state(), np.random.get_state(), random.getstate()  # noqa: NPY002
    dtype, grad = torch.get_default_dtype(), torch.is_grad_enabled()
    strictness = torch.get_deterministic_debug_mode()
    torch.default_generator.manual_seed(0)  # torch.manual_seed takes 2 ms
    torch.set_grad_enabled(True)
    # So `torch.empty` holds NaN, not what lies there by chance: the same each run.
    # (torch.use_deterministic_algorithms imports on its way: not where a hand-in runs.)
    torch.set_deterministic_debug_mode("warn")
    try:
        yield
    finally:
        torch.set_deterministic_debug_mode(strictness)
        torch.set_grad_enabled(grad)
        torch.set_default_dtype(dtype)
        torch.set_rng_state(states[0])
        np.random.set_state(states[1])  # noqa: NPY002
        random.setstate(states[2])


class _Clock:
    """The time an answer has: so many seconds of computing, four times that in all.

    So a busy machine costs nobody anything, and an answer that sleeps ends, too.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._computing, self._passing = time.process_time(), time.monotonic()

    def left(self) -> float:
        """Return for how many seconds at least the answer may still go on."""
        computing = self._seconds - (time.process_time() - self._computing)
        passing = 4 * self._seconds - (time.monotonic() - self._passing)
        return min(computing, passing)


@contextlib.contextmanager
def _stopped_by(clock: _Clock) -> Iterator[None]:
    """Raise TooLong in this thread when the time is over, loops without calls too."""
    thread, done, lock = threading.get_ident(), threading.Event(), threading.Lock()

    def watch() -> None:
        while (left := clock.left()) > 0:
            if done.wait(max(left, 0.01)):
                return
        with lock:
            if not done.is_set():
                raise_in = ctypes.pythonapi.PyThreadState_SetAsyncExc
                raise_in(ctypes.c_ulong(thread), ctypes.py_object(TooLong))

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        with lock:
            done.set()
        watcher.join(1.0)
