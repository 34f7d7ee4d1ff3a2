"""Lesson 04: counting parameters and work, and mending a net."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from cnnlib.checks.nets import drawn_net
from cnnlib.checks.question import Case, CaseRandom, Part, Question, as_lists

Size = tuple[int, int, int]


def _conv_params(draw: CaseRandom) -> list[Case]:
    """Kernels square and not, with and without a bias, in groups."""
    n, some = draw.number, draw.number(3, 5)
    by = n(2, 3)
    return [
        Case("one channel in, three out", (1, 3, 3)),
        Case("three channels in and out", (3, 3, 3)),
        Case("ten kernels of 3x3x3", (3, 10, 3)),
        Case("a kernel of 1x1", (n(5, 9), n(2, 4), 1)),
        Case("a kernel of 4x4", (2, n(3, 6), 4)),
        Case("a kernel of (3, 5)", (n(2, 4), n(5, 7), (3, 5))),
        Case("a kernel of (7, 1)", (n(2, 4), n(5, 7), (7, 1))),
        Case("no bias", (n(2, 4), n(5, 7), 3), {"bias": False}),
        Case("no bias and a kernel of (2, 3)", (4, n(5, 7), (2, 3), False)),
        Case("two groups", (2 * n(2, 4), 2 * n(5, 7), 3), {"groups": 2}),
        Case("a group for each channel", (some, some, 3), {"groups": some}),
        Case(
            "a group for each channel in, and twice as many out",
            (some, 2 * some, (3, 5)),
            {"groups": some},
        ),
        Case(
            "groups and no bias",
            (by * n(2, 4), by * n(5, 7), 5),
            {"bias": False, "groups": by},
        ),
        Case("many channels", (64, 128, 3)),
    ]


def _linear_params(draw: CaseRandom) -> list[Case]:
    n = draw.number
    return [
        Case("three inputs and two outputs", (3, 2)),
        Case("one input", (1, n(3, 9))),
        Case("one output", (n(3, 9), 1)),
        Case("more inputs than outputs", (n(20, 90), n(3, 9))),
        Case("more outputs than inputs", (n(3, 9), n(20, 90))),
        Case("many inputs", (784, 10)),
        Case("no bias", (n(3, 9), n(10, 19)), {"bias": False}),
        Case("no bias, said by position", (n(10, 19), n(3, 9), False)),
    ]


def _conv_macs(draw: CaseRandom) -> list[Case]:
    n, by = draw.number, draw.number(2, 3)
    return [
        Case("one kernel of 2x2 and an output of 1x1", (1, 1, 2, 1, 1)),
        Case("one kernel of 3x3 and an output of 4x4", (1, 1, 3, 4, 4)),
        Case("the first layer of the 20,087-parameter net", (1, 3, 3, 100, 100)),
        Case("the second layer of the 20,087-parameter net", (3, 2, 3, 100, 100)),
        Case("several channels in and out", (n(2, 4), n(5, 7), 3, 8, 8)),
        Case("an output that is not square", (2, n(3, 5), 3, n(4, 6), n(7, 9))),
        Case("a kernel of (3, 5)", (n(2, 4), n(5, 7), (3, 5), 6, 7)),
        Case("a kernel of (7, 1)", (n(2, 4), n(5, 7), (7, 1), 6, 7)),
        Case("a kernel of 1x1", (n(5, 9), n(2, 4), 1, 3, 5)),
        Case("two groups", (2 * n(2, 4), 2 * n(5, 7), 3, 6, 6), {"groups": 2}),
        Case(
            "groups and a kernel of (2, 3)",
            (by * n(2, 4), by * n(5, 7), (2, 3), 5, 4),
            {"groups": by},
        ),
    ]


def _receptive_field(draw: CaseRandom) -> list[Case]:
    n = draw.number
    some = [(n(2, 5), n(1, 3), n(1, 3)) for _ in range(4)]
    return [
        Case("one layer", ([(3, 1)],)),
        Case("two layers of 3x3", ([(3, 1), (3, 1)],)),
        Case("a convolution and a pooling, twice", ([(3, 1), (2, 2)] * 2,)),
        Case("one layer of stride 2", ([(n(4, 7), 2)],)),
        Case("a stride in the first layer", ([(3, 2), (n(4, 7), 1)],)),
        Case("a stride in the last layer", ([(5, 1), (n(2, 4), 3)],)),
        Case("two strides in a row", ([(3, 2), (2, 3), (n(3, 5), 1)],)),
        Case("even kernels", ([(4, 1), (2, 2), (n(5, 6), 1)],)),
        Case("kernels of 1", ([(1, 1), (1, 2), (n(3, 5), 1)],)),
        Case("five layers", ([(11, 4), (3, 2), (5, 1), (3, 2), (3, 1)],)),
        Case("a dilation", ([(3, 1, n(2, 4))],)),
        Case("a dilation after a stride", ([(2, 2), (n(3, 5), 1, 2), (3, 1)],)),
        Case("a dilation of 1, written out", ([(n(3, 5), 2, 1), (3, 1, 1)],)),
        Case("layers drawn at random", ([(3, 2, 2), *some],)),
        Case("no layer at all", ([],)),
    ]


ROWS = ("the picture", "conv1", "pool1", "conv2", "pool2", "fc3", "fc4", "output")


def _table(draw: CaseRandom) -> list[Case]:
    return [Case(f"the row of {name}", (i,)) for i, name in enumerate(ROWS)]


def _row(answer: Any, args: Sequence[Any]) -> dict[str, Any]:
    """Observe one row of the table; a table that is a stub as a whole."""
    answer = as_lists(answer)
    if answer is ... or (_is_list(answer) and all(map(_is_stub, answer))):
        return {"result": answer}
    if not _is_list(answer):
        raise TypeError(f"A list of rows is asked for, but it is {_a(answer)}.")
    if len(answer) != len(ROWS):
        raise ValueError(
            f"The table has {len(answer)} rows. Eight are asked for: the picture and "
            "seven layers. ReLU and Flatten have no row."
        )
    row = as_lists(answer[args[0]])
    if not _is_list(row) or len(row) != 2:
        raise TypeError("A row is a pair: (activation size, parameters).")
    if _is_stub(row):
        raise ValueError("This row still says `...`.")
    return {"activation size": row[0], "number of parameters": row[1]}


def _is_list(item: Any) -> bool:
    return isinstance(item, list | tuple)


def _is_stub(item: Any) -> bool:
    return item is ... or (_is_list(item) and any(entry is ... for entry in item))


def _a(item: Any) -> str:
    return f"of type {type(item).__name__}"


def _mend(draw: CaseRandom) -> list[Case]:
    """Nets whose first Linear layer is wrong, one of them not."""
    n = draw.number

    def case(
        kind: str,
        shape: Size,
        build: Callable[[], nn.Sequential],
        dtype: torch.dtype = torch.float32,
        training: bool = True,
    ) -> Case:
        net = drawn_net(draw, build).to(dtype).train(training)
        return Case(kind, (net, shape))

    return [
        case("one convolution and a square picture", (1, 8, 8), lambda: nn.Sequential(
            nn.Conv2d(1, 2, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
            nn.Linear(10, 3))),
        case("a picture that is not square", (1, 6, 10), lambda: nn.Sequential(
            nn.Conv2d(1, n(4, 6), 3), nn.ReLU(), nn.Flatten(), nn.Linear(5, 2))),
        case("a colour picture", (3, 9, 7), lambda: nn.Sequential(
            nn.Conv2d(3, 2, 3, stride=2, padding=1), nn.ReLU(), nn.Flatten(),
            nn.Linear(7, 4))),
        case("two convolutions", (1, 12, 10), lambda: nn.Sequential(
            nn.Conv2d(1, 2, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(2, 3, 2),
            nn.Flatten(), nn.Linear(n(40, 50), 2))),
        case("no convolution", (2, 3, 4), lambda: nn.Sequential(
            nn.Flatten(), nn.Linear(12 + n(1, 5), 5))),
        case("a Linear layer without a bias", (1, 5, 6), lambda: nn.Sequential(
            nn.Conv2d(1, 2, 2), nn.Flatten(), nn.Linear(9, 4, bias=False))),
        case("several Linear layers", (1, 5, 7), lambda: nn.Sequential(
            nn.Conv2d(1, 2, 3), nn.Flatten(), nn.Linear(8, 6), nn.ReLU(),
            nn.Linear(6, 4, bias=False), nn.ReLU(), nn.Linear(4, 3))),
        case("a Linear layer that was right", (1, 4, 6), lambda: nn.Sequential(
            nn.Conv2d(1, 2, 3), nn.Flatten(), nn.Linear(16, 3), nn.Linear(3, 2))),
        case("batch norm and dropout in training mode", (2, 6, 7),
             lambda: nn.Sequential(
            nn.Conv2d(2, 3, 2), nn.BatchNorm2d(3), nn.ReLU(), nn.Flatten(),
            nn.Dropout(0.5), nn.Linear(20, 4))),
        case("batch norm and dropout in evaluation mode", (2, 7, 5),
             lambda: nn.Sequential(
            nn.Conv2d(2, 3, 2), nn.BatchNorm2d(3), nn.ReLU(), nn.Flatten(),
            nn.Dropout(0.5), nn.Linear(20, 4)), training=False),
        case("weights of float64", (1, 7, 6), lambda: nn.Sequential(
            nn.Conv2d(1, 2, 3), nn.ReLU(), nn.Flatten(), nn.Linear(8, 3)),
            torch.float64),
    ]  # fmt: skip


def _mended(result: Any, args: Sequence[Any]) -> dict[str, Any]:
    """Observe the net that was returned, and whether the argument is as it was."""
    if not isinstance(result, nn.Module):
        return {"result": result}
    old, new = _leaves(args[0]), _leaves(result)
    first = next((layer for layer in new if isinstance(layer, nn.Linear)), None)
    if first is None:
        raise TypeError("The net that was returned has no Linear layer.")
    if nn.parameter.is_lazy(first.weight):
        raise ValueError(
            "The new Linear layer has no size yet. A lazy layer takes it from the "
            "first data that run through it."
        )
    rest = [layer for layer in new if layer is not first]
    head = next(layer for layer in old if isinstance(layer, nn.Linear))
    mine, yours = (
        {tensor.data_ptr() for layer in layers for tensor in _state(layer)}
        for layers in (old, new)
    )
    return {
        "result": nn.Module(),
        "layers": [type(layer).__name__ for layer in new],
        "in_features": int(first.in_features),
        "out_features": int(first.out_features),
        "weight's shape": list(first.weight.shape),
        "Linear layer has a bias": first.bias is not None,
        "weight's dtype": str(first.weight.dtype),
        "other weights": _joined(rest, "parameters"),
        "running averages": _joined(rest, "buffers"),
        "training flags": [layer.training for layer in rest],
        "net has layers of its own": not mine & yours,
        "argument's in_features": int(head.in_features),
        "argument's weights": _joined(old, "parameters"),
        "argument's running averages": _joined(old, "buffers"),
        "argument's training flags": [layer.training for layer in old],
    }


def _leaves(net: nn.Module) -> list[nn.Module]:
    return [layer for layer in net.modules() if not list(layer.children())]


def _state(layer: nn.Module) -> list[Tensor]:
    return [
        tensor for tensor in [*layer.parameters(), *layer.buffers()] if tensor.numel()
    ]


def _joined(layers: Sequence[nn.Module], kind: str) -> Tensor:
    """Return all parameters, or all buffers, as one row of float64."""
    tensors = [
        tensor.detach().double().flatten()
        for layer in layers
        for tensor in getattr(layer, kind)()
    ]
    return torch.cat([torch.zeros(0, dtype=torch.float64), *tensors])


_COUNTING = ("parameters", "state_dict")

QUESTIONS = [
    Question(
        "conv_params", "04", 3, _conv_params,
        ("in_channels", "out_channels", "kernel_size", "bias", "groups"),
        forbidden=_COUNTING,
        parts=(
            Part("groups", 1, ("group",)),
            Part("no bias", 0.5, ("no bias",)),
            Part("kernels that are not square", 0.5, ("(",)),
            Part("square kernels with a bias", 1),
        ),
    ),
    Question(
        "linear_params", "04", 1, _linear_params,
        ("in_features", "out_features", "bias"), forbidden=_COUNTING,
        parts=(
            Part("no bias", 0.5, ("no bias",)),
            Part("a bias", 0.5),
        ),
    ),
    Question(
        "layer_table", "04", 4, _table, is_value=True, observe=_row,
        parts=(
            Part("the row of the picture", 0.5, ("the picture",)),
            Part("the row of conv1", 0.5, ("conv1",)),
            Part("the row of pool1", 0.5, ("pool1",)),
            Part("the row of conv2", 0.5, ("conv2",)),
            Part("the row of pool2", 0.5, ("pool2",)),
            Part("the row of fc3", 0.5, ("fc3",)),
            Part("the row of fc4", 0.5, ("fc4",)),
            Part("the row of output", 0.5),
        ),
    ),
    Question(
        "conv_macs", "04", 2, _conv_macs,
        ("in_channels", "out_channels", "kernel_size", "output_height",
         "output_width", "groups"),
        forbidden=("get_total_flops",),
        parts=(
            Part("groups", 0.5, ("group",)),
            Part("kernels and outputs that are not square", 0.5,
                 ("(", "not square", "kernel of 1x1")),
            Part("square ones", 1),
        ),
    ),
    Question(
        "receptive_field", "04", 3, _receptive_field, ("layers",),
        parts=(
            Part("dilation", 1, ("dilation", "at random")),
            Part("stride", 1, ("stride", "pooling", "even", "kernels of 1", "five")),
            Part("layers of stride 1", 1),
        ),
    ),
    Question(
        "mend", "04", 3, _mend, ("model", "input_shape"), observe=_mended,
        may_call=("model_summary",),
        parts=(
            Part("batch norm, dropout, float64", 1, ("batch norm", "float64")),
            Part("other Linear layers beside it, or none to fix", 1,
                 ("several", "was right", "without a bias", "no convolution")),
            Part("a convolution, then one Linear layer", 1),
        ),
    ),
]  # fmt: skip
