"""The errata: every printed number that is wrong, beside the correct one, and why.

``python -m tools.site.errata`` writes ``docs/errata.md`` from the worked examples that
``cnnlib`` carries; a test compares the two.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from html import escape
from itertools import product
from pathlib import Path

import torch

from cnnlib.worked import WorkedExample, worked_examples
from cnnlib.worked.fact_values import as_text, capitalized

_NAMES = {
    "hzdr-cnn-macs": "Mult-adds of the net with 20,087 parameters, in millions",
    "hzdr-k51-even-claim": "Padding of kernel_size // 2 always keeps the shape",
    "polarsparc-1.3-billion": "Parameters of a 1024-512-512-5 net",
    "polarsparc-shape-comment": "Size after a 3 x 3 convolution with padding 1, on 28",
    "lenet-table-row4": "LeNet-5, fourth row of the table: the second pooling",
    "alexnet-224": "AlexNet, size after the first layer",
    "alexnet-layers": "AlexNet, how many fully connected layers",
    "hzdr-none-none-rgba": "Shape of image[None, None, :] of a picture with 4 channels",
    "vn-ceil-formula": "The size formula, rounded up",
    "vn-bias-0d": "A bias without an axis",
    "hzdr-alexnet-first-gpu": "AlexNet, the first CNN on a graphics card",
    "hzdr-edges-lost": "A 51 x 51 kernel does not cover the edges",
    "glasgow-fc4-128": "Parameters of the second dense layer",
    "glasgow-max-caption": "Caption of a max pooling from 5 x 5 to 3 x 3",
    "glasgow-k-th-filter": "What k counts in the equation of Conv2d",
    "glasgow-alexnet-cut": "The two rows of AlexNet's drawing",
    "polarsparc-shape-comment-2": "Size after the second convolution, on 14",
    "polarsparc-1st-5th-9th": "Which digits are shown",
    "als-size-formula": "The size formula without padding",
    "vn-softmax-850": "Parameters of a softmax layer",
}
"""Headings for facts whose own words need their neighbours to be understood."""

_HEAD = """# Errata of the sources

The course computes {all} worked examples of five lecture decks and articles. {count} of
them print something that is wrong. Each is listed here with what is printed, what is
correct, and why. A lesson shows one of them at most, under "Spot the error"; the last
column leads to the lesson that has the subject.

In a grid, numbers <del>crossed out</del> are wrong, and **bold numbers** are right in
their place.

<!-- Written by: python -m tools.site.errata. Do not edit. -->

| Source | What | Printed | Correct | Lesson |
|---|---|---|---|---|
"""

_TAIL = """
## Smaller slips

Not counted, as no result depends on them:

- PolarSPARC's first formula for strides, (n - m) / s + 1, does not say that it is
  rounded down.
- HZDR's appendix calls a picture of three channels a grey one.
- AI VIETNAM first calls an input of 5 x 3 "4 x 6", and the padded one, 7 x 5, "6 x 8".
- AI VIETNAM's animation of max pooling shows wrong windows on the way to right numbers.
"""


def errata() -> list[WorkedExample]:
    """Return the worked examples whose source prints something wrong."""
    return [example for example in worked_examples() if example.erratum]


def page() -> str:
    """Return the errata as Markdown: a table of all, then a section to each."""
    found = errata()
    rows = "".join(map(_row, found))
    sections = "\n".join(map(_section, found))
    head = _HEAD.format(count=len(found), all=len(worked_examples()))
    return f"{head}{rows}\n{sections}{_TAIL}"


def _row(example: WorkedExample) -> str:
    printed, correct = example.printed, example.correct
    if _is_grid(example):
        wrong = len(_differences(printed, correct))
        words = f"{wrong} of {printed.numel()} numbers wrong"
        if printed.shape != correct.shape:
            words = f"a {_by(printed)} grid"
        printed, correct = words, f"a {_by(correct)} grid"
    cells = [example.source, f"[{_name(example)}](#{_anchor(_name(example))})"]
    cells += [_cell(printed), _cell(correct), _lesson(example)]
    return f"| {' | '.join(cells)} |\n"


def _section(example: WorkedExample) -> str:
    lines = [f"## {_name(example)}"]
    lines += [f"{example.source}; lesson {_lesson(example)}; id `{example.id}`."]
    lines += [_values(example), f"**Why.** {_why(example)}"]
    see = f" See [{example.see.partition('//')[2]}]({example.see})."
    if example.history:
        lines += [f"**History.** {example.history}{see if example.see else ''}"]
    elif example.see:
        lines[-1] += see
    return "\n\n".join(lines) + "\n"


def _why(example: WorkedExample) -> str:
    """Say why, and for a grid of another size how high the right one is."""
    if _is_grid(example) and example.printed.shape != example.correct.shape:
        return f"{_size_words(example)}. {example.why}"
    return example.why.replace("*", " · ")


def _size_words(example: WorkedExample) -> str:
    """Say how high the result is; only convolutions of the data have wrong sizes."""
    assert example.input is not None
    assert example.kernel is not None
    n, k, p, s = (
        example.input.shape[0],
        example.kernel.shape[0],
        example.padding,
        example.stride,
    )
    rows = example.correct.shape[0]
    return f"({n} + 2 · {p} - {k}) / {s} + 1, rounded down, makes {rows} rows"


def _values(example: WorkedExample) -> str:
    if not _is_grid(example):
        what = (
            f"- Printed: {_cell(example.printed)}\n- Correct: {_cell(example.correct)}"
        )
        worked_out = _cell(example.how).replace("*", " · ")
        return (
            f"- What: {capitalized(example.what)}\n{what}\n- Worked out: {worked_out}"
        )
    printed, correct = example.printed, example.correct
    grids = [_grid(f"input {_by(example.input)}", example.input)]
    if example.kernel is not None:
        grids.append(_grid(f"kernel {_by(example.kernel)}", example.kernel))
    both = _differences(correct, printed) if _comparable(example) else set()
    grids.append(_grid(f"printed {_by(printed)}", printed, both, "del"))
    grids.append(_grid(f"correct {_by(correct)}", correct, both, "strong"))
    return f'<div class="grids">\n{"".join(grids)}</div>'


def _grid(
    caption: str,
    values: torch.Tensor | None,
    marked: Collection[tuple[int, int]] = (),
    mark: str = "",
) -> str:
    """Write a grid as an HTML table; numbers at the ``marked`` places get a tag."""
    assert values is not None
    rows = ""
    for i in range(values.shape[0]):
        cells = ""
        for j in range(values.shape[1]):
            text = f"{values[i, j].item():g}".replace("-", "−")
            inner = f"<{mark}>{text}</{mark}>" if (i, j) in marked else text
            cells += f"<td>{inner}</td>"
        rows += f"<tr>{cells}</tr>\n"
    return f"<table><caption>{escape(caption)}</caption>\n{rows}</table>\n"


def _comparable(example: WorkedExample) -> bool:
    """Whether numbers at the same place belong together: equal sizes, or cut off."""
    printed, correct = example.printed, example.correct
    rows, columns = printed.shape
    return printed.shape == correct.shape or torch.equal(
        printed, correct[:rows, :columns]
    )


def _differences(values: torch.Tensor, other: torch.Tensor) -> set[tuple[int, int]]:
    """Return the places (row, column) of ``values`` that ``other`` lacks or has not."""
    found = set()
    for i, j in product(range(values.shape[0]), range(values.shape[1])):
        inside = i < other.shape[0] and j < other.shape[1]
        if not inside or values[i, j].item() != other[i, j].item():
            found.add((i, j))
    return found


def _is_grid(example: WorkedExample) -> bool:
    return example.op != "fact"


def _by(grid: torch.Tensor | None) -> str:
    assert grid is not None
    return f"{grid.shape[0]} x {grid.shape[1]}"


def _name(example: WorkedExample) -> str:
    """Say in words what is computed."""
    if not _is_grid(example):
        return _NAMES.get(example.id) or capitalized(example.what.replace('"', ""))
    if example.op == "conv2d":
        how = f"padding {example.padding}, stride {example.stride}"
        return f"Convolution of {_by(example.input)}, {how}"
    kind = example.op.removesuffix("_pool2d").replace("avg", "average")
    return f"{capitalized(kind)} pooling of {_by(example.input)}"


def _anchor(heading: str) -> str:
    """Return the name that GitHub, and the site, give to a heading in links.

    >>> _anchor("LeNet-5, fourth row: size // 2")
    'lenet-5-fourth-row-size--2'
    """
    return re.sub(r"[^\w\s-]", "", heading.lower()).replace(" ", "-")


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return "given as true" if value else "false"
    return (value if isinstance(value, str) else as_text(value)).replace("->", "→")


def _lesson(example: WorkedExample) -> str:
    return f"[{example.lesson[:2]}](../notebooks/{example.lesson}.ipynb)"


def main() -> None:
    """Write ``docs/errata.md``."""
    path = Path(__file__).resolve().parents[2] / "docs" / "errata.md"
    path.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
