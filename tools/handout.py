"""Lessons and exercises as PDFs to print: ``python -m tools.handout [NN ...]``.

Chromium prints the page: A4, figures and code and every fold open, page numbers, an
outline, and tags with the alt texts for those who hear it. What answers a Predict
stands at the end of a lesson, hints at the end of its exercises, which leave room to
write. They lie in ``build/handout``.
"""

from __future__ import annotations

import argparse
import base64
import html
import re
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from playwright.sync_api import Browser, sync_playwright
from tqdm import tqdm

from tools.build import folded
from tools.build.course import Course
from tools.site.cells import Block, blocks, code_style, unfolded
from tools.site.math import font
from tools.site.notebooks import Reading, read
from tools.slides import chosen

ROOT = Path(__file__).resolve().parents[1]
TEMPLATES = ROOT / "site" / "handout"
_BROWSERS = ("chromium", "chromium-browser", "google-chrome")
_Part = tuple[str, str]  # its kind, and its HTML
_NUMBERED = re.compile(r"Predict")
_FOOT = (
    '<div style="width:100%;margin:0 18mm;font:8pt sans-serif;color:#444;'
    'display:flex;justify-content:space-between"><span>{title}</span><span>'
    '<span class="pageNumber"></span> / <span class="totalPages"></span></span></div>'
)


def page(reading: Reading, course: Course) -> str:
    """Return the handout of a lesson as an HTML page that is meant for paper."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES), undefined=StrictUndefined, autoescape=True
    )
    shown = [
        block
        for block in blocks(reading, ".pdf")
        if not (block.cell == 0 and block.words.startswith("Open in"))
    ]
    shown.sort(key=_place)
    exercise = _role(reading, "answer")
    if exercise:
        parts, answers = hints_apart(shown, exercise, _role(reading, "check"))
    else:
        parts, answers = answers_apart(shown)
    style = (TEMPLATES / "handout.css").read_text(encoding="utf-8")
    return environment.get_template("handout.html.j2").render(
        reading=reading,
        parts=parts,
        answers=answers,
        end="Hints" if exercise else "Answers to the predictions",
        address=course.address,
        style=f"{code_style('.code')}\n{style}",
        font=base64.b64encode(font()).decode("ascii"),
    )


def answers_apart(shown: list[Block]) -> tuple[list[_Part], list[_Part]]:
    """Return the parts of a handout, and those that answer its Predicts, for its end.

    In their place stands a note with the Predict's number.
    """
    parts: list[_Part] = []
    answers: list[_Part] = []
    asked, told = 0, 0  # the last Predict, and the last that was answered
    for block in shown:
        if block.kind == "predict":
            asked += 1
            numbered = _NUMBERED.sub(rf"\g<0> {asked}", block.html, count=1)
            parts.append((block.kind, numbered))
            continue
        held = block.kind == "output" and "hide-output" in block.tags
        answer = block.kind == "fold" and block.words.startswith("Answer")
        if not (held or answer) or not asked:
            parts.append((block.kind, unfolded(block.html)))
            continue
        if told < asked:
            told = asked
            parts.append(("later", f"<p>Answer {asked}: at the end.</p>"))
            answers.append(("later", f"<p><strong>Answer {asked}</strong></p>"))
        answers.append((block.kind, unfolded(block.html)))
    return parts, answers


def _role(reading: Reading, role: str) -> dict[int, str]:
    """Return the cells of an exercise that have a role, each with its task."""
    cells = enumerate(reading.notebook.cells)
    found = {number: cell.metadata.get("cnnlib", {}) for number, cell in cells}
    return {
        number: known["task"]
        for number, known in found.items()
        if known.get("role") == role
    }


def hints_apart(
    shown: list[Block], answers: dict[int, str], checks: dict[int, str]
) -> tuple[list[_Part], list[_Part]]:
    """Return the parts of a handout of exercises, and its hints, for its end.

    Checks and errors are for who has a computer; each stub is followed by empty room.
    """
    parts: list[_Part] = []
    hints: list[_Part] = []
    task = ""
    for block in shown:
        if block.kind == "fold" and task:
            if block.words.startswith("Hint"):
                parts.append(("later", f"<p>Hint to {task}: at the end.</p>"))
                hints.append(("later", f"<p><strong>{task}</strong></p>"))
                hints.append((block.kind, unfolded(block.html)))
        elif block.cell not in checks:
            parts.append((block.kind, unfolded(block.html)))
            if block.cell in answers:
                task = answers[block.cell]
                parts.append(("room", ""))
    return parts, hints


def _place(block: Block) -> tuple[int, bool]:
    """Say where a block stands: by its cell, folded code after what it shows."""
    return block.cell, block.kind == "code" and folded.TAG in block.tags


def chromium_path() -> str:
    """Return where Chromium is; raise SystemExit with the cure if there is none."""
    for name in _BROWSERS:
        if path := shutil.which(name):
            return path
    raise SystemExit(
        "Handouts are printed by Chromium, and none was found. On Debian or Ubuntu: "
        "apt-get install chromium. Elsewhere: install Chrome."
    )


def write_pdf(browser: Browser, text: str, title: str, target: Path) -> None:
    """Print a page; nothing is fetched for it, and scripts do not run."""
    context = browser.new_context(offline=True, java_script_enabled=False)
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "handout.html"
        source.write_text(text, encoding="utf-8")
        paper = context.new_page()
        paper.goto(source.as_uri())
        paper.pdf(
            path=target,
            format="A4",
            margin={"top": "16mm", "bottom": "18mm", "left": "18mm", "right": "18mm"},
            display_header_footer=True,
            header_template="<span></span>",
            footer_template=_FOOT.format(title=html.escape(title)),
            print_background=True,
            outline=True,
            tagged=True,
        )
    context.close()


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the handouts of all lessons and exercises, or of those named."""
    parser = argparse.ArgumentParser(prog="tools.handout", description=__doc__)
    parser.add_argument("lessons", nargs="*", metavar="NN", help="all without it")
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "handout")
    options = parser.parse_args(arguments)
    options.out.mkdir(parents=True, exist_ok=True)
    course = Course(ROOT)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium_path(), args=["--no-sandbox"]
        )
        paths = chosen(options.lessons) + chosen(options.lessons, "exercises")
        for path in tqdm(paths, desc="handout"):
            reading = read(path)
            kind = "_exercises" * (path.parent.name == "exercises")
            target = options.out / f"{path.stem}{kind}.pdf"
            write_pdf(browser, page(reading, course), reading.title, target)
        browser.close()
    print(f"Open a file in {options.out.resolve()}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
