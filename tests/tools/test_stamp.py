"""Prose follows what is found: address, release, counts, minutes."""

import shutil

import pytest

from cnnlib.settings import Settings
from tools.build import claims, launch_links, stamp
from tools.build.build import ROOT
from tools.build.course import Course

OWN = "/".join(Course(ROOT).owner_and_name)


@pytest.fixture
def fork(tmp_path):
    """The pages of the course, under another address."""
    for path in {p for pattern in stamp.PAGES for p in ROOT.glob(pattern)}:
        place = tmp_path / path.relative_to(ROOT)
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, place)
    (tmp_path / "lessons").symlink_to(ROOT / "lessons")
    (tmp_path / "notebooks").symlink_to(ROOT / "notebooks")
    text = (ROOT / "pyproject.toml").read_text("utf-8")
    (tmp_path / "pyproject.toml").write_text(
        text.replace(OWN, "some-prof/her-own-course")
    )
    return Course(tmp_path)


def texts(course):
    files = {p for pattern in stamp.PAGES for p in course.root.glob(pattern)}
    return {p.relative_to(course.root).as_posix(): p.read_text("utf-8") for p in files}


def test_what_is_committed_says_what_is_found():
    assert stamp.stamp(Course(ROOT), check=True) == []


def test_another_address_reaches_every_page(fork):
    before = texts(fork)
    changed = stamp.stamp(fork)
    assert set(changed) == {name for name, text in before.items() if OWN in text}
    assert len(changed) >= 4
    after = texts(fork)
    assert not any(
        OWN in text or OWN.replace("/", "%2F") in text for text in after.values()
    )
    link = "git-pull?repo=https%3A%2F%2Fgithub.com%2Fsome-prof%2Fher-own-course&branch="
    assert link in after["docs/instructors.md"]
    assert "urlpath=lab%2Ftree%2Fher-own-course%2F" in after["docs/instructors.md"]
    assert stamp.stamp(fork) == []


def test_check_writes_nothing(fork):
    before = texts(fork)
    assert stamp.stamp(fork, check=True)
    assert texts(fork) == before


def test_a_release_is_named_wherever_the_course_is_installed(fork, monkeypatch):
    made = Settings(release="v9.8")
    monkeypatch.setattr(stamp, "settings", lambda: made)
    monkeypatch.setattr(stamp.hub_link, "BRANCH", "v9.8")
    stamp.stamp(fork)
    after = texts(fork)
    hub = "some-prof/her-own-course"
    assert f'git+https://github.com/{hub}@v9.8"' in after["deploy/github-actions.yml"]
    assert f'git+https://github.com/{hub}@v9.8"' in after["docs/instructors.md"]
    assert "branch=v9.8&" in after["docs/instructors.md"]
    assert (
        f"git clone --branch v9.8 https://github.com/{hub}"
        in (after["deploy/jupyterhub/README.md"])
    )
    readme = after["README.md"]
    assert f"{hub}/blob/v9.8/notebooks/00" in readme
    assert f"/gh/{hub}/v9.8?urlpath" in readme
    assert stamp.stamp(fork) == []
    made = Settings()
    monkeypatch.setattr(stamp.hub_link, "BRANCH", "main")
    stamp.stamp(fork)
    assert not any("v9.8" in t for n, t in texts(fork).items() if n != "CHANGELOG.md")


def test_counts_and_minutes_follow(fork, monkeypatch):
    known = stamp.registry.questions()
    fewer = {name: q for name, q in known.items() if name != "conv2d"}
    monkeypatch.setattr(stamp.registry, "questions", lambda: fewer)
    short = Settings(extras=False)
    monkeypatch.setattr(stamp.chosen, "settings", lambda: short)
    monkeypatch.setattr(stamp.term_plan, "settings", lambda: short)
    stamp.stamp(fork)
    readme = (fork.root / "README.md").read_text("utf-8")
    points = sum(one.points for one in fewer.values())
    assert f"{len(fewer)} tasks, {points} points" in readme
    assert "](notebooks/03_pooling.ipynb) | 25 |" in readme
    guide = (fork.root / "docs" / "instructors.md").read_text("utf-8")
    assert f"{len(fewer)} tasks and {points} points" in guide
    assert "takes 25 to " in guide


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("Six tasks to lesson 03", "Five tasks to lesson 03"),
        ("58 tasks, 157 points.", "5 tasks, 90 points."),
        ("one task, a task, 3 cells", "one task, a task, 3 cells"),
        ("six small tasks", "five small tasks"),
        ("four lessons", "four lessons"),
    ],
)
def test_counts_are_restated_as_they_were_said(text, made):
    assert claims.restated(text, {"task": 5, "point": 90}) == made


def test_launch_links_open_the_release():
    link = launch_links.launch_line("notebooks/x.ipynb", Course(ROOT))
    assert f"/blob/{launch_links.BRANCH}/notebooks/x.ipynb" in link
