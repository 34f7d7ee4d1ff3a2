"""Block drawings as in textbooks: one box per operation, the numbers beside it."""

from dataclasses import replace
from typing import Any

from matplotlib.axes import Axes
from torch import nn

from cnnlib.picture import Picture

from ._block_sheet import block_sheet
from ._lanes import MOST_LANES, lanes, side_lines
from .boxes import BoxGroup, boxes_of, grouped
from .net import Net, read_net
from .steps import left_out

IN_ORDER = "Operations in the order in which they run; branches are not drawn."
"""What is said of a net with more branches side by side than can be followed."""


def draw_blocks(
    model: nn.Module,
    input_size: Any,
    *,
    title: str | None = None,
    activations: bool = True,
    fold: bool = False,
    ax: Axes | None = None,
) -> Picture | Axes:
    """Draw a net as a column of boxes, one per operation, with sizes and parameters.

    The picture is made from ``cnnlib.summary(model, input_size)``: ``input_size`` is
    that of one image without the batch, (3, 224, 224), or a list of such. A box says
    what the operation is, "3x3 Conv (64), pad 1" (in brackets the channels it makes),
    "2x2 MaxPool, stride 2" or "FC (4096)"; beside it stand the layer's name, the
    output's channels x height x width, and the parameters. Long nets go on in further
    columns. A convolution with 2 to 4 groups is drawn as towers side by side.

    ``activations=False`` leaves out activation functions, dropout and normalisation,
    and says how many. ``fold=True`` draws boxes that repeat one after the other once,
    in a bracket "x 3"; they are the same when all but their names agrees.

    Arrows say what an operation takes: the output of the box above, or, by a line
    beside the boxes, that of one further up. So shortcuts and branches are drawn; the
    layers of a shortcut stand beside the column unless it grows too tall by that. A net
    with more than eight such lines side by side is listed in the order in which it
    runs, without arrows, and picture and sentence say so.

    Returns a Picture; given ``ax`` it draws there, as large as fits, and returns it.
    """
    net = read_net(model, input_size, "draw_blocks")
    groups = grouped(boxes_of(net, activations), fold)
    lines = side_lines([box for group in groups for box in group.boxes])
    drawn = lanes(lines) <= MOST_LANES
    if not drawn:
        groups = _unjoined(groups)
    note = _note(net, activations, drawn)
    sheet, width, height = block_sheet(groups, title, note, arrows=drawn)
    if ax is not None:
        return sheet.to_axes(width, height, ax)
    sentence = _sentence(net, groups, title, note)
    figure = sheet.to_figure(width, height)
    return Picture(figure, sentence, caption=f"{net.total_params:,} parameters in all.")


def _unjoined(groups: list[BoxGroup]) -> list[BoxGroup]:
    """Return the boxes one below the other, as if each took the one before it."""
    return [
        BoxGroup(tuple(replace(box, above=(-1,)) for box in group.boxes), group.times)
        for group in groups
    ]


def _note(net: Net, activations: bool, drawn: bool) -> str:
    """Say what the drawing does not show."""
    notes = [] if drawn else [IN_ORDER]
    if not activations:
        quiet = [words.box for words in net.words if words.role == "quiet"]
        notes.append(left_out(quiet))
    return " ".join(notes).strip()


def _sentence(net: Net, groups: list[BoxGroup], title: str | None, note: str) -> str:
    """Say the same as the drawing: each box with its size and its parameters."""
    head = f"{title}: a" if title else "A"
    listed = "; ".join(_group_text(group) for group in groups)
    return (
        f"{head} net drawn as blocks, from top to bottom: {listed}. "
        f"{note} {net.total_params:,} parameters in all."
    )


def _group_text(group: BoxGroup) -> str:
    text = "; ".join(box.phrase for box in group.boxes)
    return text if group.times == 1 else f"{group.times} times ({text})"
