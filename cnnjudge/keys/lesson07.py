"""Lesson 07: references and mistakes of looking into a net."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from cnnjudge.key import Key, Mistake, noticed

# feature_maps


def _maps(model: nn.Module, x: Tensor, layer_name: str) -> Tensor:
    """Record what a layer gives, by a hook that is taken off again."""
    kept: list[Tensor] = []
    layer = model.get_submodule(layer_name)
    handle = layer.register_forward_hook(
        lambda layer, inputs, output: kept.append(output.detach().clone())
    )
    try:
        model(x)
    finally:
        handle.remove()
    return kept[0]


def _recorded(
    keep: Callable[[Any, Any], Any] = lambda inputs, output: output.detach().clone(),
    find: Callable[[nn.Module, str], nn.Module] = nn.Module.get_submodule,
    give: Callable[[Any], Any] = lambda kept: kept,
    remove: bool = True,
) -> Callable[..., Any]:
    """Return a recorder with something done differently."""

    def feature_maps(model: nn.Module, x: Tensor, layer_name: str) -> Any:
        kept: dict[str, Any] = {}

        def hook(layer: nn.Module, inputs: Any, output: Any) -> None:
            kept[layer_name] = keep(inputs, output)

        handle = find(model, layer_name).register_forward_hook(hook)
        model(x)
        if remove:
            handle.remove()
        return give(kept[layer_name])

    return feature_maps


def _part_of_name(model: nn.Module, layer_name: str) -> nn.Module:
    return [layer for name, layer in model.named_modules() if layer_name in name][-1]


def _one_by_one(model: nn.Module, x: Tensor, layer_name: str) -> Tensor:
    for name, layer in model.named_modules():
        if not list(layer.children()):
            x = layer(x)
        if name == layer_name:
            break
    return x


def _every_layer(model: nn.Module, x: Tensor, layer_name: str) -> Tensor:
    kept: dict[str, Tensor] = {}
    handles = []
    for name, layer in model.named_modules():

        def hook(layer: Any, inputs: Any, output: Tensor, name: str = name) -> None:
            kept[name] = output.clone()

        handles.append(layer.register_forward_hook(hook))
    with torch.no_grad():
        model(x)
    for handle in handles:
        handle.remove()
    return kept[layer_name]


class _FoundError(Exception):
    """Ends a forward pass as soon as the layer has answered."""


def _no_further(model: nn.Module, x: Tensor, layer_name: str) -> Tensor:
    kept = []

    def hook(layer: Any, inputs: Any, output: Tensor) -> None:
        kept.append(output)
        raise _FoundError

    layer = dict(model.named_modules())[layer_name]
    handle = layer.register_forward_hook(hook)
    try:
        model(x)
    except _FoundError:
        handle.remove()
    return kept.pop()


def _clearing(model: nn.Module, x: Tensor, layer_name: str) -> Tensor:
    kept = []
    layer = model.get_submodule(layer_name)
    layer.register_forward_hook(lambda layer, inputs, out: kept.append(out.clone()))
    model(x)
    layer._forward_hooks.clear()
    return kept[0].detach()


_MAPS = Key(
    _maps,
    (
        noticed(
            "a hook left on the model",
            "left:hook",
            _recorded(remove=False),
        ),
        noticed(
            "hooks of others taken away",
            "lost:hook",
            _clearing,
        ),
        Mistake(
            "overwritten in place",
            "a later layer that works in place has overwritten what you kept. Keep a "
            "copy of the output.",
            _recorded(lambda inputs, output: output.detach()),
        ),
        Mistake(
            "input for output",
            "this is what goes into the layer; what comes out of it is asked for.",
            _recorded(lambda inputs, output: inputs[0].detach().clone()),
        ),
        Mistake(
            "output of the whole model",
            "this is what the whole model gives; the output of one layer is asked for.",
            lambda model, x, layer_name: model(x),
        ),
        Mistake(
            "always the first layer",
            "this is the output of the first layer, whatever `layer_name` says.",
            _recorded(find=lambda model, name: _leaves(model)[0]),
        ),
        Mistake(
            "always the last layer",
            "this is the output of the last layer, whatever `layer_name` says.",
            _recorded(find=lambda model, name: _leaves(model)[-1]),
        ),
        Mistake(
            "name found by a part of it",
            'a name that only contains `layer_name` is taken for it: "conv1" is not '
            '"conv10".',
            _recorded(find=_part_of_name),
        ),
        Mistake(
            "nested names not found",
            "layers inside a block are not found. Their names have a dot; neither "
            "`getattr` nor the list of a model's own children knows such names.",
            _recorded(find=getattr),
        ),
        Mistake(
            "layers called one after the other",
            "the layers are called one after the other. A model may use them in "
            "another way; let it run itself, and listen.",
            _one_by_one,
        ),
        Mistake(
            "ReLU added",
            "nothing in it is negative: a ReLU has been put behind the layer.",
            _recorded(lambda inputs, output: output.detach().relu()),
        ),
        Mistake(
            "only the first image",
            "the batch axis is gone: only the first image's maps come back.",
            _recorded(give=lambda kept: kept[0]),
        ),
        Mistake(
            "only the first channel",
            "only the first channel comes back; all are asked for.",
            _recorded(give=lambda kept: kept[:, 0]),
        ),
        Mistake(
            "mean of the channels",
            "the channels are averaged; each map is asked for by itself.",
            _recorded(give=lambda kept: kept.mean(dim=1)),
        ),
        Mistake(
            "axes of length one gone",
            "`squeeze()` has taken away axes of length 1. Leave the shape as it is.",
            _recorded(give=lambda kept: kept.squeeze()),
        ),
        Mistake(
            "a list for a tensor",
            "the output comes back inside a list; the tensor alone is asked for.",
            _recorded(give=lambda kept: [kept]),
        ),
        Mistake(
            "a NumPy array for a tensor",
            "the output comes back as a NumPy array; a tensor is asked for.",
            _recorded(give=lambda kept: kept.numpy()),
        ),
    ),
    "One digit through every layer",
    source="what the layers gave",
    also_right=(_recorded(), _every_layer, _no_further),
)


def _leaves(model: nn.Module) -> list[nn.Module]:
    return [layer for layer in model.modules() if not list(layer.children())]


# saliency


def _slope(
    model: nn.Module,
    x: Tensor,
    target: int,
    ask: Callable[[Tensor, int], Tensor] = lambda scores, target: scores[0, target],
) -> Tensor:
    """Return the gradient of what is asked, by default the target's score."""
    copy = x.detach().clone().requires_grad_()
    return torch.autograd.grad(ask(model(copy), target), copy)[0]


def _saliency(model: nn.Module, x: Tensor, target: int) -> Tensor:
    return _slope(model, x, target)[0].abs().amax(dim=0)


def _sloped(
    give: Callable[[Tensor, Tensor], Any] = lambda g, x: g[0].abs().amax(dim=0),
    ask: Callable[[Tensor, int], Tensor] = lambda scores, target: scores[0, target],
) -> Callable[..., Any]:
    """Return a saliency with something done differently."""
    return lambda model, x, target: give(_slope(model, x, target, ask), x)


def _left_on_x(model: nn.Module, x: Tensor, target: int) -> Tensor:
    x.requires_grad_()
    (gradient,) = torch.autograd.grad(model(x)[0, target], x)
    return gradient[0].abs().amax(dim=0)


def _left_on_model(model: nn.Module, x: Tensor, target: int) -> Tensor:
    copy = x.detach().clone().requires_grad_()
    model(copy)[0, target].backward()
    assert copy.grad is not None
    return copy.grad[0].abs().amax(dim=0)


def _wiped(model: nn.Module, x: Tensor, target: int) -> Tensor:
    found = _left_on_model(model, x, target)
    model.zero_grad()
    return found


def _by_vector(model: nn.Module, x: Tensor, target: int) -> Tensor:
    x.requires_grad_()
    scores = model(x)
    picked = torch.zeros_like(scores)
    picked[0, int(target)] = 1
    (gradient,) = torch.autograd.grad(scores, x, grad_outputs=picked)
    x.requires_grad_(False)
    largest = gradient.squeeze(0).max(dim=0).values
    smallest = gradient.squeeze(0).min(dim=0).values
    return torch.maximum(largest, -smallest)


_SALIENCY = Key(
    _saliency,
    (
        Mistake(
            "signed instead of absolute gradient",
            "some of it is negative, or a large negative gradient has lost against a "
            "small positive one. Its size is what counts, not its sign.",
            _sloped(lambda g, x: g[0].amax(dim=0)),
        ),
        Mistake(
            "absolute value after the largest",
            "the largest is taken first and the absolute value afterwards: a large "
            "negative gradient is lost.",
            _sloped(lambda g, x: g[0].amax(dim=0).abs()),
        ),
        Mistake(
            "negative gradients cut off",
            "negative gradients count as nothing. A pixel matters, too, if more ink "
            "harms.",
            _sloped(lambda g, x: g[0].relu().amax(dim=0)),
        ),
        Mistake(
            "sum over the channels",
            "the channels are added; the largest of them is asked for.",
            _sloped(lambda g, x: g[0].abs().sum(dim=0)),
        ),
        Mistake(
            "mean over the channels",
            "the channels are averaged; the largest of them is asked for.",
            _sloped(lambda g, x: g[0].abs().mean(dim=0)),
        ),
        Mistake(
            "signed mean over the channels",
            "the channels are averaged with their signs, so that they cancel.",
            _sloped(lambda g, x: g[0].mean(dim=0).abs()),
        ),
        Mistake(
            "length over the channels",
            "this is the root of the sum of squares over the channels; the largest "
            "absolute value is asked for.",
            _sloped(lambda g, x: g[0].norm(dim=0)),
        ),
        Mistake(
            "only the first channel",
            "only the first channel is looked at.",
            _sloped(lambda g, x: g[0, 0].abs()),
        ),
        Mistake(
            "squared gradient",
            "the gradient is squared; its absolute value is asked for.",
            _sloped(lambda g, x: g[0].square().amax(dim=0)),
        ),
        Mistake(
            "gradient of the probability",
            "this is the gradient of a probability; that of the score is asked for.",
            _sloped(ask=lambda scores, target: scores.softmax(dim=1)[0, target]),
        ),
        Mistake(
            "gradient of the cross-entropy",
            "this is the gradient of the loss, or of log p; that of the score is asked "
            "for.",
            _sloped(ask=lambda scores, target: scores.log_softmax(dim=1)[0, target]),
        ),
        Mistake(
            "gradient of the largest score",
            "this asks for the class that the model says; `target` says which one is "
            "asked for.",
            _sloped(ask=lambda scores, target: scores.amax()),
        ),
        Mistake(
            "gradient of all scores",
            "this is the gradient of the sum of all scores; one of them is asked for.",
            _sloped(ask=lambda scores, target: scores.sum()),
        ),
        Mistake(
            "gradient times image",
            "the gradient is multiplied by the image. The gradient alone is asked for.",
            _sloped(lambda g, x: (g * x)[0].abs().amax(dim=0)),
        ),
        Mistake(
            "divided by its largest value",
            "the map is stretched so that its largest value is 1. Leave it as it is.",
            _sloped(lambda g, x: g[0].abs().amax(dim=0) / g.abs().amax()),
        ),
        Mistake(
            "batch axis kept",
            "the result still has a batch axis; (H, W) is asked for.",
            _sloped(lambda g, x: g.abs().amax(dim=1)),
        ),
        Mistake(
            "channels kept",
            "each channel comes back by itself. One map for all of them is asked for.",
            _sloped(lambda g, x: g[0].abs()),
        ),
        Mistake(
            "squeeze for the channels",
            "`squeeze()` is no way to get rid of the channels: it works for one "
            "channel only.",
            _sloped(lambda g, x: g.abs().squeeze()),
        ),
        Mistake(
            "one number for the whole image",
            "there is one number for the whole image; each pixel has its own.",
            _sloped(lambda g, x: g.abs().max()),
        ),
        Mistake(
            "largest values with their places",
            "`max` with a `dim` gives two things, the values and their places. The "
            "values alone are asked for.",
            _sloped(lambda g, x: g[0].abs().max(dim=0)),
        ),
        Mistake(
            "rows and columns swapped",
            "rows and columns of the result are swapped.",
            _sloped(lambda g, x: g[0].abs().amax(dim=0).T),
        ),
        noticed(
            "requires_grad left behind",
            "left:requires_grad",
            _left_on_x,
        ),
        noticed(
            "grads left behind",
            "left:grad",
            _left_on_model,
        ),
    ),
    "Which pixels mattered? First answer: saliency",
    rtol=1e-5,
    source="PyTorch's gradients",
    also_right=(_sloped(), _wiped, _by_vector),
)

# occlusion_map


def _probability(scores: Tensor, target: int) -> Tensor:
    return scores.softmax(dim=1)[:, target]


def _covered(
    ask: Callable[[Tensor, int], Tensor] = _probability,
    give: Callable[[Tensor, Tensor], Tensor] = lambda before, now: before - now,
    fill: Callable[[Tensor], Any] = lambda x: 0,
    counts: Callable[[int, int, int], tuple[int, int]] = lambda h, w, size: (
        h // size,
        w // size,
    ),
    step: int | None = None,
    channels: slice = slice(None),
    further: int = 0,
    inverse: bool = False,
    stays: bool = False,
    shaped: Callable[[Tensor, int], Any] = lambda map, size: map,
) -> Callable[..., Any]:
    """Return an occlusion map with something done differently."""

    def occlusion_map(model: nn.Module, x: Tensor, target: int, size: int) -> Any:
        rows, columns = counts(x.shape[2], x.shape[3], size)
        found = torch.zeros(rows, columns, dtype=x.dtype)
        with torch.no_grad():
            before = ask(model(x), target)[0]
            copy = x.clone()
            for i in range(rows):
                for j in range(columns):
                    copy = copy if stays else x.clone()
                    down, right = i * (step or size), j * (step or size)
                    here = (
                        slice(None),
                        channels,
                        slice(down, down + size + further),
                        slice(right, right + size + further),
                    )
                    if inverse:
                        copy = torch.zeros_like(x)
                        copy[here] = x[here]
                    else:
                        copy[here] = fill(x)
                    found[i, j] = give(before, ask(model(copy), target)[0])
        return shaped(found, size)

    return occlusion_map


def _all_at_once(model: nn.Module, x: Tensor, target: int, size: int) -> Tensor:
    rows, columns = x.shape[2] // size, x.shape[3] // size
    copies = [x]
    for i in range(rows):
        for j in range(columns):
            mask = torch.ones_like(x)
            mask[..., size * i : size * (i + 1), size * j : size * (j + 1)] = 0
            copies.append(x * mask)
    p = torch.nn.functional.softmax(model(torch.cat(copies)), dim=-1)[:, target]
    return (p[0] - p[1:]).reshape(rows, columns)


def _lists(model: nn.Module, x: Tensor, target: int, size: int) -> Tensor:
    def p(image: Tensor) -> Tensor:
        e = (model(image)[0] - model(image)[0].max()).exp()
        return e[target] / e.sum()

    rows = []
    for top in range(0, x.shape[2] - size + 1, size):
        row = []
        for left in range(0, x.shape[3] - size + 1, size):
            kept = x[0, :, top : top + size, left : left + size].clone()
            x[0, :, top : top + size, left : left + size] = 0
            row.append(p(x))
            x[0, :, top : top + size, left : left + size] = kept
        rows.append(torch.stack(row))
    return p(x) - torch.stack(rows)


def _last_stays_covered(model: nn.Module, x: Tensor, target: int, size: int) -> Tensor:
    found = _covered()(model, x, target, size)
    rows, columns = found.shape
    x[..., (rows - 1) * size : rows * size, (columns - 1) * size : columns * size] = 0
    return found


def _best(scores: Tensor, target: int) -> Tensor:
    return scores.softmax(dim=1).amax(dim=1)


_OCCLUSION = Key(
    _covered(),
    (
        Mistake(
            "drop of the score",
            "this is how far the score drops; the drop of the probability is asked "
            "for.",
            _covered(ask=lambda scores, target: scores[:, target]),
        ),
        Mistake(
            "drop of log p",
            "this is the drop of a logarithm; that of the probability is asked for.",
            _covered(ask=lambda scores, target: scores.log_softmax(dim=1)[:, target]),
        ),
        Mistake(
            "sign reversed",
            "the sign is the wrong way round: where the probability falls, the drop is "
            "positive.",
            _covered(give=lambda before, now: now - before),
        ),
        Mistake(
            "probability for drop",
            "this is the probability that is left; by how much it has dropped is asked "
            "for.",
            _covered(give=lambda before, now: now),
        ),
        Mistake(
            "drop as a share",
            "the drop is divided by the probability before. Leave it undivided.",
            _covered(give=lambda before, now: (before - now) / before),
        ),
        Mistake(
            "percent",
            "the drop is in percent; the plain difference of two probabilities is "
            "asked for.",
            _covered(give=lambda before, now: 100 * (before - now)),
        ),
        Mistake(
            "absolute drop",
            "the sign is lost: a probability that rises is a negative drop.",
            _covered(give=lambda before, now: (before - now).abs()),
        ),
        Mistake(
            "negative drops cut off",
            "negative drops have become 0. Where the probability rises, the drop is "
            "negative.",
            _covered(give=lambda before, now: (before - now).relu()),
        ),
        Mistake(
            "partial last window kept (ceil for floor)",
            "a window that reaches over the edge is used all the same. Only whole "
            "windows count.",
            _covered(counts=lambda h, w, size: (-(-h // size), -(-w // size))),
        ),
        Mistake(
            "windows that overlap",
            "the window moves by one pixel and stops wherever it fits. The windows "
            "should lie side by side.",
            _covered(counts=lambda h, w, size: (h - size + 1, w - size + 1), step=1),
        ),
        Mistake(
            "row and column of the window for pixels",
            "the map has the right shape, but the windows lie too close together: "
            "window 1 does not start at pixel 1.",
            _covered(step=1),
        ),
        Mistake(
            "windows stay covered",
            "what has been covered stays covered. Each window starts from the whole "
            "image.",
            _covered(stays=True),
        ),
        Mistake(
            "window one pixel too large",
            "the window reaches one pixel too far. The end of a slice is not in it.",
            _covered(further=1),
        ),
        Mistake(
            "covered with the mean",
            "the window is set to the mean of the image; 0 is asked for.",
            _covered(fill=lambda x: x.mean()),
        ),
        Mistake(
            "covered with ones",
            "the window is set to 1; 0 is asked for.",
            _covered(fill=lambda x: 1),
        ),
        Mistake(
            "everything else covered",
            "all is covered but the window. Cover the window alone.",
            _covered(inverse=True),
        ),
        Mistake(
            "only the first channel covered",
            "only the first channel is covered; cover all of them.",
            _covered(channels=slice(1)),
        ),
        Mistake(
            "target ignored",
            "this follows the class that the model says. `target` says which one is "
            "asked for.",
            _covered(ask=_best),
        ),
        Mistake(
            "softmax over the batch",
            "the softmax runs over the batch, so that each probability is 1. It runs "
            "over the classes.",
            _covered(ask=lambda scores, target: scores.softmax(dim=0)[:, target]),
        ),
        Mistake(
            "square images only",
            "there are as many columns as rows. Images need not be square.",
            _covered(counts=lambda h, w, size: (min(h, w) // size,) * 2),
        ),
        Mistake(
            "rows and columns swapped",
            "rows and columns of the result are swapped.",
            _covered(shaped=lambda map, size: map.T),
        ),
        Mistake(
            "one number for each pixel",
            "the map is as large as the image; one number for each window is asked "
            "for.",
            _covered(
                shaped=lambda map, size: map.repeat_interleave(
                    size, 0
                ).repeat_interleave(size, 1)
            ),
        ),
        Mistake(
            "all in one row",
            "the drops come back in one row; give them rows and columns.",
            _covered(shaped=lambda map, size: map.reshape(-1)),
        ),
        Mistake(
            "a list for a tensor",
            "the drops come back as a list; a tensor is asked for.",
            _covered(shaped=lambda map, size: map.tolist()),
        ),
        noticed(
            "input changed in place",
            "changed:x",
            _last_stays_covered,
        ),
    ),
    "Second answer: occlusion",
    rtol=1e-5,
    atol=1e-7,
    source="one window at a time",
    also_right=(_all_at_once, _lists),
)

KEYS = {"feature_maps": _MAPS, "saliency": _SALIENCY, "occlusion_map": _OCCLUSION}
