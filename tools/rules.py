"""What a lesson's text must keep to: the conventions in CONTRIBUTING.md."""

from __future__ import annotations

from collections.abc import Iterator

from tools.course import Course
from tools.problems import Problem
from tools.source import Lesson


def problems(lesson: Lesson, course: Course) -> Iterator[Problem]:
    yield from ()
