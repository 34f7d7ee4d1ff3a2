"""The package `cnnlib.checks` as a notebook sees it: its names."""

import importlib
import pkgutil
from types import ModuleType

import pytest

from cnnlib import checks
from cnnlib.checks.registry import questions


@pytest.fixture(autouse=True)
def every_module_is_imported():
    """Make every sub-module an attribute of the package, as an import does."""
    for module in pkgutil.walk_packages(checks.__path__, f"{checks.__name__}."):
        importlib.import_module(module.name)


def test_no_task_is_hidden_behind_a_module_or_another_name():
    hidden = [
        name
        for name in questions()
        if not isinstance(getattr(checks, name), checks.Check)
    ]
    assert hidden == []


def test_completion_shows_the_tasks_and_the_public_names_alone():
    assert dir(checks) == sorted(["Check", "Wrong", "names", *questions()])
    modules = [n for n in dir(checks) if isinstance(getattr(checks, n), ModuleType)]
    assert modules == []


def test_names_are_those_of_the_tasks_in_the_order_of_the_lessons():
    assert checks.names() == list(questions())
    lessons = [questions()[name].lesson for name in checks.names()]
    assert lessons == sorted(lessons)
