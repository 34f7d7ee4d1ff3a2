"""The sheet of a LeNet-style drawing: bodies, labels and links in rows."""

from cnnlib.plots.style import MUTED, TITLE

from .canvas import LINE_HEIGHT, Canvas, text_size
from .links import draw_link, draw_way_in, draw_way_out
from .rows import STUB, Spot, Widths, place_in_rows
from .steps import VolumeStep, left_out

MARGIN = 6.0
WIDEST = 518.0 - 2 * MARGIN
"""Width of an ordinary figure, 864 pixels, in points."""
BELOW = 6.0
"""Room between the lowest body of a row and the words, in points."""
ABOVE = 2.5
"""Room between a body and its label, in points."""
BETWEEN_ROWS = 10.0  # also above the first row and below the last


def volume_sheet(
    steps: list[VolumeStep], title: str | None, activations: bool
) -> tuple[Canvas, float, float]:
    """Return the whole sheet with its width and height in points."""
    labels = [step.label(activations) for step in steps]
    between = [step.between(activations) for step in steps]
    items = [
        Widths(step.body.width, text_size(above)[0], text_size(words)[0])
        for step, above, words in zip(steps, labels, between, strict=True)
    ]
    spots = place_in_rows(items, WIDEST)
    quiet = [name for step in steps for name in step.quiet]
    note = "" if activations else left_out(quiet)
    rows = [
        _row(steps, labels, between, spots, row) for row in range(spots[-1].row + 1)
    ]
    widths = [_right_end(spots), text_size(note)[0], text_size(title or "", TITLE)[0]]
    width = max(widths) + 2 * MARGIN
    sheet, y = Canvas(), 0.0  # downwards from the top; the sheet is moved up at the end
    if title:
        y -= MARGIN + TITLE * LINE_HEIGHT
        sheet.text(width / 2, y, title, valign="bottom", size=TITLE, gid="title")
    for part, tall in rows:
        y -= BETWEEN_ROWS + tall
        sheet.add(part, MARGIN, y)
    if note:
        y -= BETWEEN_ROWS + text_size(note)[1]
        sheet.text(MARGIN, y, note, align="left", valign="bottom", colour=MUTED)
    whole = Canvas()
    whole.add(sheet, 0, MARGIN - y)
    return whole, width, MARGIN - y


def _right_end(spots: list[Spot]) -> float:
    """Where the longest row ends, the arrow that leads out of it included."""
    last = spots[-1].row
    return max(spot.right + (STUB if spot.row < last else 0) for spot in spots)


def _row(
    steps: list[VolumeStep],
    labels: list[str],
    between: list[str],
    spots: list[Spot],
    row: int,
) -> tuple[Canvas, float]:
    """Return one row on a sheet that starts at y = 0, and its height."""
    inside = [i for i, spot in enumerate(spots) if spot.row == row]
    words_top = max(text_size(between[i])[1] for i in inside)
    middle = words_top + BELOW + max(steps[i].body.height for i in inside) / 2
    sheet, top = Canvas(), 0.0
    corners = {}
    for i in inside:
        step, spot = steps[i], spots[i]
        low = middle - step.body.height / 2
        corners[i] = (spot.middle - step.body.width / 2, low)
        part = Canvas()
        step.body.draw(part)
        sheet.add(part, *corners[i])
        above = low + step.body.height + ABOVE
        sheet.text(
            spot.middle, above, labels[i], valign="bottom", gid="size", halo=True
        )
        sheet.text(spot.words, words_top, between[i], valign="top", gid="operation")
        top = max(top, above + text_size(labels[i])[1])
    for i in inside[1:]:
        words = steps[i].words
        assert words is not None
        before = (steps[i - 1].body, corners[i - 1])
        draw_link(sheet, before, (steps[i].body, corners[i]), words)
    _stubs(sheet, steps, spots, inside, middle)
    return sheet, top


def _stubs(
    sheet: Canvas,
    steps: list[VolumeStep],
    spots: list[Spot],
    inside: list[int],
    y: float,
) -> None:
    """Draw the arrows that lead into a row and on to the next one."""
    first, last = inside[0], inside[-1]
    if first > 0:
        x, words = spots[first].words, steps[first].words
        assert words is not None
        ends = (x - STUB / 2, x + STUB / 2)
        draw_way_in(sheet, steps[first - 1].body, steps[first].body, words, ends, y)
    if last < len(steps) - 1:
        x = spots[last].middle + steps[last].body.width / 2
        draw_way_out(sheet, steps[last].body, (x + 3, x + STUB - 2), y)
