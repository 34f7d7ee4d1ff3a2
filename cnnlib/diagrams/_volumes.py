"""LeNet-style drawings: one body per activation, the operations between them."""

from typing import Any

from matplotlib.axes import Axes
from torch import nn

from cnnlib.picture import Picture

from ._volume_sheet import volume_sheet
from .net import Net, read_net
from .steps import VolumeStep, left_out, steps_of


def draw_volumes(
    model: nn.Module,
    input_size: Any,
    *,
    title: str | None = None,
    activations: bool = False,
    ax: Axes | None = None,
) -> Picture | Axes:
    """Draw a net as LeNet-5 was drawn: a stack of feature maps per activation.

    The picture is made from ``cnnlib.summary(model, input_size)``: ``input_size`` is
    that of one image without the batch, (1, 32, 32). A stack of maps is labelled
    "6@28x28" (maps @ height x width), a vector is a column labelled with its length,
    and the operation that leads from one to the next stands between them. The side
    of a map goes with the square root of its size, stacks and columns grow with the
    logarithm, so that 224 and 7 fit one picture. Convolutions with 2 to 4 groups are
    drawn as towers; layer names are those of the model.

    Activation functions, dropout and normalisation leave the shape alone. They are
    counted in a line below the drawing; ``activations=True`` names each of them
    after the operation that it follows instead.

    Returns a Picture; given ``ax`` it draws there, as large as fits, and returns it.
    Raises ValueError for a net that branches (``draw_blocks`` lists those).
    """
    net = read_net(model, input_size, "draw_volumes")
    _refuse_branches(net)
    steps = steps_of(net)
    sheet, width, height = volume_sheet(steps, title, activations)
    if ax is not None:
        return sheet.to_axes(width, height, ax)
    sentence = _sentence(net, steps, title, activations)
    figure = sheet.to_figure(width, height)
    return Picture(figure, sentence, caption=f"{net.total_params:,} parameters in all.")


def _refuse_branches(net: Net) -> None:
    join = net.join
    if join is not None:
        raise ValueError(
            "draw_volumes draws a chain, where each operation takes the output of the "
            f"one before it, but {join.name!r} ({join.kind}) breaks the chain. "
            "draw_blocks lists the operations of such a net in the order they run."
        )


def _sentence(
    net: Net, steps: list[VolumeStep], title: str | None, activations: bool
) -> str:
    """Say the same as the drawing: each operation and the size it gives."""
    parts = [f"input {steps[0].phrase(activations)}"]
    parts += [_step_text(step, activations) for step in steps[1:]]
    head = f"{title}: a" if title else "A"
    quiet = [name for step in steps for name in step.quiet]
    missing = "" if activations else left_out(quiet)
    return (
        f"{head} net drawn as volumes, from left to right: {'; '.join(parts)}. "
        f"{missing} {net.total_params:,} parameters in all."
    )


def _step_text(step: VolumeStep, activations: bool) -> str:
    """Name, operation and size, ``"c1, 5x5 convolution, 6@28x28"``."""
    phrase = step.phrase(activations)
    names = [phrase] if step.name in ("", phrase) else [step.name, phrase]
    return ", ".join([*names, step.size])
