"""The sheet of a block drawing: boxes in columns, read from top to bottom."""

from collections.abc import Sequence

from cnnlib.plots.style import MUTED, TITLE

from ._column import ARROW, Column, slot
from .boxes import BoxGroup, joints
from .canvas import LINE_HEIGHT, Canvas, text_size

MARGIN = 6.0
WIDEST = 540.0 - 2 * MARGIN
"""Width of a figure of 900 pixels, in points; long nets may take a quarter more."""
TALLEST = 400.0
"""Height above which a column is broken, if the width allows it, in points."""
STILL_SEEN = 1.5 * TALLEST
"""Height up to which branches may stand beside a column, which then is wide."""
BETWEEN = 20.0
"""Room between columns, in points."""


def block_sheet(
    groups: Sequence[BoxGroup], title: str | None, note: str, *, arrows: bool
) -> tuple[Canvas, float, float]:
    """Return the whole sheet with its width and height in points."""
    columns = block_columns(groups)
    tallest = max(column.height for column in columns)
    sheet, x, low = Canvas(), MARGIN, MARGIN
    for i, column in enumerate(columns):
        part = column.draw(arrows=arrows, first=i == 0, last=i == len(columns) - 1)
        sheet.add(part, x, low + tallest)
        x += column.width + BETWEEN
    widths = [_width(columns), text_size(note)[0], text_size(title or "", TITLE)[0]]
    width, height = max(widths) + 2 * MARGIN, low + tallest + MARGIN
    if note:
        sheet.text(MARGIN, height, note, align="left", valign="bottom", colour=MUTED)
        height += text_size(note)[1] + MARGIN
    if title:
        sheet.text(width / 2, height, title, valign="bottom", size=TITLE, gid="title")
        height += TITLE * LINE_HEIGHT + MARGIN
    return sheet, width, height


def _width(columns: Sequence[Column]) -> float:
    return sum(column.width for column in columns) + BETWEEN * (len(columns) - 1)


def block_columns(groups: Sequence[BoxGroup]) -> list[Column]:
    """Break the groups into the columns that the height asks for, if they fit.

    Branches stand beside their column unless that makes the drawing too long to see.
    """
    wide, narrow = (_columns(groups, beside=beside) for beside in (True, False))
    tall, lower = (max(one.height for one in columns) for columns in (wide, narrow))
    return narrow if lower < tall and tall > STILL_SEEN else wide


def _columns(groups: Sequence[BoxGroup], *, beside: bool) -> list[Column]:
    """Break the groups into columns, with or without branches beside them."""
    best = [Column(groups, beside=beside)]
    wanted = 1 + int(best[0].height // TALLEST)
    widest = WIDEST if wanted <= 4 else 1.25 * WIDEST
    for count in range(2, wanted + 1):
        columns = [Column(part, beside=beside) for part in _parts(groups, count)]
        if _width(columns) <= widest:
            best = columns
    return best


def _parts(groups: Sequence[BoxGroup], count: int) -> list[list[BoxGroup]]:
    """Break the groups into at most ``count`` runs, the tallest as low as possible."""
    pieces = _pieces(groups)
    tall = [
        sum(slot(box) + ARROW for group in piece for box in group.boxes)
        for piece in pieces
    ]
    low, high = max(tall), sum(tall)
    while high - low > 1:
        middle = (low + high) / 2
        if len(_filled(pieces, tall, middle)) <= count:
            high = middle
        else:
            low = middle
    return _filled(pieces, tall, high)


def _pieces(groups: Sequence[BoxGroup]) -> list[list[BoxGroup]]:
    """Put together the groups between which no column can end: a branch is open."""
    ends = joints([box for group in groups for box in group.boxes])
    pieces: list[list[BoxGroup]] = []
    place = 0
    for group in groups:
        if place in ends:
            pieces.append([])
        pieces[-1].append(group)
        place += len(group.boxes)
    return pieces


def _filled(
    pieces: Sequence[list[BoxGroup]], tall: Sequence[float], limit: float
) -> list[list[BoxGroup]]:
    """Fill one run after the other up to the limit."""
    runs: list[list[BoxGroup]] = [[]]
    used = 0.0
    for piece, height in zip(pieces, tall, strict=True):
        if runs[-1] and used + height > limit:
            runs.append([])
            used = 0.0
        runs[-1].extend(piece)
        used += height
    return runs
