"""What prose outside the lessons says of the course, made to fit what is found.

The address (``pyproject.toml``) and the release (``cnnlib/course.toml``) in links and
install lines, the counts of tasks and points, the minutes of lessons. ``make build``
writes them; ``--check`` tells which are not as they should be.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

from cnnlib.checks import registry
from cnnlib.settings import HEADINGS, NEWEST, settings
from tools import hub_link, term_plan
from tools.build import chosen
from tools.build.claims import restated
from tools.build.course import Course

PAGES = ("*.md", "docs/*.md", "deploy/**/*.*", "site/**/*.md")
MADE = {
    "docs/term-plan.md",
    "docs/proof.md",
    "docs/errata.md",
    "CHANGELOG.md",
}
_HUB = "https://hub.example.org"
_COLAB = re.compile(r"colab\.research\.google\.com/github/([\w.-]+/[\w.-]+)/blob/")
_ROW = re.compile(r"(\]\(notebooks/(\w+)\.ipynb\) \| )\d+(?= \|)")
_SPAN = re.compile(r"takes \d+ to \d+ minutes")


def stamp(course: Course, *, check: bool = False) -> list[str]:
    """Write what does not fit; return the names of those files. `check`: only tell."""
    changed = []
    for path, text in stamped(course):
        if text != path.read_text(encoding="utf-8"):
            changed.append(path.relative_to(course.root).as_posix())
            if not check:
                path.write_text(text, encoding="utf-8")
    return changed


def stamp_left_out(course: Course, *, check: bool = False) -> list[str]:
    """Do the same for the headings that lessons have not: cnnlib/left_out.json."""
    file = course.root / "cnnlib" / HEADINGS.name
    if not file.is_file():
        return []
    found = {path.stem[:2]: chosen.left_out(path) for path in course.sources()}
    known = {lesson: titles for lesson, titles in found.items() if titles}
    text = json.dumps(known, indent=1, ensure_ascii=False) + "\n"
    if text == file.read_text(encoding="utf-8"):
        return []
    if not check:
        file.write_text(text, encoding="utf-8")
    return [file.relative_to(course.root).as_posix()]


def stamped(course: Course) -> Iterator[tuple[Path, str]]:
    """Yield each page of the repository with its text as it should be."""
    readme = course.root / "README.md"
    found = _COLAB.search(readme.read_text("utf-8")) if readme.is_file() else None
    if not found:
        return  # no course with prose, or one that names no address
    old, new = found[1], "/".join(course.owner_and_name)
    asked = registry.questions().values()
    counts = {"task": len(asked), "point": sum(one.points for one in asked)}
    rows = term_plan.rows(course)
    lasting = {row.name: row.lesson for row in rows}
    if (plan := course.root / term_plan.PAGE).is_file():
        yield plan, term_plan.page(rows)
    for path in sorted({p for pattern in PAGES for p in course.root.glob(pattern)}):
        if path.relative_to(course.root).as_posix() in MADE:
            continue
        text = path.read_text(encoding="utf-8")
        text = restated(addressed(text.replace(old, new), new, course), counts)
        yield path, _timed(text, lasting)


def addressed(text: str, hub: str, course: Course) -> str:
    """Return a text whose links and install lines name the release; hub: OWNER/NAME."""
    own, release = re.escape(hub), settings().release
    at, branch = settings().at_release, f"--branch {release} " * (release != NEWEST)
    text = re.sub(rf"(git\+https://github\.com/{own})(@[\w./-]+)?", rf"\g<1>{at}", text)
    text = re.sub(rf"(/{own}/blob/)[\w.-]+/", rf"\g<1>{release}/", text)
    text = re.sub(rf"(/gh/{own}/)[\w./-]+\?", rf"\g<1>{release}?", text)
    text = re.sub(
        rf"git clone (--branch \S+ )?(https://github\.com/{own})",
        rf"git clone {branch}\g<2>",
        text,
    )
    return re.sub(
        rf"{re.escape(_HUB)}/hub/user-redirect/git-pull\S+",
        lambda _: hub_link.pull_link(_HUB, hub_link.FIRST, course),
        text,
    )


def _timed(text: str, lasting: dict[str, int]) -> str:
    text = _ROW.sub(
        lambda row: row[0] if row[2] not in lasting else f"{row[1]}{lasting[row[2]]}",
        text,
    )
    span = f"takes {min(lasting.values())} to {max(lasting.values())} minutes"
    return _SPAN.sub(span, text)
