"""Each lesson as a deck for teaching, in ``build/slides``: ``python -m tools.slides``.

Slides begin at headings and at every **Predict**; what a cell showed after a Predict
comes at the next key, and is in the speaker's notes. Nobody needs to mark anything. A
cell's tag can say otherwise: ``slide-new`` begins a slide, ``slide-skip`` leaves the
cell out, ``slide-notes`` puts it into the notes alone. What is too long for a slide is
cut by the page itself when it is opened, since only there the fonts are known.

A deck is one file that asks for nothing: reveal.js and the font are inside.
"""

from __future__ import annotations

import argparse
import base64
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from tqdm import tqdm

from tools.build import folded
from tools.site import front
from tools.site.cells import Block, blocks, code_style, plain, unfolded
from tools.site.math import font, package_folder
from tools.site.notebooks import Reading, read

ROOT = Path(__file__).resolve().parents[1]
TEMPLATES = ROOT / "site" / "slides"
NOTE_LENGTH = 400
_REVEAL = ("dist/reveal.css", "dist/reveal.js", "plugin/notes/notes.js")


@dataclass
class Unit:
    """What stays on one slide where it can; ``notes`` are for the speaker."""

    parts: list[str]
    notes: list[str] = field(default_factory=list)
    runs: bool = False  # code, and what it shows


@dataclass
class Slide:
    """A slide before it is cut to size: heading, the one above it, units."""

    title: str  # HTML
    above: str = ""
    units: list[Unit] = field(default_factory=list)
    minute: int = 0


def slides(reading: Reading) -> list[Slide]:
    """Return the slides of a lesson, the title first."""
    found = list(blocks(reading, ".html"))
    deck = _Deck(reading)
    for index, block in enumerate(found):
        if "slide-skip" not in block.tags:
            deck.add(block, found[index + 1 :])
    return [slide for slide in deck.slides if slide.units]


class _Deck:
    """Puts one block after the other on slides."""

    def __init__(self, reading: Reading) -> None:
        self.reading = reading
        self.slides: list[Slide] = []
        self._section = ""
        self._hidden = False  # whether outputs wait for a key
        self._cell = -1

    def add(self, block: Block, after: list[Block]) -> None:
        """Put a block where it belongs; ``after`` is what follows it."""
        if block.cell == 1 and self._cell == 0 and block.kind == "text":
            self._next(block)  # the lesson's question, with its picture
        if "slide-new" in block.tags and block.cell != self._cell:
            self._next(block)
        self._cell = block.cell
        if "slide-notes" in block.tags:
            self._units.append(Unit([], [_cut(block.words)]))
        elif block.kind == "heading":
            self._heading(block)
        elif not self._is_launch(block):
            getattr(self, f"_{block.kind}")(block, after)

    @property
    def _units(self) -> list[Unit]:
        return self.slides[-1].units

    def _is_launch(self, block: Block) -> bool:
        return block.cell == 0 and block.words.startswith("Open in")

    def _heading(self, block: Block) -> None:
        inner = block.html.partition(">")[2].rpartition("</h")[0]
        if block.level <= 2:
            self._section = inner if block.level == 2 else ""
        above = self._section if block.level > 2 else ""
        self.slides.append(Slide(inner, above, [], self._minute(block)))
        self._hidden = False

    def _next(self, block: Block) -> None:
        """Begin a slide under the same heading, unless this one is still empty."""
        last = self.slides[-1]
        if last.units:
            self.slides.append(Slide(last.title, last.above, [], self._minute(block)))

    def _minute(self, block: Block) -> int:
        cells = len(self.reading.notebook.cells)
        return round(self.reading.minutes * block.cell / cells)

    def _text(self, block: Block, after: list[Block]) -> None:
        if block.words.startswith("After this lesson") and after:
            self._next(block)
        text = block.html
        if self._hidden and self._waits():  # it would give away what is to be guessed
            text = f'<div class="then fragment">{text}</div>'
        else:
            self._hidden = False
        self._units.append(Unit([text]))

    def _waits(self) -> bool:
        """Whether something on the slide comes at a key only."""
        return any("fragment" in part for unit in self._units for part in unit.parts)

    def _is_told(self) -> bool:
        """Whether words about the answer stand on the slide already."""
        return any(
            "then fragment" in part for unit in self._units for part in unit.parts
        )

    def _predict(self, block: Block, after: list[Block]) -> None:
        if any(unit.runs for unit in self._units) or self._is_told():
            self._next(block)
        self._hidden = True
        answer = [one.words for one in _shown_next(after) if one.words]
        notes = ["Ask, and let them answer before you go on."]
        if answer:
            notes.append(f"It shows: {_cut(' / '.join(answer))}")
        self._units.append(Unit([f'<div class="predict">{block.html}</div>'], notes))

    def _fold(self, block: Block, after: list[Block]) -> None:
        box = unfolded(block.html).replace('class="fold"', 'class="fold fragment"')
        answer = plain(block.html)
        self._units.append(Unit([box], [f"Comes at the next key: {_cut(answer)}"]))

    def _code(self, block: Block, after: list[Block]) -> None:
        code = [] if folded.TAG in block.tags else [block.html]
        if self._hidden and self._is_told():
            self._next(block)
            self._hidden = False
        self._units.append(Unit(code, runs=True))

    def _output(self, block: Block, after: list[Block]) -> None:
        kind = "output fragment" if self._hidden else "output"
        shown = block.html.replace('class="output"', f'class="{kind}"', 1)
        self._units[-1].parts.append(shown)
        if "<img" in block.html and not self._hidden:
            self._units[-1].notes.append(f"The picture: {_cut(block.words)}")


def _shown_next(after: list[Block]) -> Iterator[Block]:
    """Yield what the next code cell showed."""
    code = next((block for block in after if block.kind == "code"), None)
    for block in after:
        if code and block.kind == "output" and block.cell == code.cell:
            yield block


def _cut(words: str) -> str:
    words = " ".join(words.split())
    return words if len(words) <= NOTE_LENGTH else f"{words[:NOTE_LENGTH]} ..."


def page(reading: Reading) -> str:
    """Return the deck of a lesson as one HTML page."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES), undefined=StrictUndefined, autoescape=True
    )
    reveal = [_reveal(name) for name in _REVEAL]
    return environment.get_template("deck.html.j2").render(
        reading=reading,
        slides=slides(reading),
        style="\n".join([reveal[0], code_style(".code"), _own("deck.css")]),
        font=base64.b64encode(font()).decode("ascii"),
        scripts=[*reveal[1:], _own("deck.js")],
        picture=_picture(reading),
    )


def _picture(reading: Reading) -> str:
    """Return the first picture of a lesson for the title, as base64; or nothing."""
    try:
        return base64.b64encode(front.first_picture(reading)).decode("ascii")
    except ValueError:
        return ""


def _own(name: str) -> str:
    return (TEMPLATES / name).read_text(encoding="utf-8")


def _reveal(name: str) -> str:
    """Return a file of reveal.js that may stand inside a page."""
    folder = package_folder("sphinx_revealjs") / "_static" / "revealjs"
    text = (folder / name).read_text("utf-8")
    return text.partition("//# sourceMappingURL")[0].replace("</script", "<\\/script")


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the decks of all lessons, or of those named."""
    parser = argparse.ArgumentParser(prog="tools.slides", description=__doc__)
    parser.add_argument("lessons", nargs="*", metavar="NN", help="all without it")
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "slides")
    options = parser.parse_args(arguments)
    options.out.mkdir(parents=True, exist_ok=True)
    for path in tqdm(chosen(options.lessons), desc="slides"):
        text = page(read(path))
        (options.out / f"{path.stem}.html").write_text(text, encoding="utf-8")
    print(f"Open a file in {options.out.resolve()}")
    return 0


def chosen(lessons: Sequence[str], folder: str = "notebooks") -> list[Path]:
    """Return the notebooks of the lessons with these numbers, of all if there is none.

    Raises SystemExit, naming the lessons, for a number that none has.
    """
    found = sorted((ROOT / folder).glob("*.ipynb"))
    unknown = set(lessons) - {path.name[:2] for path in found}
    if unknown:
        names = ", ".join(path.name[:2] for path in found)
        raise SystemExit(f"No lesson {', '.join(sorted(unknown))}; there are {names}.")
    return [path for path in found if not lessons or path.name[:2] in lessons]


if __name__ == "__main__":
    sys.exit(main())
