"""The few calls of the Linux kernel that Python 3.11 does not offer, by their names.

See mount(2), mount_setattr(2), pivot_root(2), unshare(2), prctl(2), capset(2) and
madvise(2).
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
from collections.abc import Mapping
from typing import TypeVar

NEWNS, NEWUTS, NEWIPC = 0x00020000, 0x04000000, 0x08000000
NEWUSER, NEWPID, NEWNET = 0x10000000, 0x20000000, 0x40000000
RDONLY, NOSUID, NODEV, NOEXEC = 1, 2, 4, 8  # MS_* and MOUNT_ATTR_* alike
BIND, REC, PRIVATE = 0x1000, 0x4000, 0x40000
_DETACH = 2
_AT_RECURSIVE, _AT_FDCWD = 0x8000, -100
_PDEATHSIG, _NO_NEW_PRIVS, _BOUND_DROP = 1, 38, 24
_SUBREAPER, _DUMPABLE = 36, 4
_GET_FILTER, _SET_FILTER, _BY_PROGRAM = 21, 22, 2
_MOUNT_SETATTR = 442
_PIVOT_ROOT = {"x86_64": 155, "aarch64": 41, "riscv64": 41}
_CAPSET = {"x86_64": 126, "aarch64": 91, "riscv64": 91}
_LAST_CAPABILITY = 63
_COLLAPSE = 25
_LARGE = 2 * 2**20

_libc = ctypes.CDLL(None, use_errno=True)
_Fact = TypeVar("_Fact")


class _Attributes(ctypes.Structure):
    _fields_ = tuple((name, ctypes.c_uint64) for name in ("set", "clear", "prop", "ns"))


def _do(what: str, *arguments: object) -> None:
    """Call a function of the C library; raise OSError with its reason if it fails."""
    name, _, about = what.partition(" ")
    if getattr(_libc, name)(*arguments) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{about or name}: {os.strerror(number)}")


def _bytes(text: str | None) -> bytes | None:
    return None if text is None else os.fsencode(text)


def of_this_processor(facts: Mapping[str, _Fact]) -> _Fact:
    """Return what is true of this kind of processor; raise OSError if unknown."""
    kind = platform.machine()
    if kind not in facts:
        raise OSError(errno.ENOSYS, f"processors of type {kind} are not known")
    return facts[kind]


def unshare(flags: int) -> None:
    """Move this process (or, for NEWPID, its children) to namespaces of its own."""
    _do("unshare namespaces", ctypes.c_int(flags))


def mount(
    source: str | None, target: str, kind: str | None, flags: int = 0, data: str = ""
) -> None:
    """Mount a file system, or with BIND a part of this one."""
    _do(
        f"mount mounting {target}",
        _bytes(source),
        _bytes(target),
        _bytes(kind),
        ctypes.c_ulong(flags),
        _bytes(data or None),
    )


def restrict(target: str, flags: int) -> None:
    """Set RDONLY, NOSUID, NODEV on a mount and all that is mounted below it."""
    wanted = _Attributes(set=flags)
    _do(
        f"syscall restricting {target} (needs Linux 5.12)",
        ctypes.c_long(_MOUNT_SETATTR),
        ctypes.c_int(_AT_FDCWD),
        _bytes(target),
        ctypes.c_uint(_AT_RECURSIVE),
        ctypes.byref(wanted),
        ctypes.c_size_t(ctypes.sizeof(wanted)),
    )


def enter_root(folder: str) -> None:
    """Make a mounted folder the root; what was the root is out of reach afterwards."""
    os.chdir(folder)
    number = ctypes.c_long(of_this_processor(_PIVOT_ROOT))
    _do("syscall pivot_root", number, b".", b".")
    _do("umount2 old root", b".", ctypes.c_int(_DETACH))
    os.chdir("/")


def use_large_pages() -> None:
    """Put this process's own memory into pages of 2 MB, where the kernel can.

    To fork it, and to end what was forked, takes a third of the time afterwards: there
    are fewer pages to be noted. Linux can since 6.1; it leaves out what it likes.
    """
    _libc.madvise.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
    with open("/proc/self/maps", encoding="ascii", errors="replace") as file:
        lines = [line.split() for line in file]
    for place, rights, *_, name in (
        [*line, ""] if len(line) < 6 else line for line in lines
    ):
        if "w" in rights and name in ("", "[heap]"):
            first, end = (int(address, 16) for address in place.split("-"))
            first, end = -(-first // _LARGE) * _LARGE, end // _LARGE * _LARGE
            if first < end:
                _libc.madvise(first, end - first, _COLLAPSE)


def die_with_parent(signal: int) -> None:
    """Have this signal sent to this process when its parent's thread ends."""
    _prctl(_PDEATHSIG, signal)


def adopt_orphans() -> None:
    """Become the parent of descendants whose own parent ends."""
    _prctl(_SUBREAPER, 1)


def gain_nothing() -> None:
    """See to it that no program started from here has more rights than this one."""
    _prctl(_NO_NEW_PRIVS, 1)


def hide() -> None:
    """Forbid processes of the same user to look into this one."""
    _prctl(_DUMPABLE, 0)


def bound_capabilities() -> None:
    """See to it that programs started later cannot have any capability."""
    for number in range(_LAST_CAPABILITY + 1):
        if _libc.prctl(_BOUND_DROP, ctypes.c_ulong(number), 0, 0, 0) != 0:
            break  # there are no more of them


def drop_capabilities() -> None:
    """Give up every capability."""
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)  # version 3, this process
    none = (ctypes.c_uint32 * 6)()
    number = ctypes.c_long(of_this_processor(_CAPSET))
    _do("syscall capset", number, ctypes.byref(header), ctypes.byref(none))


def can_filter_calls() -> None:
    """Raise OSError where the kernel cannot look at system calls."""
    if _libc.prctl(_GET_FILTER, 0, 0, 0, 0) < 0:
        raise OSError(ctypes.get_errno(), "system calls cannot be filtered")


def filter_calls(program: ctypes.Structure) -> None:
    """Have the kernel look at every system call of this process from now on."""
    address = ctypes.addressof(program)
    _do(
        "prctl filtering system calls",
        _SET_FILTER,
        ctypes.c_ulong(_BY_PROGRAM),
        ctypes.c_ulong(address),
        0,
        0,
    )


def _prctl(option: int, value: int) -> None:
    _do("prctl", option, ctypes.c_ulong(value), 0, 0, 0)
