"""The same steps as Python: our own loop, and the one call of PyTorch."""

from __future__ import annotations

from .steps import Pair, Steps

LINE_WIDTH = 56
"""Characters of the longest line; a longer call is broken."""


def loop_lines(steps: Steps) -> list[str]:
    """Return the loops that compute the output, window by window; they run as shown."""
    channels, rows, columns = steps.output.shape
    pooled = steps.mode != "conv" and channels > 1
    lines = _padding(steps)
    lines.append(f"out = torch.empty({_shape(steps)})")
    if pooled:
        lines.append(f"for c in range({channels}):")
    indent = "    " if pooled else ""
    lines.append(f"{indent}for i in range({rows}):")
    lines.append(f"{indent}    for j in range({columns}):")
    place = "c, i, j" if pooled else "i, j"
    lines.append(f"{indent}        window = {source(steps)}[{_slices(steps)}]")
    lines.append(f"{indent}        out[{place}] = {_sum(steps)}")
    return lines


def source(steps: Steps) -> str:
    """Return the name that the loop cuts its windows from."""
    return "padded" if any(steps.margins) else "image"


def call(steps: Steps) -> list[str]:
    """Return the call of PyTorch, with the arguments that differ from its defaults."""
    many = len(steps.image) > 1
    batch = "[None]" if many else "[None, None]"
    given = [f"image{batch}"]
    if steps.kernel is not None:
        given.append(f"kernel{batch}")
        if steps.bias:
            given.append(f"bias=torch.tensor([{steps.bias}])")
        usual = (1, 1)
    else:
        given.append(_pair(steps.window))
        usual = steps.window
    if steps.stride != usual:
        given.append(f"stride={_pair(steps.stride)}")
    if any(steps.margins):
        given.append(f"padding={_around(steps.margins)}")
    if steps.dilation != (1, 1):
        given.append(f"dilation={_pair(steps.dilation)}")
    name = {"conv": "conv2d", "max": "max_pool2d", "avg": "avg_pool2d"}[steps.mode]
    taken = "[0]" if many and steps.kernel is None else "[0, 0]"
    whole = f"out = F.{name}({', '.join(given)}){taken}"
    if len(whole) <= LINE_WIDTH:
        return [whole]
    tensors = 1 if steps.kernel is None else 2
    lines = [given[:tensors], given[tensors:]]
    inside = [f"    {', '.join(line)}," for line in lines if line]
    return [f"out = F.{name}(", *inside, f"){taken}"]


def _padding(steps: Steps) -> list[str]:
    if not any(steps.margins):
        return []
    above, below, left, right = steps.margins
    fill = ", value=-torch.inf" if steps.mode == "max" else ""
    return [f"padded = F.pad(image, ({left}, {right}, {above}, {below}){fill})"]


def _shape(steps: Steps) -> str:
    shape = steps.output.shape if len(steps.output) > 1 else steps.output.shape[1:]
    return ", ".join(map(str, shape))


def _slices(steps: Steps) -> str:
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


def _sum(steps: Steps) -> str:
    if steps.mode != "conv":
        return "window.max()" if steps.mode == "max" else "window.mean()"
    return "(window * kernel).sum()" + (" + bias" if steps.bias else "")


def _pair(both: Pair) -> str:
    return str(both[0] if both[0] == both[1] else both)


def _around(margins: tuple[int, int, int, int]) -> str:
    above, below, left, right = margins
    return _pair((above, left)) if (above, left) == (below, right) else '"same"'
