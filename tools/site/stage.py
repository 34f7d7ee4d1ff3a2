"""The site's source: a folder for Sphinx, made from what the repository holds.

Notebooks and the pages in ``docs/`` are copied and prepared; the first page and those
of the API are written. A file is written only if it changed, so that Sphinx reads again
only what is new.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import nbformat

from cnnlib import explore_kernel, images, train_here
from cnnlib.practice.registry import kinds
from cnnlib.visuals import Visual, practice
from tools.build.course import Course
from tools.build.launch_links import BRANCH
from tools.site import api, errata, front
from tools.site.notebooks import Reading, read

DOCS = ("glossary", "instructors", "summary-vs-torchinfo", "term-plan")
_LINK = re.compile(r"(\]\()(?!https?:|mailto:|#)([^)\s#]*)(#[^)]*)?\)")
_PREDICT = re.compile(r"(^|\n\n)(> \*\*Predict\.\*\*)")

_Files = dict[str, str]


def stage(course: Course, target: Path) -> None:
    """Write the site's source into ``target``, and remove what is there besides."""
    files = notebooks(course) | documents(course) | api.pages()
    files["index.md"] = index(course)
    files["train.md"] = filled(course, "train", train=train_here(building=True))
    files |= practice_pages(course)
    for name, text in files.items():
        _write(target / name, text.encode("utf-8"))
    kept = {target / name for name in files}
    for folder in ("notebooks", "exercises"):
        for path in sorted((course.root / folder).glob("*.ipynb")):
            copy = target / "originals" / folder / path.name
            _write(copy, path.read_bytes())
            kept.add(copy)
    for path in set(target.rglob("*.*")) - kept:
        if path.is_file():
            path.unlink()


def _write(path: Path, data: bytes) -> None:
    if not path.is_file() or path.read_bytes() != data:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def readings(course: Course, folder: str) -> list[Reading]:
    """Read the built notebooks of a folder, in order."""
    return [read(path) for path in sorted((course.root / folder).glob("*.ipynb"))]


def notebooks(course: Course) -> _Files:
    """Return lessons and exercises, their launch links made into a row of buttons."""
    files = {}
    for folder in ("notebooks", "exercises"):
        for reading in readings(course, folder):
            first = reading.notebook.cells[0]
            row = launch_row(reading, course, folder)
            title, _, rest = first.source.partition("\n")
            rest = rest.replace(reading.launch, "").lstrip()
            first.source = f"{title}\n\n{row}\n\n{rest}"
            for cell in reading.notebook.cells:
                if cell.cell_type == "markdown":
                    cell.source = _PREDICT.sub("\\1{.predict}\n\\2", cell.source)
            files[f"{folder}/{reading.name}.ipynb"] = nbformat.writes(reading.notebook)
    return files


def practice_pages(course: Course) -> _Files:
    """Return a page of practice for each lesson that has items, and one for all."""
    files, contents = {}, []
    for reading in readings(course, "notebooks"):
        if has_practice(reading.name):
            number = reading.name[:2]
            contents.append(f"{reading.title} <{number}>")
            files[f"practice/{number}.md"] = filled(
                course,
                "practice_lesson",
                title=reading.title,
                lesson=reading.name,
                practice=practice(number, address="../notebooks/"),
            )
    every = practice(address="../notebooks/")
    page = filled(course, "practice", contents="\n".join(contents), practice=every)
    return files | {"practice/index.md": page}


def has_practice(name: str) -> bool:
    """Whether there are items for a lesson."""
    return name[:2] in {kind.lesson for kind in kinds().values()}


def launch_row(reading: Reading, course: Course, folder: str) -> str:
    """Return the links to Colab and Binder, to the file, and to lesson or exercises."""
    file = f"{reading.name}.ipynb"
    others = {"notebooks": "exercises", "exercises": "notebooks"}
    words = {"notebooks": "Lesson", "exercises": "Exercises"}
    links = [
        reading.launch.replace(" · ", " "),
        f"{{download}}`Download <../originals/{folder}/{file}>`",
    ]
    other = others[folder]
    if (course.root / other / file).is_file():
        links.append(f"[{words[other]}](../{other}/{file})")
    if folder == "notebooks" and has_practice(reading.name):
        links.append(f"[Practice](../practice/{reading.name[:2]}.md)")
    links += _links(course, reading.name, "../") if folder == "notebooks" else []
    return "{.launch}\n" + " ".join(links)


def copies(course: Course, name: str) -> dict[str, str]:
    """Return the deck and the handout of a lesson below ``build``, by the links' words.

    Only what was made since the lesson was built: an old copy would say other things.
    """
    made = {"Slides": f"slides/{name}.html", "Paper": f"handout/{name}.pdf"}
    built = (course.root / "notebooks" / f"{name}.ipynb").stat().st_mtime
    return {
        word: file
        for word, file in made.items()
        if (path := course.root / "build" / file).is_file()
        and path.stat().st_mtime >= built
    }


def _links(course: Course, name: str, up: str) -> list[str]:
    """Return links to the copies; Sphinx, which they stand beside, knows none."""
    return [
        f'<a href="{up}{file}">{word}</a>'
        for word, file in copies(course, name).items()
    ]


def documents(course: Course) -> _Files:
    """Return the pages of ``docs/``; links out of the site lead to the repository."""
    files = {"docs/errata.md": errata.page()}
    for name in DOCS:
        text = (course.root / "docs" / f"{name}.md").read_text(encoding="utf-8")
        files[f"docs/{name}.md"] = relinked(text, course)
    return files


def relinked(text: str, course: Course) -> str:
    """Return a page of ``docs/`` with links to files outside the site made absolute."""

    def target(match: re.Match[str]) -> str:
        path = os.path.normpath(f"docs/{match[2]}")
        own = path.startswith(("notebooks/", "exercises/")) or (
            path.startswith("docs/")
            and Path(path).suffix == ".md"
            and Path(path).stem in (*DOCS, "errata")
        )
        if own:
            return match[0]
        return f"{match[1]}{course.address}/blob/{BRANCH}/{path}{match[3] or ''})"

    return _LINK.sub(target, text)


def index(course: Course) -> str:
    """Return the first page: its text from ``site/index.md``, a card to each lesson."""
    cards = "\n".join(_card(course, one) for one in readings(course, "notebooks"))
    photo = images.to_tensor(images.load("china", height=72, grey=True))
    words = {"lessons": cards, "address": course.address, "teaser": front.teaser()}
    words["errata"] = str(len(errata.errata()))
    words["exercises"] = "\n".join(
        f"{one.title.removesuffix(': exercises')} <exercises/{one.name}>"
        for one in readings(course, "exercises")
    )
    pictures = {"picture": explore_kernel(photo), "train": train_here()}
    return filled(course, "index", **words, **pictures)


def filled(course: Course, name: str, **values: str | Visual) -> str:
    """Return ``site/<name>.md`` with its places filled; pictures stand there alive."""
    text = (course.root / "site" / f"{name}.md").read_text(encoding="utf-8")
    for place, value in values.items():
        page = value if isinstance(value, str) else value._repr_html_()
        assert isinstance(value, str) or "```" not in page
        text = text.replace(f"{{{{{place}}}}}", page)
    return text


def _card(course: Course, reading: Reading) -> str:
    file = f"{reading.name}.ipynb"
    links = [f"{reading.minutes} minutes"]
    if (course.root / "exercises" / file).is_file():
        links.append(f"[Exercises](exercises/{file})")
    if has_practice(reading.name):
        links.append(f"[Practice](practice/{reading.name[:2]}.md)")
    links += _links(course, reading.name, "")
    picture = (
        f'<img class="thumb" alt="" src="thumbs/{reading.name}.png" loading="lazy">'
    )
    return (
        f":::{{container}} lesson\n```{{raw}} html\n{picture}\n```\n\n"
        f"**[{reading.title}](notebooks/{file})**\n\n"
        f"{reading.summary}\n\n{' · '.join(links)}\n:::\n"
    )
