"""Ways in that need no set-up: Binder, dev containers, and the links to them."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from tools.build.course import Course
from tools.build.launch_links import BRANCH

ROOT = Path(__file__).parents[1]
COURSE = Course(ROOT)
HUB = "/".join(COURSE.owner_and_name)
FIRST = "notebooks/00_images_as_tensors.ipynb"
NOTEBOOKS = sorted(
    path.relative_to(ROOT).as_posix()
    for folder in ("notebooks", "exercises", "solutions")
    for path in (ROOT / folder).glob("*.ipynb")
)
LINK = re.compile(r"\]\((https://[^)\s]+)\)")


def opened(link: str) -> tuple[str, str]:
    """Return the service that a launch link leads to and the notebook it opens.

    Raises ``ValueError`` for a link that has not the form that its service takes.
    """
    parts = urlsplit(link)
    if parts.netloc == "colab.research.google.com":
        start = f"/github/{HUB}/blob/{BRANCH}/"
        if parts.path.startswith(start) and not parts.query:
            return "colab", parts.path.removeprefix(start)
    if parts.netloc == "mybinder.org" and parts.path == f"/v2/gh/{HUB}/{BRANCH}":
        query = parse_qs(parts.query, strict_parsing=True)
        [target] = query.get("urlpath", [""])
        if set(query) == {"urlpath"} and target.startswith("lab/tree/"):
            return "binder", target.removeprefix("lab/tree/")
    if (parts.netloc, parts.path) == ("codespaces.new", f"/{HUB}") and not parts.query:
        return "codespaces", json.loads(CONTAINER.read_text())["customizations"][
            "codespaces"
        ]["openFiles"][0]
    raise ValueError(f"not a launch link of this course: {link}")


def launches(text: str) -> list[str]:
    services = ("colab.research.google.com", "mybinder.org", "codespaces.new")
    return [link for link in LINK.findall(text) if urlsplit(link).netloc in services]


CONTAINER = ROOT / ".devcontainer" / "devcontainer.json"


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_a_notebook_opens_itself(name):
    cells = json.loads((ROOT / name).read_text(encoding="utf-8"))["cells"]
    links = launches("".join(cells[0]["source"]))
    assert {opened(link) for link in links} == {("colab", name), ("binder", name)}


def test_the_readme_opens_lesson_00_near_its_top():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    head = text.partition("\n## ")[0]
    services = {"colab", "binder", "codespaces"}
    assert {opened(link) for link in launches(head)} == {(s, FIRST) for s in services}
    assert (ROOT / FIRST).is_file()


@pytest.mark.parametrize(
    "link",
    [
        f"https://mybinder.org/v2/gh/{HUB}/{BRANCH}?filepath={FIRST}",
        f"https://mybinder.org/v2/gh/{HUB}?urlpath=lab/tree/{FIRST}",
        f"https://mybinder.org/v2/gh/other/course/{BRANCH}?urlpath=lab/tree/{FIRST}",
        f"https://colab.research.google.com/github/{HUB}/{BRANCH}/{FIRST}",
        f"https://codespaces.new/{HUB}-old",
    ],
)
def test_a_link_of_another_form_is_refused(link):
    with pytest.raises(ValueError, match="not a launch link"):
        opened(link)


# Binder: environment.yml is compared with pyproject.toml in test_environment


def script(
    name: str, *words: str, path: Path, home: Path
) -> subprocess.CompletedProcess:
    own = Path(sys.executable).parent
    env = {"PATH": f"{path}:{own}:{os.environ['PATH']}", "HOME": str(home)}
    command = [str(ROOT / name), *words]
    return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True)


@pytest.mark.process
@pytest.mark.skipif(sys.platform == "win32", reason="Binder is Linux")
def test_post_build_prepares_and_examines(tmp_path):
    """Run for real, but for JupyterLab's setting, which would stay."""
    fake = tmp_path / "jupyter"
    fake.write_text(f'#!/bin/sh\necho "$@" >> {tmp_path}/asked\n')
    fake.chmod(0o755)
    done = script("postBuild", path=tmp_path, home=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Everything is ready for the course." in done.stdout
    fonts = list((tmp_path / ".cache" / "matplotlib").glob("fontlist*.json"))
    assert fonts, "Matplotlib would list the fonts at the first picture"
    asked = (tmp_path / "asked").read_text()
    assert (
        asked == "labextension disable @jupyterlab/apputils-extension:announcements\n"
    )


@pytest.mark.process
@pytest.mark.skipif(sys.platform == "win32", reason="Binder is Linux")
def test_post_build_stops_where_something_is_wrong(tmp_path):
    for name, does in (("jupyter", "exit 0"), ("cnnlib", "exit 1")):
        (tmp_path / name).write_text(f"#!/bin/sh\n{does}\n")
        (tmp_path / name).chmod(0o755)
    assert script("postBuild", path=tmp_path, home=tmp_path).returncode == 1


@pytest.mark.process
@pytest.mark.skipif(sys.platform == "win32", reason="Binder is Linux")
def test_a_launch_downloads_no_data(tmp_path):
    ask = ("sh", "-c", 'echo "$CNNLIB_DATA" "$1"', "sh", "two words")
    done = script("start", *ask, path=tmp_path, home=tmp_path)
    assert done.stdout == "bundled two words\n"


def test_binder_reads_the_files_of_the_root():
    """A binder folder would hide them."""
    assert not (ROOT / "binder").exists()
    assert not (ROOT / ".binder").exists()


# The dev container


@pytest.fixture
def container() -> dict:
    return json.loads(CONTAINER.read_text())


# Of the reference at containers.dev, for a container from an image.
KEYS = {
    "name",
    "image",
    "features",
    "hostRequirements",
    "containerEnv",
    "remoteEnv",
    "remoteUser",
    "onCreateCommand",
    "updateContentCommand",
    "postCreateCommand",
    "postStartCommand",
    "postAttachCommand",
    "forwardPorts",
    "portsAttributes",
    "customizations",
}


def test_the_container_has_known_keys_alone(container):
    assert set(container) <= KEYS
    assert set(container["customizations"]) == {"vscode", "codespaces"}
    assert set(container["hostRequirements"]) <= {"cpus", "memory", "storage", "gpu"}


def test_the_container_is_set_up_by_make(container):
    command, target = container["postCreateCommand"].split()
    makefile = (ROOT / "Makefile").read_text()
    assert command == "make"
    assert f"\n{target}: $(VENV)/.lab\n" in makefile, "the same set-up as `make lab`"
    assert container["postAttachCommand"] == ".venv/bin/cnnlib doctor"
    interpreter = container["customizations"]["vscode"]["settings"][
        "python.defaultInterpreterPath"
    ]
    assert interpreter == "${containerWorkspaceFolder}/.venv/bin/python"


def test_the_container_opens_lesson_00_with_a_supported_python(container):
    assert container["customizations"]["codespaces"]["openFiles"] == [FIRST]
    version = re.fullmatch(
        r"mcr\.microsoft\.com/devcontainers/python:3\.(\d+)", container["image"]
    )
    assert 11 <= int(version[1]) <= 13
    [port] = container["forwardPorts"]
    assert set(container["portsAttributes"]) == {str(port)}
