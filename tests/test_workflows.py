"""The workflows of GitHub: they parse, run commands that exist, and hold no secret."""

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / ".github" / "workflows"
WORKFLOWS = sorted(FOLDER.glob("*.yml"))
MAKEFILE = (ROOT / "Makefile").read_text()
TARGETS = set(re.findall(r"^([\w-]+):(?!=)", MAKEFILE, re.M))
PINNED = re.compile(r"uses: [\w.-]+(/[\w.-]+)+@[0-9a-f]{40} # v\d+(\.\d+)*")
MAY_PROVE_WHO_THEY_ARE = {("release.yml", "publish"), ("pages.yml", "publish")}


def problems(name: str, text: str) -> list[str]:
    """Say what is wrong with a workflow, beyond its form."""
    workflow = yaml.safe_load(text)
    found = [f"not pinned: {line}" for line in _unpinned(text)]
    if re.search(r"\bsecrets\s*[.\[]", text):
        found.append("a secret is asked for")
    if workflow.get("permissions") != {"contents": "read"}:
        found.append("it may do more than read, or does not say what it may do")
    for job, content in workflow["jobs"].items():
        rights = content.get("permissions", {})
        if "id-token" in rights and (name, job) not in MAY_PROVE_WHO_THEY_ARE:
            found.append(f"{job} may prove who it is and need not")
        if "timeout-minutes" not in content:
            found.append(f"{job} may run for hours")
        for command in commands(content):
            found += [f"{job}: {what}" for what in _wrong(command)]
    return found


def _unpinned(text: str) -> list[str]:
    lines = [line.strip().removeprefix("- ") for line in text.splitlines()]
    uses = [line for line in lines if line.startswith("uses:")]
    return [line for line in uses if not PINNED.fullmatch(line)]


def commands(job: dict) -> Iterator[str]:
    """Yield each line that a job runs."""
    for step in job["steps"]:
        yield from step.get("run", "").splitlines()


def _wrong(command: str) -> list[str]:
    """Name targets that make does not know, and files that are not there."""
    words = shlex.split(command, comments=True)
    if words[:1] == ["make"]:
        named = [word for word in words[1:] if "=" not in word]
        return [f"no target {word}" for word in named if word not in TARGETS]
    files = [word for word in words if re.fullmatch(r"[\w/]+\.(txt|py|sh|yml)", word)]
    folders = [word for word in words if word in {"tests", "notebooks", "solutions"}]
    return [f"no file {word}" for word in files + folders if not (ROOT / word).exists()]


@pytest.fixture(scope="module")
def ci() -> dict:
    return yaml.safe_load((FOLDER / "ci.yml").read_text())


@pytest.fixture(scope="module")
def release() -> dict:
    return yaml.safe_load((FOLDER / "release.yml").read_text())


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_commands_exist_actions_are_pinned_and_nothing_is_secret(path):
    assert problems(path.name, path.read_text()) == []


PIN = "actions/checkout@11bd71901bbe5b1630ceea73d27597364c9af683 # v4.2.2"
SLIPS = {
    "a tag, which moves": (PIN, "actions/checkout@v4", "not pinned"),
    "a pin that names no version": (PIN, PIN.partition(" ")[0], "not pinned"),
    "an unknown target": ("run: make test\n", "run: make tests\n", "no target tests"),
    "a lost file": ("-c constraints.txt", "-c pins.txt", "no file pins.txt"),
    "a secret": ('CHECK: "1"', "TOKEN: ${{ secrets.PYPI }}", "a secret is asked"),
    "more rights": ("contents: read", "contents: write", "more than read"),
    "rights in a job": (
        "  macos:\n",
        "  macos:\n    permissions: {id-token: write}\n",
        "macos may prove",
    ),
    "no time limit": ("timeout-minutes: 120", "name: x", "may run for hours"),
}


@pytest.mark.parametrize(("old", "new", "said"), SLIPS.values(), ids=SLIPS)
def test_a_slip_would_be_seen(old, new, said):
    text = (FOLDER / "ci.yml").read_text()
    assert old in text
    assert any(said in line for line in problems("ci.yml", text.replace(old, new)))


def tool(*words: object) -> subprocess.CompletedProcess:
    command = [Path(sys.executable).parent / str(words[0]), *words[1:]]
    return subprocess.run(list(map(str, command)), capture_output=True, text=True)


@pytest.mark.process
def test_their_form_is_githubs(tmp_path):
    schema = ("check-jsonschema", "--builtin-schema", "vendor.github-workflows")
    done = tool(*schema, *WORKFLOWS)
    assert done.returncode == 0, done.stdout + done.stderr
    wrong = tmp_path / "wrong.yml"
    wrong.write_text((FOLDER / "ci.yml").read_text().replace("runs-on:", "runs_on:"))
    assert tool(*schema, wrong).returncode == 1


@pytest.mark.process
def test_an_auditor_finds_no_weakness(tmp_path):
    audit = ("zizmor", "--offline", "--no-progress", "--no-config")
    done = tool(*audit, FOLDER)
    assert done.returncode == 0, done.stdout + done.stderr
    wrong = tmp_path / "wrong.yml"
    text = (FOLDER / "ci.yml").read_text()
    wrong.write_text(text.replace("make lint", "echo ${{ github.event.issue.title }}"))
    assert tool(*audit, wrong).returncode != 0


def test_linux_runs_what_our_own_ci_runs(ci):
    script = (ROOT / ".ci" / "run").read_text()
    ours = [line for line in script.splitlines() if line.startswith("make ")]
    assert list(commands(ci["jobs"]["linux"])) == ours
    assert len(ours) == 3


def test_all_systems_and_all_pythons_are_there(ci):
    jobs = ci["jobs"]
    systems = {str(job["runs-on"]).partition("-")[0] for job in jobs.values()}
    assert {"ubuntu", "macos", "windows"} <= systems
    for name, job in jobs.items():
        pythons = job.get("strategy", {}).get("matrix", {}).get("python")
        if pythons:
            assert {"3.11", "3.13"} <= set(pythons), name
    assert jobs["linux"]["strategy"]["matrix"]["python"] == ["3.11", "3.12", "3.13"]
    assert "make matrix" in commands(jobs["packages"])


def test_a_release_is_a_tag_built_once_and_tested_as_built(release):
    assert release[True] == {"push": {"tags": ["v*"]}}  # YAML reads `on` as true
    build, publish = release["jobs"]["build"], release["jobs"]["publish"]
    assert list(commands(build)) == ["make test", "make lint", "make dist"]
    recipe = MAKEFILE.partition("\ndist:")[2].partition("\n\n")[0]
    built, tested = recipe.index("-m build"), recipe.index("tests/test_wheel.py")
    assert built < tested
    assert "CNNLIB_DIST=dist" in recipe
    assert publish["needs"] == "build"
    assert not list(commands(publish))
    assert publish["permissions"] == {"id-token": "write"}
    assert "with" not in publish["steps"][-1], "trusted publishing needs no password"
