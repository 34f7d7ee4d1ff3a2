"""The process that has imported PyTorch once, and is forked for each submission.

It goes to jail first and imports afterwards, runs no student code and no tensor
operation. Each worker that connects gets a copy of it, which does what the worker says
over its connection, a message of JSON at a time:

    (at first)                                     ->  {"ready": true, "slack": ...}
    {"open": true} with a socket for the session   ->  {"pid": its first process}
    {"close": pid}                                 ->  {"closed": pid}

A copy ends with its connection, all of them with the process that started this one.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import select
import signal
import socket
import sys
import time
import traceback
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from . import jail, linux
from .processes import descendants

if TYPE_CHECKING:
    from .steps import StepRunner

_FOR_TRAINING = ("torch._dynamo", "torchvision")  # the first optimizer needs a second
_TYPICAL_SECONDS = 0.025
"""What `_speed`'s work takes on the machine that time limits were set on."""

_LOOK_AGAIN_SECONDS = 0.05


def main(listener: socket.socket) -> None:
    """Enter the jail, import, and serve whoever connects, until the input ends."""
    with os.fdopen(os.dup(0), "rb", buffering=0) as given:
        held = jail.Jail.of(json.loads(given.readline()))
    runner: StepRunner | None = None
    greeting: dict[str, Any]
    try:
        jail.enter(held)
    except OSError as error:
        greeting = {"refused": error.strerror or str(error)}
    else:
        _import_from(jail.COURSE if held.level == "full" else held.course)
        slack = max(1.0, _speed() / _TYPICAL_SECONDS)
        runner = _prepare(slack, held.lessons)
        greeting = {"ready": True, "slack": slack}
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # copies that end are forgotten
    while listener in select.select([listener, sys.stdin], [], [])[0]:
        control, _ = listener.accept()
        with control:
            if runner is None:
                _say(control, greeting)
            elif os.fork() == 0:
                listener.close()
                _copy(held, runner, control, greeting)


def _copy(
    held: jail.Jail,
    runner: StepRunner,
    control: socket.socket,
    greeting: dict[str, Any],
) -> None:
    """Serve one worker, in a process of its own, until it is gone."""
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        linux.die_with_parent(signal.SIGKILL)
        linux.adopt_orphans()
        os.setsid()
        _say(control, greeting)
        _serve(held, runner, control)
    except BaseException:
        traceback.print_exc()
    os._exit(0)


def _serve(held: jail.Jail, runner: StepRunner, control: socket.socket) -> None:
    """Open and close sessions, one at a time."""
    while True:
        message, sockets, _, _ = socket.recv_fds(control, 2**16, 1)
        if not message:
            return
        wanted = json.loads(message)
        if "open" in wanted:
            pid = _open(held, runner, sockets[0], control)
            os.close(sockets[0])
            _say(control, {"pid": pid})
        else:
            _close(wanted["close"])
            _say(control, {"closed": wanted["close"]})


def _import_from(folder: str) -> None:
    """Import the course's packages from where they lie in the jail, from now on."""
    sys.path[0] = folder
    for name in list(sys.modules):
        if name.partition(".")[0] in ("cnnlib", "cnngrade"):
            del sys.modules[name]
    importlib.invalidate_caches()


def _prepare(slack: float, lessons: Sequence[str]) -> StepRunner:
    """Import what submissions use, so that none of them has to."""
    gc.disable()  # what is imported stays
    import matplotlib.font_manager
    import matplotlib.pyplot
    import torch

    import cnnlib
    from cnnlib.checks import wire

    from . import probe, relay, slow_lessons
    from .steps import StepRunner

    for name in cnnlib.__all__:
        getattr(cnnlib, name)
    if any(slow_lessons.has_slow_question(lesson) for lesson in lessons):
        for name in _FOR_TRAINING:
            importlib.import_module(name)
    torch.set_num_threads(1)
    runner = StepRunner(slack)
    gc.freeze()
    gc.enable()
    linux.use_large_pages()
    assert all((matplotlib, probe, relay, wire))
    return runner


def _speed() -> float:
    """Return how long some plain computing takes here, the best of three."""
    best = float("inf")
    for _ in range(3):
        started = time.process_time()
        total = 0
        for i in range(500_000):
            total += i & 7
        best = min(best, time.process_time() - started)
    return best


def _say(control: socket.socket, message: dict[str, Any]) -> None:
    control.send(json.dumps(message).encode("ascii"))


# ---- a session ----------------------------------------------------------------------


def _open(
    held: jail.Jail, runner: StepRunner, wire: int, control: socket.socket
) -> int:
    """Fork the first process of a session; return its number."""
    pid = os.fork()
    if pid:
        return pid
    try:
        control.close()
        os.setsid()
        linux.die_with_parent(signal.SIGKILL)
        number = os.getpid()  # among all processes of the machine
        jail.separate(held)
        first = os.fork()
        if first == 0:
            linux.die_with_parent(signal.SIGKILL)
            jail.settle(held)
            _first(held, runner, wire, number)
        os.close(wire)
        signal.signal(signal.SIGTERM, lambda *_: os.kill(first, signal.SIGKILL))
        os.waitpid(first, 0)
    except BaseException:
        traceback.print_exc()
    os._exit(0)


def _close(pid: int) -> None:
    """End a session: with its first process the kernel ends all the others.

    Where there are no namespaces they are looked for, as long as any are found.
    """
    os.kill(pid, signal.SIGTERM)
    os.waitpid(pid, 0)
    while below := descendants(os.getpid()):
        for one in below:
            with contextlib.suppress(OSError):
                os.kill(one, signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass


def _first(held: jail.Jail, runner: StepRunner, wire: int, number: int) -> None:
    """Watch over a session as its first process: memory, and who is left behind."""
    linux.adopt_orphans()
    first = os.getpid()
    pid = os.fork()
    if pid == 0:
        try:
            _run(held, runner, wire, number, first)
        except BaseException:
            traceback.print_exc()
        os._exit(1)
    os.close(wire)
    linux.hide()
    usual = _own_memory("self")
    while True:
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            os._exit(0)
        _end_the_greedy(held, usual)
        time.sleep(_LOOK_AGAIN_SECONDS)


def _run(
    held: jail.Jail, runner: StepRunner, wire: int, number: int, first: int
) -> None:
    """Read what is to be done, give up all rights, and do it.

    `first` is the number of the session's first process, as it sees itself: to ask for
    this one's parent could name another, if that one has ended.
    """
    from cnnlib.checks.wire import dumps

    from .probe import try_all
    from .relay import Relay
    from .steps import bring, repeatable, silence

    channel = socket.socket(fileno=wire)
    given = json.loads(channel.makefile("rb").readline())
    send = channel.sendall

    def tell(step: int, **facts: Any) -> None:
        send(b"\n" + dumps({"step": step} | facts))

    silence()
    repeatable()
    _settle_in(given["folder"])
    os.nice(5)
    jail.give_up(held, number, given["computing_seconds"])
    if "probe" in given:
        tell(0, state="done", **try_all(given["probe"], held.probe_seconds))
    else:
        bring(given["files"])
        sys.path.append("")  # it imports what lies beside it, and nothing in our place
        Relay(runner, tell, held, first).run(given)
    os._exit(0)


def _settle_in(folder: str) -> None:
    """Make the private folder the one to work in, and the home."""
    os.umask(0)
    os.makedirs(folder, mode=0o777, exist_ok=True)
    os.umask(0o022)
    os.chdir(folder)
    os.environ |= {"HOME": folder, "TMPDIR": folder}


def _end_the_greedy(held: jail.Jail, usual: int) -> None:
    """End the largest process of a session that holds more memory than it may."""
    if held.level == "none":
        return
    most, below = held.session_memory_bytes, descendants(os.getpid())
    if sum(max(0, _own_memory(str(pid)) - usual) for pid in below) <= most:
        return
    sizes = {pid: _share(pid) for pid in below}
    if sum(sizes.values()) > most:
        with contextlib.suppress(OSError):
            os.kill(max(sizes, key=lambda pid: sizes[pid]), signal.SIGKILL)


def _share(pid: int) -> int:
    """Return a process's share of memory: what n processes hold counts 1/n in each.

    It takes longer to find out than `_own_memory`, which counts it n times.
    """
    try:
        with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as file:
            lines = [line.split() for line in file if line.startswith("Pss_")]
    except OSError:
        lines = []
    found = [int(line[1]) for line in lines if line[0] in ("Pss_Anon:", "Pss_Shmem:")]
    return sum(found) * 1024 if found else _own_memory(str(pid))


def _own_memory(pid: str) -> int:
    """Return the bytes of memory that a process has without a file, about."""
    try:
        with open(f"/proc/{pid}/statm", encoding="ascii") as file:
            _, resident, shared, *_ = map(int, file.read().split())
    except (OSError, ValueError):
        return 0
    return max(0, resident - shared) * os.sysconf("SC_PAGE_SIZE")


if __name__ == "__main__":
    try:
        main(socket.socket(fileno=int(sys.argv[1])))
    except BaseException:
        traceback.print_exc()
        os._exit(1)
    os._exit(0)
