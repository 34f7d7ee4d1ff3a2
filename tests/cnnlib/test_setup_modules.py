"""The modules that a hand-in may import stand in one place."""

import importlib.util
import re
import tomllib
from pathlib import Path

import pytest

from cnnlib.setup import doctor, modules
from cnnlib.setup.report import Report
from cnnlib.setup.row import SetupRow

ROOT = Path(__file__).parents[2]


def test_the_guide_has_the_list():
    guide = (ROOT / "docs" / "instructors.md").read_text("utf-8")
    assert modules.sentence() in " ".join(guide.split())


def test_the_doctor_has_the_list_whatever_else_it_says():
    for row in (SetupRow("A", "ready", "b"), SetupRow("A", "fix", "b", "%pip c")):
        last = doctor.printed(Report((row,))).split("\n")[-1]
        assert last == modules.sentence().replace("`", "")


@pytest.mark.parametrize(("module", "package"), modules.MAY_IMPORT.items())
def test_what_is_listed_comes_with_the_course(module, package):
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    asked = {re.split(r"\W*[>=]", one)[0] for one in project["dependencies"]}
    assert package in asked | {project["name"]}
    assert importlib.util.find_spec(module)
