"""The words for one operation: those between volumes and those inside a box."""

import re
from dataclasses import dataclass
from math import prod

from cnnlib.model_summary import SummaryRow

from .window import Window, short, window_of

QUIET = {
    "relu": "ReLU",
    "relu6": "ReLU6",
    "leakyrelu": "LeakyReLU",
    "prelu": "PReLU",
    "rrelu": "RReLU",
    "elu": "ELU",
    "selu": "SELU",
    "celu": "CELU",
    "gelu": "GELU",
    "silu": "SiLU",
    "mish": "Mish",
    "softplus": "Softplus",
    "softsign": "Softsign",
    "hardtanh": "Hardtanh",
    "hardswish": "Hardswish",
    "hardsigmoid": "Hardsigmoid",
    "sigmoid": "Sigmoid",
    "logsigmoid": "LogSigmoid",
    "tanh": "Tanh",
    "scaledtanh": "Scaled tanh",
    "softmax": "Softmax",
    "logsoftmax": "LogSoftmax",
    "identity": "Identity",
    "dropout": "Dropout",
    "alphadropout": "AlphaDropout",
    "featurealphadropout": "FeatureAlphaDropout",
    "batchnorm": "BatchNorm",
    "layernorm": "LayerNorm",
    "groupnorm": "GroupNorm",
    "instancenorm": "InstanceNorm",
    "rmsnorm": "RMSNorm",
    "localresponsenorm": "LRN",
}
"""Operations that leave the shape alone and work on each value, or normalise.

Drawings of nets usually leave them out.
"""

_BETWEEN_VOLUMES = {
    "conv": "convolution",
    "convtranspose": "transposed convolution",
    "maxpool": "max pooling",
    "avgpool": "average pooling",
    "lppool": "power-mean pooling",
    "adaptivemaxpool": "max pooling",
    "adaptiveavgpool": "average pooling",
    "linear": "dense",
    "add": "add",
    "cat": "concatenate",
    "mul": "multiply",
    "sub": "subtract",
    "div": "divide",
    "upsample": "upsampling",
    "subsample": "subsampling",
    "interpolate": "resizing",
}
"""Names of operations as they stand between two volumes."""
_IN_A_BOX = {
    "conv": "Conv",
    "convtranspose": "ConvTranspose",
    "maxpool": "MaxPool",
    "avgpool": "AvgPool",
    "lppool": "LPPool",
    "adaptivemaxpool": "MaxPool",
    "adaptiveavgpool": "AvgPool",
    "linear": "FC",
    "add": "Add",
    "cat": "Concatenate",
    "mul": "Multiply",
    "sub": "Subtract",
    "div": "Divide",
}
"""Names of operations as they stand in a box."""
_ACROSS = {"softmax", "logsoftmax", "layernorm", "groupnorm", "rmsnorm"}
"""Quiet operations in which every channel looks at others."""

MOST_TOWERS = 4
"""Groups up to this many are drawn as towers; more are only named."""

_RESHAPES = {"flatten", "view", "reshape", "squeeze", "unflatten", "unsqueeze"}


@dataclass(frozen=True)
class OperationWords:
    """What a drawing says of one operation.

    ``name`` and ``details`` stand between two volumes ("5x5 convolution", "stride 2"),
    ``box`` and ``box_details`` inside a box ("5x5 Conv (6)", "stride 2", "pad 1").
    ``role`` is "conv", "pool", "dense", "flatten", "quiet" or "other"; a quiet
    operation works on each value or normalises, and leaves the shape alone. ``towers``
    is the number of groups of a convolution, where it is small enough to be drawn;
    ``spreads`` says that a window is made of one value, not one value of a window;
    ``apart`` says that no channel looks at another (but in LRN a few neighbours do).
    """

    name: str
    details: tuple[str, ...]
    box: str
    box_details: tuple[str, ...]
    role: str
    window: Window | None = None
    towers: int = 1
    spreads: bool = False
    apart: bool = False


def describe(row: SummaryRow) -> OperationWords:
    """Find the words for a row of a summary."""
    kind = plain(row.kind)
    if kind in QUIET and row.output_shape == row.input_shape:
        return _quiet(row, kind)
    if kind in ("conv", "convtranspose", "maxpool", "avgpool", "lppool"):
        return _sliding(row, kind, window_of(row))
    if kind in ("adaptiveavgpool", "adaptivemaxpool"):
        return _adaptive(row, kind)
    if kind == "linear":
        box = f"FC ({row.output_shape[-1]})"
        return OperationWords("dense", (), box, (), "dense")
    if kind in _RESHAPES:
        flat = len(row.output_shape) == 1
        name = "flatten" if flat else "reshape"
        return OperationWords(
            name, (), name.capitalize(), (), "flatten" if flat else "other"
        )
    return _other(row, kind)


def plain(kind: str) -> str:
    """``plain("AvgPool2d")`` and ``plain("avg_pool2d")`` are both ``"avgpool"``."""
    return re.sub(r"[123]d$", "", kind.lower().replace("_", ""))


def _quiet(row: SummaryRow, kind: str) -> OperationWords:
    name = QUIET[kind]
    share = getattr(row.module, "p", None) if "dropout" in kind else None
    box = name if share is None else f"{name} {share:g}"
    return OperationWords(name, (), box, (), "quiet", apart=kind not in _ACROSS)


def _sliding(row: SummaryRow, kind: str, window: Window | None) -> OperationWords:
    """Convolutions and poolings: "5x5 convolution", "2x2 MaxPool, stride 2"."""
    name, box, role = _BETWEEN_VOLUMES[kind], _IN_A_BOX[kind], "pool"
    shared: tuple[str, ...] = ()
    groups, apart = 1, True
    if kind.startswith("conv"):
        role, groups = "conv", _groups(row, kind, window)
        if groups > 1 and groups == row.input_shape[0]:
            name, box, groups = f"depthwise {name}", f"Depthwise {box}", 1
        else:
            apart = False
            shared = (f"{groups} groups",) if groups > 1 else ()
        box = f"{box} ({row.output_shape[0]})"
    towers = groups if groups <= MOST_TOWERS else 1
    if window is None:
        return OperationWords(
            name, shared, box, shared, role, None, towers, apart=apart
        )
    stride, pad, dilation = _details(window)
    usual = (1,) * len(window.kernel) if role == "conv" else window.kernel
    unusual = () if window.stride == usual else stride
    in_box = stride if role == "pool" else unusual
    return OperationWords(
        f"{window.size} {name}",
        (*unusual, *dilation, *shared),
        f"{window.size} {box}",
        (*in_box, *pad, *dilation, *shared),
        role,
        window,
        towers,
        spreads=kind == "convtranspose",
        apart=apart,
    )


def _groups(row: SummaryRow, kind: str, window: Window | None) -> int:
    """Return the groups of a convolution; for a call, they follow from its work."""
    if row.module is not None:
        return int(getattr(row.module, "groups", 1))
    if window is None or not row.mult_adds or kind == "convtranspose":
        return 1
    ungrouped = prod(window.kernel) * row.input_shape[0] * prod(row.output_shape)
    return ungrouped // row.mult_adds


def _details(window: Window) -> list[tuple[str, ...]]:
    """Return stride, padding and dilation as words, the latter two if they differ."""
    pad, dilation = window.padding, window.dilation
    padded = isinstance(pad, str) or set(pad) != {0}
    return [
        (f"stride {short(window.stride)}",),
        (f"pad {short(pad)}",) if padded else (),
        (f"dilation {short(dilation)}",) if set(dilation) != {1} else (),
    ]


def _adaptive(row: SummaryRow, kind: str) -> OperationWords:
    """Pooling to a size: "global average pooling", "average pooling to 6x6"."""
    name, box = _BETWEEN_VOLUMES[kind], _IN_A_BOX[kind]
    sides, size = row.input_shape[1:], row.output_shape[1:]
    if set(size) != {1}:
        to = "x".join(map(str, size))
        return OperationWords(
            f"{name} to {to}", (), f"{box} to {to}", (), "pool", apart=True
        )
    whole = Window(sides, sides, (0,) * len(sides), (1,) * len(sides))
    return OperationWords(
        f"global {name}", (), f"Global {box}", (), "pool", whole, apart=True
    )


def _other(row: SummaryRow, kind: str) -> OperationWords:
    """Any other operation, under its own name, with its window where it has one."""
    name = _BETWEEN_VOLUMES.get(kind) or _spaced(row.kind)
    box = _IN_A_BOX.get(kind) or (name.capitalize() if row.functional else row.kind)
    inputs = len(row.input_shapes)
    details = (f"{inputs} inputs",) if inputs > 1 else ()
    window = window_of(row)
    if window is None:
        return OperationWords(name, details, box, details, "other")
    name, box = f"{window.size} {name}", f"{window.size} {box}"
    kernels = row.module is not None and any(
        parameter.dim() > 2 for parameter in row.module.parameters()
    )
    return OperationWords(
        name, details, box, details, "conv" if kernels else "pool", window
    )


def _spaced(kind: str) -> str:
    """``_spaced("PartialConv2d")`` is ``"partial convolution"``; RBF stays as it is."""
    stem = re.sub(r"[123]d$", "", kind).replace("_", " ")
    parts = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", stem)
    words = [word if word.isupper() else word.lower() for word in parts.split()]
    return re.sub(r"\bconv\b", "convolution", " ".join(words))
