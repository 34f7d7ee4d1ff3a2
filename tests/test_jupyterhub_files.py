"""deploy/jupyterhub without a hub: what is handed out, and links for hubs of others."""

import importlib.util
import re
from urllib.parse import parse_qs, urlsplit

import pytest

from tools.build import build
from tools.build.course import Course
from tools.hub_link import pull_link

COURSE = Course(build.ROOT)
START = COURSE.root / "deploy" / "jupyterhub" / "start_server.py"


@pytest.fixture
def hand_out():
    spec = importlib.util.spec_from_file_location("start_server", START)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.hand_out


@pytest.fixture
def course(tmp_path):
    root = tmp_path / "course"
    for folder in ("notebooks", "exercises", "solutions"):
        (root / folder).mkdir(parents=True)
        (root / folder / "01_a.ipynb").write_text(folder)
        (root / folder / "01_a.ipynb").chmod(0o444)
    return root


def contents(folder):
    return {
        str(path.relative_to(folder)): path.read_text()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_lessons_and_exercises_are_handed_out_and_solutions_are_not(
    hand_out, course, tmp_path
):
    home = tmp_path / "home"
    hand_out(course, home)
    assert contents(home) == {
        "notebooks/01_a.ipynb": "notebooks",
        "exercises/01_a.ipynb": "exercises",
    }
    assert all(path.stat().st_mode & 0o200 for path in home.rglob("*.ipynb"))


def test_a_later_start_adds_what_is_new_and_leaves_what_is_there(
    hand_out, course, tmp_path
):
    home = tmp_path / "home"
    hand_out(course, home)
    (home / "notebooks" / "01_a.ipynb").write_text("mine")
    (course / "notebooks" / "02_b.ipynb").write_text("new")
    assert hand_out(course, home) == [home / "notebooks" / "02_b.ipynb"]
    assert contents(home)["notebooks/01_a.ipynb"] == "mine"
    assert hand_out(course, home) == []


def test_a_link_that_leads_nowhere_is_not_written_through(hand_out, course, tmp_path):
    home = tmp_path / "home"
    (home / "notebooks").mkdir(parents=True)
    (home / "notebooks" / "01_a.ipynb").symlink_to(tmp_path / "elsewhere")
    hand_out(course, home)
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.parametrize("hub", ["https://hub.example.org", "https://x.org/jupyter/"])
def test_a_link_says_what_nbgitpuller_asks_for(hub):
    file = "exercises/03_pooling.ipynb"
    parts = urlsplit(pull_link(hub, file, COURSE))
    address = f"{parts.scheme}://{parts.netloc}{parts.path}"
    assert address == f"{hub.rstrip('/')}/hub/user-redirect/git-pull"
    _, name = COURSE.owner_and_name
    assert parse_qs(parts.query, strict_parsing=True) == {
        "repo": [COURSE.address],
        "branch": ["main"],
        "urlpath": [f"lab/tree/{name}/{file}"],
    }


@pytest.mark.parametrize("hub", ["hub.example.org", "", "ftp://x.org", "https://x?a=1"])
def test_what_is_no_address_of_a_hub_is_refused(hub):
    with pytest.raises(ValueError, match=re.escape(repr(hub))):
        pull_link(hub, "notebooks/01_convolution.ipynb", COURSE)


@pytest.mark.parametrize(
    "page",
    [
        "/hub",
        "/hub/home",
        "/hub/login?next=%2Fhub%2F",
        "/hub/spawn/anna#top",
        "/user/anna/lab",
        "/user/anna@uni.example/lab/tree/notebooks?reset",
        "/services/announcement/",
    ],
)
@pytest.mark.parametrize("below", ["", "/jupyter", "/a/b"])
def test_the_address_bar_of_any_page_of_the_hub_will_do(page, below):
    file, hub = "notebooks/01_convolution.ipynb", f"https://hub.example.org{below}"
    assert pull_link(hub + page, file, COURSE) == pull_link(hub, file, COURSE)


def test_a_file_that_is_not_there_is_refused():
    with pytest.raises(ValueError, match=r"no file 'notebooks/09\.ipynb'"):
        pull_link("https://hub.example.org", "notebooks/09.ipynb", COURSE)


def test_the_guide_shows_links_and_addresses_as_they_are_formed():
    guide = (COURSE.root / "docs" / "instructors.md").read_text(encoding="utf-8")
    link = pull_link(
        "https://hub.example.org", "notebooks/00_images_as_tensors.ipynb", COURSE
    )
    assert re.findall(r"https://hub\.example\.org/\S+", guide) == [link]
    assert f'pip install "cnnlib @ git+{COURSE.address}"' in guide
    readme = (START.parent / "README.md").read_text(encoding="utf-8")
    assert f"git clone {COURSE.address} " in readme
