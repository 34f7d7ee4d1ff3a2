"""The same steps as Python: our own loop, and the one call of PyTorch."""

from __future__ import annotations

from .steps import Pair, WindowSteps

LINE_WIDTH = 56
"""Characters of the longest line; a longer call is broken."""


def loop_lines(steps: WindowSteps) -> list[str]:
    """Return the loops that compute the output, window by window; they run as shown."""
    channels, rows, columns = steps.output.shape
    pooled = steps.mode != "conv" and channels > 1
    lines = _padding(steps)
    lines.append(f"out = torch.zeros({_shape(steps)})")
    if pooled:
        lines.append(f"for c in range({channels}):")
    indent = "    " if pooled else ""
    lines.append(f"{indent}for i in range({rows}):")
    lines.append(f"{indent}    for j in range({columns}):")
    place = "c, i, j" if pooled else "i, j"
    lines.append(f"{indent}        window = {source(steps)}[{_slices(steps)}]")
    lines.append(f"{indent}        out[{place}] = {_sum(steps)}")
    return lines


def source(steps: WindowSteps) -> str:
    """Return the name that the loop cuts its windows from."""
    return "padded" if any(steps.margins) else "image"


def call(steps: WindowSteps) -> list[str]:
    """Return the call of PyTorch, with the arguments that differ from its defaults."""
    many = len(steps.image) > 1
    batch = "[None]" if many else "[None, None]"
    arguments = [f"image{batch}"]
    if steps.kernel is not None:
        arguments.append(f"kernel{batch}")
        if steps.bias:
            arguments.append(f"bias=torch.tensor([{steps.bias}])")
        default = (1, 1)
    else:
        arguments.append(_argument(steps.window))
        default = steps.window
    if steps.stride != default:
        arguments.append(f"stride={_argument(steps.stride)}")
    if any(steps.margins):
        arguments.append(f"padding={_around(steps.margins)}")
    if steps.dilation != (1, 1):
        arguments.append(f"dilation={_argument(steps.dilation)}")
    name = {"conv": "conv2d", "max": "max_pool2d", "avg": "avg_pool2d"}[steps.mode]
    index = "[0]" if many and steps.kernel is None else "[0, 0]"
    whole = f"out = F.{name}({', '.join(arguments)}){index}"
    if len(whole) <= LINE_WIDTH:
        return [whole]
    tensors = 1 if steps.kernel is None else 2
    lines = [arguments[:tensors], arguments[tensors:]]
    inside = [f"    {', '.join(line)}," for line in lines if line]
    return [f"out = F.{name}(", *inside, f"){index}"]


def _padding(steps: WindowSteps) -> list[str]:
    if not any(steps.margins):
        return []
    above, below, left, right = steps.margins
    fill = ", value=-torch.inf" if steps.mode == "max" else ""
    return [f"padded = F.pad(image, ({left}, {right}, {above}, {below}){fill})"]


def _shape(steps: WindowSteps) -> str:
    shape = steps.output.shape if len(steps.output) > 1 else steps.output.shape[1:]
    return ", ".join(map(str, shape))


def _slices(steps: WindowSteps) -> str:
    axes = [
        _slice(name, stride, reach, dilation)
        for name, stride, reach, dilation in zip(
            "ij", steps.stride, steps.reach, steps.dilation, strict=True
        )
    ]
    if len(steps.image) > 1:
        axes.insert(0, ":" if steps.mode == "conv" else "c")
    return ", ".join(axes)


def _slice(name: str, stride: int, reach: int, dilation: int) -> str:
    start = name if stride == 1 else f"{stride}*{name}"
    return f"{start}:{start}+{reach}" + (f":{dilation}" if dilation > 1 else "")


def _sum(steps: WindowSteps) -> str:
    if steps.mode != "conv":
        return "window.max()" if steps.mode == "max" else "window.mean()"
    return "(window * kernel).sum()" + (" + bias" if steps.bias else "")


def _argument(both: Pair) -> str:
    """Write a pair as an argument of PyTorch: (2, 2) as "2"."""
    return str(both[0] if both[0] == both[1] else both)


def _around(margins: tuple[int, int, int, int]) -> str:
    above, below, left, right = margins
    return _argument((above, left)) if (above, left) == (below, right) else '"same"'
