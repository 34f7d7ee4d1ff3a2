"""What a student's code can see and use: its own small machine, made of this one.

Three levels. "full": namespaces of its own for files, processes, network, users; the
interpreter and its packages read-only, a private folder in memory, and nothing else.
"limits": the limits on time, memory and files alone. "none": nothing at all.

A template process enters the jail once, before it imports anything; each submission's
process, forked from it, then goes to private namespaces, and before student code runs
it gives up every right.
"""

from __future__ import annotations

import contextlib
import os
import resource
import sys
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from . import linux, seccomp

PRIVATE = "/tmp"
"""The one folder that can be written to; it is in memory and ends with the session."""
WORK = "/tmp/work"
COURSE = "/course"
"""Where the course's package lies, as far as student code can see."""
_ASIDE = "/.aside"
"""Where that lies for good which is to be seen in the private folder."""
NOBODY = 65_534
_OWN = linux.NEWNS | linux.NEWIPC | linux.NEWNET | linux.NEWUTS
_SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32")
_SETTINGS = ("alternatives", "fonts", "ld.so.cache", "ld.so.conf", "ld.so.conf.d")
_DEVICES = ("null", "full", "random", "urandom")  # zero is memory that nobody counts
_CPUS = "/sys/devices/system/cpu"
_USERS = "root:x:0:0::/:/bin/false\nstudent:x:{0}:{0}::/tmp:/bin/sh\n"


@dataclass(frozen=True)
class Jail:
    """How a student's code is held.

    Attributes:
        level: "full", "limits" or "none".
        root: an empty folder on which the new root is built.
        course: the folder with the course's package as student code may see it.
        shown: files and folders that can be seen, read-only, where they are.
        masked: files and folders that must not be seen, though they lie in one shown.
        lessons: what it is for: more is imported where nets are trained.
        memory_bytes: what a process may add to what the template has.
        session_memory_bytes: what all processes of a session may add.
        address_bytes: what a process may reserve without using it.
        folder_bytes: what the private folder may hold, and one file.
        folder_files: how many files the private folder may hold.
        processes: how many a session may have at one time, threads included.
        threads_left: how many threads a step may leave running.
        open_files: how many a process may have open.
        left_running_seconds: for how long what a step left running is ended.
        calm_seconds: for how long threads that a step left may go on computing.
        probe_seconds: for how long a connection that must be refused is waited for.
    """

    level: str
    root: str
    course: str
    shown: tuple[str, ...]
    masked: tuple[str, ...]
    lessons: tuple[str, ...]
    memory_bytes: int
    session_memory_bytes: int
    address_bytes: int
    folder_bytes: int
    folder_files: int
    processes: int
    threads_left: int
    open_files: int
    left_running_seconds: float
    calm_seconds: float
    probe_seconds: float

    def plain(self) -> dict[str, Any]:
        """Return it as JSON can hold it."""
        return asdict(self)

    @staticmethod
    def of(plain: dict[str, Any]) -> Jail:
        """Return what `plain` was made from."""
        tuples = {name: tuple(plain[name]) for name in ("shown", "masked", "lessons")}
        return Jail(**(plain | tuples))


def interpreter() -> list[str]:
    """Return the folders of this Python, its packages and the system's libraries.

    One may lie in another.
    """
    paths = {*map(os.path.realpath, (sys.prefix, sys.base_prefix)), sys.prefix}
    paths |= {p for p in sys.path if p.endswith(("site-packages", "dist-packages"))}
    return [*_SYSTEM, *sorted(paths)]


def outermost(paths: Iterable[str]) -> list[str]:
    """Leave out what lies in another of the paths: it is shown with that one."""
    kept: list[str] = []
    for path in sorted(paths, key=lambda path: (path not in _SYSTEM, path)):
        if path in _SYSTEM or (os.path.isdir(path) and not _within(path, kept)):
            kept.append(path)
    return kept


def _within(path: str, folders: Iterable[str]) -> bool:
    return any(Path(path).is_relative_to(folder) for folder in folders)


# ---- the template -------------------------------------------------------------------


def enter(jail: Jail) -> None:
    """Take this process into the jail; raise OSError where the kernel refuses."""
    if jail.level != "full":
        return
    linux.can_filter_calls()
    _move(_OWN)
    linux.mount(None, "/", None, linux.REC | linux.PRIVATE)
    linux.mount("tmpfs", jail.root, "tmpfs", linux.NOSUID, "size=4m,mode=755")
    _show(jail)
    linux.enter_root(jail.root)
    _hide(jail)
    _remount_root()
    _private(jail, "size=64m")


def _move(flags: int) -> None:
    """Move to namespaces of one's own; root needs none of users, as it takes others."""
    user, group = os.getuid(), os.getgid()
    linux.unshare(flags | (linux.NEWUSER if user else 0))
    if user:
        _write("/proc/self/setgroups", "deny")
        _write("/proc/self/uid_map", f"{user} {user} 1")
        _write("/proc/self/gid_map", f"{group} {group} 1")


def _show(jail: Jail) -> None:
    root = jail.root
    closed, aside = linux.RDONLY | linux.NOSUID | linux.NODEV, _aside(jail)
    for path in (*jail.shown, _CPUS, *(f"/etc/{name}" for name in _SETTINGS)):
        _bind(root, path, closed, aside.get(path, ""))
    _bind(root, jail.course, closed, COURSE)
    for name in _DEVICES:
        _bind(root, f"/dev/{name}", linux.NOSUID)
    _bind(root, "/proc", linux.NOSUID)  # each session mounts its own over it
    for folder in (PRIVATE, "/dev/shm"):
        os.makedirs(root + folder, exist_ok=True)
    os.symlink("/proc/self/fd", root + "/dev/fd")
    _write(root + "/etc/passwd", _USERS.format(NOBODY if not os.getuid() else 1000))
    _write(root + "/etc/hosts", "127.0.0.1 localhost\n")


def _aside(jail: Jail) -> dict[str, str]:
    """Return what is to be seen in the private folder, and where it lies for good."""
    inside = [path for path in jail.shown if _within(path, [PRIVATE])]
    return {path: f"{_ASIDE}/{number}" for number, path in enumerate(inside)}


def _private(jail: Jail, options: str) -> None:
    """Mount a private folder; a Python that is installed there is seen in it."""
    linux.mount("tmpfs", PRIVATE, "tmpfs", linux.NOSUID | linux.NODEV, options)
    for path, place in _aside(jail).items():
        if os.path.isdir(place):
            os.makedirs(path, exist_ok=True)
            linux.mount(place, path, None, linux.BIND | linux.REC)


def _bind(root: str, path: str, flags: int, place: str = "") -> None:
    """Show a path of this machine below the new root, at its own place or another."""
    target = root + (place or path)
    if os.path.lexists(target) or not os.path.exists(path):
        return
    os.makedirs(os.path.dirname(target), exist_ok=True)
    if os.path.islink(path) and not place:
        os.symlink(os.readlink(path), target)
        return
    if os.path.isdir(path):
        os.mkdir(target)
    else:
        _write(target, "")
    linux.mount(path, target, None, linux.BIND | linux.REC)
    if path != "/proc":
        linux.restrict(target, flags)


def _hide(jail: Jail) -> None:
    """Lay something empty over what must not be seen, where it could be."""
    for path in (_where(jail, path) for path in jail.masked):
        if os.path.isdir(path) and not _within(PRIVATE, [path]):
            linux.mount("tmpfs", path, "tmpfs", linux.NOSUID, "size=0,mode=555")
            linux.restrict(path, linux.RDONLY)
        elif os.path.isfile(path):
            linux.mount("/dev/null", path, None, linux.BIND)
            linux.restrict(path, linux.RDONLY | linux.NODEV)


def _where(jail: Jail, path: str) -> str:
    """Return where a path lies for good, in the new root."""
    for shown, place in _aside(jail).items():
        if _within(path, [shown]):
            return os.path.normpath(os.path.join(place, os.path.relpath(path, shown)))
    return path


def _remount_root() -> None:
    """Make the folders that hold the rest read-only; mounts keep their own rules."""
    flags = 0x20 | linux.BIND | linux.RDONLY | linux.NOSUID  # 0x20: MS_REMOUNT
    linux.mount(None, "/", None, flags)


def _write(path: str, text: str) -> None:
    with open(path, "w", encoding="ascii") as file:
        file.write(text)


# ---- a session ----------------------------------------------------------------------


def separate(jail: Jail) -> None:
    """Give the children of this process everything that sessions must not share.

    The count of a user's processes is among it: no session can crowd out another.
    """
    if jail.level != "full":
        return
    _move(_OWN | linux.NEWPID)
    options = f"size={jail.folder_bytes},nr_inodes={jail.folder_files},mode=1777"
    _private(jail, options)
    linux.mount("tmpfs", "/dev/shm", "tmpfs", linux.NOSUID | linux.NODEV, options)


def settle(jail: Jail) -> None:
    """Show the first process of a session the processes of this session alone."""
    if jail.level == "full":
        closed = linux.NOSUID | linux.NODEV | linux.NOEXEC
        linux.mount("proc", "/proc", "proc", closed)


def give_up(jail: Jail, number: int, computing_seconds: int) -> None:
    """Give up, for good, what student code must not have; take on the limits.

    `number` is of this session alone, on the whole machine. A process that computes
    for longer than `computing_seconds` gets SIGXCPU, after twice as long SIGKILL.
    """
    if jail.level == "none":
        return
    _write("/proc/self/oom_score_adj", "1000")  # should memory run out, end this first
    for what, most in (
        (resource.RLIMIT_CORE, 1),  # with 0, programs that collect crashes are called
        (resource.RLIMIT_AS, _now("VmSize") + jail.address_bytes),
        (resource.RLIMIT_DATA, _now("VmData") + jail.memory_bytes),
        (resource.RLIMIT_FSIZE, jail.folder_bytes),
        (resource.RLIMIT_NOFILE, jail.open_files),
        (resource.RLIMIT_NPROC, _others(jail) + jail.processes),
    ):
        _limit(what, most)
    _limit(resource.RLIMIT_CPU, computing_seconds, 2 * computing_seconds)
    if jail.level == "full":
        linux.bound_capabilities()
        if os.getuid() == 0:
            _be_nobody(number)
    linux.gain_nothing()
    if jail.level == "full":
        linux.drop_capabilities()
        seccomp.install()
    else:
        with contextlib.suppress(OSError):  # not every kernel can
            seccomp.install()


def _be_nobody(number: int) -> None:
    """Stop being root: a user of this session alone, whom no other one can crowd out.

    Where the machine has room for few users, one of those; at last, nobody.
    """
    os.setgroups([])
    os.setresgid(NOBODY, NOBODY, NOBODY)
    for user in (2_000_000 + number, 20_000 + number % 40_000, NOBODY):
        with contextlib.suppress(OSError):
            os.setresuid(user, user, user)
            return
    raise OSError("no other user can be taken")


def _limit(what: int, soft: int, hard: int = 0) -> None:
    """Set a limit, never above the one that there is; without `hard` for good."""
    _, now = resource.getrlimit(what)
    allowed = [soft, max(soft, hard)]
    if now != resource.RLIM_INFINITY:
        allowed = [min(one, now) for one in allowed]
    resource.setrlimit(what, (allowed[0], allowed[1]))


def _now(what: str) -> int:
    """Return the bytes of memory that this process has reserved already."""
    with open("/proc/self/status", encoding="ascii", errors="replace") as file:
        for line in file:
            if line.startswith(f"{what}:"):
                return int(line.split()[1]) * 1024
    return 0


def _others(jail: Jail) -> int:
    """Return how many of the user's processes count besides the session's own.

    In a namespace of users the session's alone do (since Linux 5.14); else all of
    the same user, threads included.
    """
    if jail.level == "full":
        return 0
    return sum(_threads(entry.name) for entry in os.scandir("/proc"))


def _threads(pid: str) -> int:
    try:
        if pid.isdigit() and os.stat(f"/proc/{pid}").st_uid == os.getuid():
            return len(os.listdir(f"/proc/{pid}/task"))
    except OSError:
        pass
    return 0
