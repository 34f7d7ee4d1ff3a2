"""What all tests keep to: no network, and no process without the mark that says so.

Without a copy of MNIST, tests read the bundled digits.

A test that starts a process (a server, a notebook kernel and a browser are ones) or
connects to anything has the mark ``process`` or ``browser``; ``make quick`` runs the
others. Where the mark is missing, the test fails here, in every run.
"""

import multiprocessing.util
import os
import sys
from collections.abc import Callable, Generator

import matplotlib as mpl
import pytest

from cnnlib.settings import settings

os.environ.setdefault("CNNLIB_DATA", "bundled")
mpl.use("agg")

STARTS = frozenset(
    {
        "_winapi.CreateProcess",
        "cnnlib.spawn",
        "os.fork",
        "os.forkpty",
        "os.posix_spawn",
        "os.startfile",
        "os.system",
        "socket.connect",
        "socket.getaddrinfo",
        "subprocess.Popen",
    }
)
"""Python's audit events (sys.addaudithook) of what only a marked test may do."""

started: list[str] = []
"""All of these events so far."""

may_start = True
"""Whether the test that runs has the mark; true between tests, too."""

starting_fixtures: set[pytest.FixtureDef] = set()
"""Fixtures that started something when they were made, maybe for another test."""


def _watch(event: str, _: tuple, starts: frozenset[str] = STARTS) -> None:
    if event in starts:
        started.append(event)
        if not may_start:
            raise PermissionError(f"a test without the mark 'process': {event}")


def _watched(spawn: Callable) -> Callable:
    """Give an event for what multiprocessing does, since Python itself gives none."""

    def started_too(*args: object) -> int:
        sys.audit("cnnlib.spawn")
        return spawn(*args)

    return started_too


sys.addaudithook(_watch)
multiprocessing.util.spawnv_passfds = _watched(multiprocessing.util.spawnv_passfds)


def changed_lessons() -> set[str]:
    """Return the lessons of which this course has other tasks, or other points."""
    if not settings().points:
        return set()
    from cnnlib.checks.registry import every_question  # imports PyTorch

    every, given = every_question(), settings().points.items()
    return {every[task].lesson for task, n in given if n != every[task].points}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep a file's tests in one worker, so that its fixtures are made once.

    Files that share a costly fixture have a mark ``xdist_group`` of their own. In a
    fork that changes a lesson, tests that need it as it is published are skipped.
    """
    changed = changed_lessons()
    for item in items:
        needed = {n for mark in item.iter_markers("published") for n in mark.args}
        if here := sorted(needed & changed):
            why = f"cnnlib/course.toml changes lesson {', '.join(here)}"
            item.add_marker(pytest.mark.skip(reason=why))
        if not item.get_closest_marker("xdist_group"):
            item.add_marker(pytest.mark.xdist_group(item.nodeid.partition("::")[0]))


@pytest.hookimpl(wrapper=True)
def pytest_fixture_setup(fixturedef: pytest.FixtureDef) -> Generator:
    """Remember the fixtures that start something."""
    before = len(started)
    try:
        return (yield)
    finally:
        if len(started) > before:
            starting_fixtures.add(fixturedef)


@pytest.hookimpl(wrapper=True)
def _guarded(item: pytest.Function) -> Generator:
    """Fail a test without the mark that starts something, whatever it catches."""
    global may_start
    if item.get_closest_marker("process") or item.get_closest_marker("browser"):
        return (yield)
    before, may_start = len(started), False
    try:
        result = yield
    finally:
        may_start = True
        events = started[before:]
        for name in item.fixturenames:
            made = item._fixtureinfo.name2fixturedefs.get(name, ())
            events += [f"fixture {name}" for one in made if one in starting_fixtures]
        if events:
            pytest.fail(
                f"{item.nodeid} starts a process or connects to something "
                f"({', '.join(dict.fromkeys(events))}): mark it, or its module, with "
                "pytest.mark.process, so that `make quick` leaves it out.",
                pytrace=False,
            )
    return result


pytest_runtest_setup = pytest_runtest_call = pytest_runtest_teardown = _guarded
