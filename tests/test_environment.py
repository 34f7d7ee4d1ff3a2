"""environment.yml and pyproject.toml ask for the same things."""

import re
import tomllib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
CONDA_NAMES = {
    "lazy-loader": "lazy_loader",
    "matplotlib": "matplotlib-base",
    "torch": "pytorch-cpu",
}


def split(requirement: str) -> tuple[str, str]:
    name, _, bound = requirement.partition(">=")
    return name, bound


def from_pyproject(project: dict) -> dict[str, str]:
    wanted = dict(split(requirement) for requirement in project["dependencies"])
    conda = {CONDA_NAMES.get(name, name): bound for name, bound in wanted.items()}
    return conda


def from_environment(dependencies: list) -> dict[str, str]:
    plain = [entry for entry in dependencies if isinstance(entry, str)]
    own = [entry for entry in plain if entry != "pip" and "python=" not in entry]
    return dict(split(entry) for entry in own)


@pytest.fixture
def project() -> dict:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


@pytest.fixture
def environment() -> dict:
    return yaml.safe_load((ROOT / "environment.yml").read_text())


def test_environment_and_pyproject_name_the_same_lower_bounds(project, environment):
    assert from_environment(environment["dependencies"]) == from_pyproject(project)


def test_environment_names_one_python_that_the_course_supports(project, environment):
    """repo2docker, which Binder is made of, reads `python=3.12` and no bound."""
    _, least = split("python" + project["requires-python"])
    [version] = [
        match[1]
        for entry in environment["dependencies"]
        if (match := re.fullmatch(r"python=3\.(\d+)", str(entry)))
    ]
    assert int(least.split(".")[1]) <= int(version) <= 13


def test_only_lower_bounds_for_learners(project):
    assert all(
        bound and "," not in bound for _, bound in map(split, project["dependencies"])
    )


def test_environment_installs_the_course_itself_from_conda_forge(environment):
    assert environment["channels"] == ["conda-forge"]
    assert {"pip": ["-e ."]} in environment["dependencies"]


def test_a_drift_would_be_seen(project):
    project["dependencies"] = [*project["dependencies"], "einops>=0.8"]
    assert "einops" in from_pyproject(project)


def test_tools_are_pinned_in_constraints(project):
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    pinned = {line.split("==")[0].lower() for line in lines if "==" in line}
    extras = project["optional-dependencies"]
    named = set(extras["dev"])
    for extra in re.findall(r"cnnlib\[(\w+)\]", " ".join(named)):
        named = named - {f"cnnlib[{extra}]"} | set(extras[extra])
    assert named <= pinned
    assert not pinned & {"torch", "torchvision"}
