"""Run the course with other versions of its packages: ``python -m tools.matrix [SET]``.

Three sets, one after the other: what Colab's image has, the lowest versions that
pyproject.toml allows, and the newest. Each gets an environment of its own under
``build/matrix``, made by uv and used again when nothing has changed. In it run all
lessons, all solutions, the exercises as they are handed out (only their checks may
fail), and the package's tests. PyTorch takes 5 GB for each set.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from uv import find_uv_bin

from tools.matrix.run import StepResult, notebooks, unit_tests
from tools.matrix.sets import LEFT_OUT, SETS, SHOWN, PackageSet, pins, requirements

ROOT = Path(__file__).resolve().parents[2]
TEST_TOOLS = ("hypothesis", "jupytext", "nbval", "pytest")


@dataclass
class Environment:
    """Where a set is run: its environment, and the copy of the course beside it."""

    chosen: PackageSet
    folder: Path
    course: Path
    packages: dict[str, str] = field(default_factory=dict)
    steps: list[StepResult] = field(default_factory=list)

    @property
    def python(self) -> Path:
        """The environment's interpreter."""
        part = "Scripts/python.exe" if os.name == "nt" else "bin/python"
        return self.folder / part

    def uv(self, *arguments: str | Path) -> str:
        """Run ``uv pip``; return what it prints, or raise with what it complains of."""
        environment = ("--python", self.python)
        return call([find_uv_bin(), "pip", *arguments, *environment], self.course)

    def versions(self) -> dict[str, str]:
        """Return what is installed, without the course itself."""
        return pins(self.uv("freeze"))


def call(command: Sequence[str | Path], cwd: Path | None = None) -> str:
    """Run a command; return its output, or raise RuntimeError with all that it said."""
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True)
    if done.returncode:
        told = f"{done.stdout}{done.stderr}".strip()
        raise RuntimeError(f"{' '.join(map(str, command))}\nfailed:\n{told}")
    return done.stdout


def open_pyenv() -> None:
    """Let uv see every Python that pyenv has, if there is a pyenv.

    Its commands for other versions than the chosen ones are there, and refuse to run.
    """
    if shutil.which("pyenv"):
        versions = call(["pyenv", "versions", "--bare"]).split()
        os.environ.setdefault("PYENV_VERSION", ":".join(reversed(versions)))


def snapshot(root: Path, target: Path) -> None:
    """Copy the working tree, without what git ignores, into a repository of its own.

    So nothing that is edited meanwhile changes a run, and pip can take it with git.
    """
    shutil.rmtree(target, ignore_errors=True)
    listed = call(["git", "ls-files", "-co", "--exclude-standard", "-z"], root)
    for name in filter(None, listed.split("\0")):
        if (root / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(root / name, target / name)
    call(["git", "init", "-q"], target)
    call(["git", "add", "-A"], target)
    who = ["-c", "user.name=matrix", "-c", "user.email=matrix@localhost"]
    call(["git", *who, "commit", "-q", "-m", "The working tree"], target)


def make(env: Environment) -> None:
    """Make the environment, or bring it back to its set where it is there already."""
    chosen, listed = env.chosen, env.folder / "requirements.txt"
    wanted = requirements(chosen, env.course)
    mark = env.folder / "made-of"
    digest = hashlib.sha256(f"{chosen}{wanted}".encode()).hexdigest()
    if not (mark.exists() and mark.read_text() == digest):
        shutil.rmtree(env.folder, ignore_errors=True)
        call([find_uv_bin(), "venv", "-q", "--python", chosen.python, env.folder])
    listed.write_text(wanted, encoding="utf-8")
    env.uv("install", "-q", *chosen.options, "-r", listed)
    if chosen.colab:
        env.uv("uninstall", "-q", *LEFT_OUT)
    mark.write_text(digest)


def install_course(env: Environment) -> StepResult:
    """Put the course in: on Colab by a lesson's first cell, elsewhere from the copy.

    Fails where that changes a version that was there.
    """
    step = StepResult("set-up", count=1)
    before, started = env.versions(), time.perf_counter()
    if env.chosen.colab:
        lesson = sorted((env.course / "notebooks").glob("*.ipynb"))[0]
        command = [
            str(env.python),
            "-m",
            "tools.matrix.run_as_on_colab",
            str(lesson),
        ]
        try:
            call([*command, "--course", str(env.course)], env.course)
        except RuntimeError as error:
            step.failures.append(str(error))
    else:
        env.uv("install", "-q", "--no-deps", env.course)
    step.seconds = time.perf_counter() - started
    step.failures += changes(before, env.versions())
    return step


def add_test_tools(env: Environment) -> StepResult:
    """Install what the tests need besides, and again change nothing."""
    step, before = (
        StepResult("test tools", count=len(TEST_TOOLS)),
        env.versions(),
    )
    fixed = env.folder / "installed.txt"
    fixed.write_text("".join(f"{name}=={v}\n" for name, v in before.items()))
    env.uv("install", "-q", "-c", fixed, *TEST_TOOLS)
    step.failures = changes(before, env.versions())
    return step


def changes(before: dict[str, str], after: dict[str, str]) -> list[str]:
    """Say which versions are others than before; what has come is no change."""
    return [
        f"{name} {version} became {after.get(name, 'nothing')}"
        for name, version in before.items()
        if after.get(name) != version
    ]


def run(env: Environment) -> None:
    """Run a set from its environment to its tests, and print each step when done."""
    make(env)
    steps = [
        lambda: install_course(env),
        lambda: add_test_tools(env),
        *(
            lambda part=part: notebooks(env.python, env.course, part)
            for part in ("notebooks", "solutions", "exercises")
        ),
        lambda: unit_tests(env.python, env.course),
    ]
    for action in steps:
        step = action()
        env.steps.append(step)
        print(f"  {step.name}: {step}", flush=True)
        for failure in step.failures:
            print(f"    {failure}", flush=True)
    env.packages = env.versions()


def table(envs: Sequence[Environment]) -> str:
    """Return the sets side by side, as Markdown: versions first, then what was run."""
    heads = ["", *(env.chosen.title for env in envs)]
    rows = [["Python", *(env.chosen.python for env in envs)]]
    for name in SHOWN:
        rows.append(
            [
                name,
                *(env.packages.get(name, "none") for env in envs),
            ]
        )
    for number, step in enumerate(envs[0].steps):
        rows.append(
            [
                step.name,
                *(str(env.steps[number]) for env in envs),
            ]
        )
    lines = [heads, ["---"] * len(heads), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def main() -> int:
    """Run the sets that are named, all without a name; 1 if anything failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    names = [chosen.name for chosen in SETS]
    parser.add_argument("sets", nargs="*", help=f"of {', '.join(names)}; else all")
    parser.add_argument("--folder", type=Path, default=ROOT / "build" / "matrix")
    parser.add_argument(
        "--remove", action="store_true", help="remove each environment after its run"
    )
    options = parser.parse_args()
    if unknown := set(options.sets) - set(names):
        parser.error(f"sets are {', '.join(names)}; got {', '.join(sorted(unknown))}")
    open_pyenv()
    folder = options.folder.resolve()
    snapshot(ROOT, folder / "course")
    envs = []
    for chosen in SETS:
        if chosen.name in (options.sets or names):
            print(f"{chosen.title}, Python {chosen.python}", flush=True)
            envs.append(Environment(chosen, folder / chosen.name, folder / "course"))
            run(envs[-1])
            if options.remove:
                shutil.rmtree(envs[-1].folder)
    (folder / "table.md").write_text(table(envs), encoding="utf-8")
    print(f"\n{table(envs)}")
    return int(any(step.failures for env in envs for step in env.steps))


if __name__ == "__main__":
    sys.exit(main())
