"""System calls that student code may not make: the kernel itself looks at each one.

Folders of its own, a network of its own and limits on memory leave some ways around
them. These calls are refused, so that there are none:

- shared memory without a file, which counts as no process's own;
- namespaces of its own, in which it would have every right;
- sockets that need no network to reach a virtual machine's host;
- ways into other processes and the kernel that no exercise needs.

See seccomp(2). A program for it is a list of loads, tests and jumps.
"""

from __future__ import annotations

import ctypes
import errno
from typing import NamedTuple

from . import linux

_REFUSED = {  # by name: the number on x86_64, and on the others
    "memfd_create": (319, 279),
    "memfd_secret": (447, 447),
    "shmget": (29, 194),
    "msgget": (68, 186),
    "semget": (64, 190),
    "unshare": (272, 97),
    "setns": (308, 268),
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "pidfd_getfd": (438, 438),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "io_uring_setup": (425, 425),
}
_CLONE3 = 435  # its flags cannot be looked at; without it C libraries take clone
_CLONE, _SOCKET, _SOCKETPAIR, _MMAP = (56, 220), (41, 198), (53, 199), (9, 222)

_NAMESPACES = 0x7E020000  # all CLONE_NEW*
_FAMILIES = (1, 2, 10)  # AF_UNIX, AF_INET, AF_INET6
_SHARED_WITHOUT_FILE = 0x21  # MAP_SHARED | MAP_ANONYMOUS


class _Processor(NamedTuple):
    """What a kind of processor calls itself, and where its numbers stand above."""

    name: int
    column: int
    highest: int = 0xFFFFFFFF


_PROCESSORS = {
    "x86_64": _Processor(0xC000003E, 0, 0x3FFFFFFF),  # above: the same once more
    "aarch64": _Processor(0xC00000B7, 1),
    "riscv64": _Processor(0xC00000F3, 1),
}

_LOAD, _AND, _RETURN = 0x20, 0x54, 0x06
_EQUAL, _GREATER, _ANY_OF = 0x15, 0x25, 0x45
_ALLOWED, _ERROR = 0x7FFF0000, 0x00050000
_NUMBER, _KIND, _FIRST, _FOURTH = 0, 4, 16, 40  # where a call's facts stand


class _Line(ctypes.Structure):
    _fields_ = (
        ("code", ctypes.c_uint16),
        ("then", ctypes.c_uint8),
        ("otherwise", ctypes.c_uint8),
        ("value", ctypes.c_uint32),
    )


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_uint16), ("lines", ctypes.POINTER(_Line)))


_Lines = list[tuple[int, int, int, int]]
"""Code, how many lines to skip if the test holds, how many if not, the value."""


def install() -> None:
    """Refuse those calls, for this process and all that it starts, for good."""
    lines = _lines(linux.of_this_processor(_PROCESSORS))
    made = (_Line * len(lines))(*(_Line(*line) for line in lines))
    linux.filter_calls(_Program(len(lines), made))


def _lines(own: _Processor) -> _Lines:
    here = own.column
    made = [_load(_KIND), (_EQUAL, 1, 0, own.name), _refuse(errno.EPERM)]
    made += [_load(_NUMBER), *_if(_GREATER, own.highest, [_refuse(errno.EPERM)])]
    for numbers in _REFUSED.values():
        made += _if(_EQUAL, numbers[here], [_refuse(errno.EPERM)])
    made += _if(_EQUAL, _CLONE3, [_refuse(errno.ENOSYS)])
    made += _if(_EQUAL, _CLONE[here], _clone())
    made += _if(_EQUAL, _SOCKET[here], _socket())
    made += _if(_EQUAL, _SOCKETPAIR[here], _socket())
    made += _if(_EQUAL, _MMAP[here], _mmap())
    return [*made, _allow()]


def _clone() -> _Lines:
    refused = _if(_ANY_OF, _NAMESPACES, [_refuse(errno.EPERM)])
    return [_load(_FIRST), *refused, _allow()]


def _socket() -> _Lines:
    known = [line for one in _FAMILIES for line in _if(_EQUAL, one, [_allow()])]
    return [_load(_FIRST), *known, _refuse(errno.EAFNOSUPPORT)]


def _mmap() -> _Lines:
    flags = [_load(_FOURTH), (_AND, 0, 0, _SHARED_WITHOUT_FILE)]
    refused = _if(_EQUAL, _SHARED_WITHOUT_FILE, [_refuse(errno.ENOMEM)])
    return [*flags, *refused, _allow()]


def _if(test: int, value: int, lines: _Lines) -> _Lines:
    return [(test, 0, len(lines), value), *lines]


def _load(place: int) -> tuple[int, int, int, int]:
    return (_LOAD, 0, 0, place)


def _allow() -> tuple[int, int, int, int]:
    return (_RETURN, 0, 0, _ALLOWED)


def _refuse(number: int) -> tuple[int, int, int, int]:
    return (_RETURN, 0, 0, _ERROR | number)
