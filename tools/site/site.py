"""Build the site: ``python -m tools.site``; then open ``build/site/index.html``.

The notebooks are shown as they were built and not run again. What is wrong with a page
(a link that leads nowhere, a formula that cannot be shown) ends the build. Decks and
handouts (``make slides handout``) that are newer than their lessons are linked and go
along.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from tools.build.course import Course
from tools.site import front
from tools.site.math import font
from tools.site.stage import copies, stage

ROOT = Path(__file__).resolve().parents[2]
_NAMED = {
    'class="sidebar-drawer">': 'class="sidebar-drawer" aria-label="Pages">',
    'class="toc-drawer">': 'class="toc-drawer" aria-label="This page">',
    'class="caption" role="heading">': 'class="caption" role="heading" aria-level="2">',
    '<div id="search-results"></div>': (
        '<h1>Search</h1><div id="search-results" class="titled"></div>'
        '<script src="_static/texts.js"></script>'
    ),
    '<summary aria-label="Toggle hidden content">': "<summary>",  # its text says more
    ">Show the output<": ">Show the answer<",  # only answers to predictions are folded
    ">Hide the output<": ">Hide the answer<",
    ">Show the source<": ">Show the code<",
    ">Hide the source<": ">Hide the code<",
    '<th class="head"><p></p></th>': "<td></td>",  # a header without words is none
}


def build(course: Course, target: Path) -> int:
    """Write the site into ``target``; return Sphinx's exit code."""
    if (target / ".buildinfo").is_file():  # Sphinx made it: old pages and menus go
        shutil.rmtree(target)
    source = target.with_name(f"{target.name}-source")
    stage(course, source)
    command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q"]
    command += ["-b", "html", "-c", str(ROOT / "site")]
    command += ["-d", str(target.with_name(f"{target.name}-doctrees"))]
    code = subprocess.run([*command, str(source), str(target)], check=False).returncode
    if code == 0:
        (target / "_static" / "math.woff").write_bytes(font())
        front.write(course, target)
        for page in target.rglob("*.html"):
            mend(page)
        for lesson in sorted((course.root / "notebooks").glob("*.ipynb")):
            for file in copies(course, lesson.stem).values():
                (target / file).parent.mkdir(exist_ok=True)
                shutil.copy2(course.root / "build" / file, target / file)
    return code


def mend(page: Path) -> None:
    """Name what the theme leaves without a name for those who hear the page."""
    text = mended = page.read_text(encoding="utf-8")
    for bare, named in _NAMED.items():
        mended = mended.replace(bare, named)
    if mended != text:
        page.write_text(mended, encoding="utf-8")


def main(arguments: Sequence[str] | None = None) -> int:
    """Build the site as the command line asks."""
    parser = argparse.ArgumentParser(prog="tools.site", description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "site")
    options = parser.parse_args(arguments)
    target = options.out.resolve()
    code = build(Course(ROOT), target)
    if code == 0:
        print(f"Open {target / 'index.html'}")
    return code


if __name__ == "__main__":
    sys.exit(main())
