"""The package that student code sees: whole enough to run, and without the answers."""

import ast
import subprocess
import sys
import threading

import pytest

from cnngrade.class_run import job as job_module
from cnngrade.sessions import course_copy
from cnngrade.sessions.session import IsolationError
from cnnjudge.tasks import task
from cnnlib.checks.registry import questions
from tools.build.build import ROOT


@pytest.fixture(scope="module")
def stage(tmp_path_factory):
    return course_copy.build(tmp_path_factory.mktemp("stage"))


def test_judges_keys_and_references_are_not_in_it(stage):
    assert {path.name for path in stage.iterdir()} == {"cnnlib", "cnngrade"}
    grader = {path.name for path in (stage / "cnngrade").iterdir()}
    assert grader == {"__init__.py", "inside"}
    assert (stage / "cnngrade" / "__init__.py").read_text() == ""


@pytest.mark.process
def test_no_hint_and_no_list_of_mistakes_is_in_it(stage):
    """One name may be a common word that other code uses too; two tell a list.

    The items of ``cnnlib.practice`` name mistakes of their own: they are not graded.
    """
    for path in sorted(stage.rglob("*.py")):
        if "practice" in path.parts:
            continue
        strings = strings_of(path)
        for name in questions():
            mistakes = task(name).key.mistakes
            hints = {mistake.hint for mistake in mistakes if mistake.hint}
            told = sorted(hints & strings)
            assert not told, (path.name, name)
            found = {mistake.name for mistake in mistakes} & strings
            assert len(found) < 2, (path.name, name, found)


def test_the_keys_themselves_would_be_seen():
    keys = ROOT / "cnnjudge" / "keys"
    strings = set().union(*(strings_of(path) for path in keys.rglob("*.py")))
    for name in questions():
        mistakes = task(name).key.mistakes
        assert any(m.hint and m.hint in strings for m in mistakes), name


def strings_of(path):
    """Return the strings in a module, those of several lines joined."""
    return {
        node.value
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


def test_no_reference_is_in_it(stage):
    """No function of the keys stands in the stage under any name."""
    bodies = set()
    for path in stage.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef):
                bodies.add(_body(node))
    keys = ROOT / "cnnjudge" / "keys"
    for path in sorted(keys.glob("lesson*.py")):
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.FunctionDef) and len(_body(node)) > 150:
                assert _body(node) not in bodies, f"{path.name}: {node.name}"


def _body(node):
    return "\n".join(ast.dump(line) for line in node.body)


@pytest.mark.process
def test_what_exercises_import_works_there_and_asks_nothing_of_a_judge(stage):
    code = (
        "import cnnlib, sys\n"
        "from cnnlib import checks, data, models\n"
        "from cnnlib.training import random_shift\n"
        "from cnngrade.inside.steps import StepRunner\n"
        "steps = StepRunner()\n"
        "run = {'source': 'from cnnlib import checks\\nflatten = 3\\n"
        "checks.flatten(4)\\nafter = 1', 'task': ''}\n"
        "assert steps.do(run, 1) == {'raised': None}\n"
        "ask = {'source': None, 'task': 'flatten'}\n"
        "assert steps.do(ask, 1) == {'answer': 'no function', 'type': 'int'}\n"
        "assert [n for n, m in sys.modules.items() if 'judge' in n and m] == []\n"
        "print(cnnlib.__file__)\n"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-c", code],
        env={"PYTHONPATH": str(stage), "PATH": "", "MPLBACKEND": "agg"},
        cwd=stage,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == str(stage / "cnnlib" / "__init__.py")


@pytest.mark.process
def test_where_nothing_can_be_forked_the_verdicts_are_the_same(monkeypatch, school):
    monkeypatch.setattr(job_module.sys, "platform", "darwin")
    monkeypatch.setattr(job_module, "_thread_channel", threading.local())
    data = (school / "wrong.ipynb").read_bytes()
    job = job_module.Job("wrong", "03", "", data, "none", 7, 0.0)
    plain, _ = job_module.grade_submission(job)
    verdicts = [task["verdict"] for task in plain["tasks"]]
    passed = {verdict["task"]: verdict["status"] for verdict in verdicts}
    assert passed.pop("flatten") == "failed"
    assert set(passed.values()) == {"passed"}
    job_module._thread_channel.channel.close()
    monkeypatch.setattr(job_module, "_thread_channel", threading.local())
    with pytest.raises(IsolationError, match=r"on Linux alone; this is .*WSL 2"):
        job_module.check_isolation("full", ())
