"""Write the files of a lesson: ``python -m tools.new_lesson 08 topic --task name``.

The four files are all that a lesson with one task needs; no list is edited. They build
and are checked as they are. What the author has to write is marked TODO: the text, the
task, and its mistakes, for which ``make proof`` fails until they are there.
"""

from __future__ import annotations

import argparse
import keyword
import pkgutil
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from string import Template

from cnnlib import checks
from cnnlib.checks.registry import questions
from tools.build.build import ROOT
from tools.build.course import Course

TEMPLATES = Path(__file__).parent
_TOPIC = re.compile(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)*")


def files(number: str, topic: str, task: str) -> dict[str, str]:
    """Return the text of each file by its path in the course."""
    title = topic.replace("_", " ").capitalize()
    values = {"number": number, "topic": topic, "title": title, "task": task}
    targets = {
        f"lessons/{number}_{topic}.py": "lesson",
        f"lessons/{number}_{topic}_exercise.py": "exercise",
        f"cnnlib/checks/questions/lesson{number}.py": "questions",
        f"cnnjudge/keys/lesson{number}.py": "keys",
    }
    return {
        target: Template((TEMPLATES / f"{name}.txt").read_text("utf-8")).substitute(
            values
        )
        for target, name in targets.items()
    }


def faults(number: str, topic: str, task: str, course: Course) -> list[str]:
    """Return what stands against a lesson of these names, in sentences."""
    found = []
    if not re.fullmatch(r"\d\d", number):
        found.append(f"A lesson's number has two digits, such as 08; got {number!r}.")
    if not _TOPIC.fullmatch(topic) or topic.endswith("_exercise"):
        found.append(
            "A topic is lower-case words joined by '_', such as transfer_learning; "
            f"got {topic!r}."
        )
    if not _TOPIC.fullmatch(task) or keyword.iskeyword(task):
        found.append(
            "A task is called as a function is, in lower case, such as max_pool2d; "
            f"got {task!r}."
        )
    taken = [path.stem for path in course.sources()]
    for name in taken:
        if name.startswith(f"{number}_"):
            found.append(f"There is a lesson {number}: {name}. Take another number.")
        elif name[3:] == topic:
            found.append(f"There is a lesson on {topic}: {name}. Take another topic.")
    if task in _own_names():
        found.append(
            f"A task cannot be called {task}: checks.{task} is a part of cnnlib.checks "
            "itself. Take another name."
        )
    known = questions().get(task)
    if known:
        found.append(f"There is a task {task}, in lesson {known.lesson}.")
    return found


def _own_names() -> set[str]:
    """Return what `checks.NAME` is without any task: modules, functions, classes."""
    modules = {module.name for module in pkgutil.iter_modules(checks.__path__)}
    return modules | vars(checks).keys()


def main(arguments: Sequence[str] | None = None, root: Path = ROOT) -> int:
    """Run the command; return 0 if the files were written, else 2."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.new_lesson", description=__doc__
    )
    parser.add_argument("number", metavar="NN", help="its number, such as 08")
    parser.add_argument("topic", metavar="TOPIC", help="such as transfer_learning")
    parser.add_argument("--task", required=True, metavar="NAME", help="its first task")
    options = parser.parse_args(arguments)
    number, topic, task = options.number, options.topic, options.task
    found = faults(number, topic, task, Course(root))
    new = {} if found else files(number, topic, task)
    found += [f"{name} is there already." for name in new if (root / name).exists()]
    if found:
        print("\n".join(found), file=sys.stderr)
        return 2
    for name, text in new.items():
        (root / name).write_text(text, encoding="utf-8")
        print(f"Written: {name}, TODO in {text.count('TODO')} places")
    print(f"Then: python -m tools.build {number}; python -m tools.proof {task}")
    return 0
