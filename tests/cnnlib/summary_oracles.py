"""What a summary must agree with, measured without it."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode


def half_flops(model: nn.Module, *inputs: Tensor) -> float:
    """Multiply-adds of convolutions and matrix products, by PyTorch's own counter.

    Fused attention is switched off meanwhile: the counter does not see into it, or
    not in every version.
    """
    counter = FlopCounterMode(display=False)
    model.eval()
    fused = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        with torch.no_grad(), sdpa_kernel(SDPBackend.MATH), counter:
            model(*inputs)
    finally:
        torch.backends.mha.set_fastpath_enabled(fused)
    return counter.get_total_flops() / 2


def hooked_shapes(model: nn.Module, image: Tensor) -> list[tuple[str, tuple]]:
    """Name and output shape of every call of a layer, without the batch axis.

    `image` is a batch of one. The batch axis is the one that is 2 for two images.
    """
    one, two = _hooked(model, image), _hooked(model, torch.cat([image, image]))
    assert [name for name, _ in one] == [name for name, _ in two]
    return [
        (name, tuple(a for a, b in zip(shape, other, strict=True) if (a, b) != (1, 2)))
        for (name, shape), (_, other) in zip(one, two, strict=True)
    ]


def _hooked(model: nn.Module, *inputs: Tensor) -> list[tuple[str, tuple]]:
    found: list[tuple[str, tuple]] = []
    handles = []
    names = {id(module): name for name, module in model.named_modules()}

    def note(module, given, result):
        first = result[0] if isinstance(result, tuple) else result
        found.append((names[id(module)], tuple(first.shape)))

    for module in model.modules():
        if not list(module.children()) or isinstance(module, nn.MultiheadAttention):
            handles.append(module.register_forward_hook(note))
    model.eval()
    with torch.no_grad():
        model(*inputs)
    for handle in handles:
        handle.remove()
    return found


def layer_shapes(rows) -> list[tuple[str, tuple]]:
    """Name and output shape of the rows that are layers."""
    return [(row.name, row.output_shape) for row in rows if row.module is not None]


def reach(model: nn.Module, size: tuple[int, ...], axis: int) -> Tensor:
    """Which outputs depend on which line of the input: (lines, *output), bool.

    A line (row or column) of NaN reaches exactly the values that depend on it, through
    maximum and activation alike. `size` is (C, H, W), `axis` 1 for rows, 2 for columns.
    """
    lines = size[axis]
    images = torch.rand((lines, *size)) + 0.5
    for line in range(lines):
        images[line].select(axis, line).fill_(float("nan"))
    model.eval()
    with torch.no_grad():
        result = model(images)
    return result.isnan()


def spans(model: nn.Module, size: tuple[int, ...], axis: int) -> list[tuple[int, int]]:
    """First line and number of lines that each position of the output sees.

    For an output (C, H, W) there is one entry per position along `axis`, all channels
    taken together; for a flat output there is a single one.
    """
    touched = reach(model, size, axis)
    if touched.dim() == 4:
        touched = touched.any(1).any(2 if axis == 1 else 1)
    else:
        touched = touched.flatten(1).any(1, keepdim=True)
    found = []
    for position in range(touched.shape[1]):
        lines = touched[:, position].nonzero().flatten().tolist()
        found.append((lines[0], lines[-1] - lines[0] + 1) if lines else (0, 0))
    return found
