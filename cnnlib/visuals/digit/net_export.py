"""A net as text for a page: its steps, and its weights in as few bits as suffice."""

from __future__ import annotations

import base64
import copy
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from cnnlib.training.checks import evaluating

from .net_record import NotExportableError, PageOp, record
from .net_run import run

MOST_CHARACTERS = 200_000
"""Characters that a net may take in a page."""
WEIGHT_BITS = (8, 12, 14, 16)
LARGEST_MISS = 2.5e-4
"""How far a probability may be off on the images of the check; 0.001 is promised."""


def export(
    model: nn.Module, images: Tensor, judge: Callable[[Tensor], Tensor]
) -> dict[str, Any]:
    """Return the net as JSON can hold it; a copy of it is run, on the CPU.

    ``images``: (N, 1, 28, 28), float32, to check the export with; ``judge`` turns the
    model's answers (N, classes) into probabilities.

    Raises:
        NotExportableError: the net is too large, or does what the page cannot do.
    """
    count = sum(p.numel() for p in model.parameters())
    if _characters(count, WEIGHT_BITS[0]) > MOST_CHARACTERS:
        raise NotExportableError(_too_large(count))
    with torch.no_grad():
        twin = copy.deepcopy(model).cpu().float()
    with evaluating(twin), torch.no_grad():
        right = judge(twin(images))
        ops = record(twin, images[:2].clone())
    return _fewest_bits(ops, images, right, judge, count)


def _fewest_bits(
    ops: list[PageOp],
    images: Tensor,
    right: Tensor,
    judge: Callable[[Tensor], Tensor],
    count: int,
) -> dict[str, Any]:
    """Return the smallest form of the net that gives the same probabilities."""
    ops = [_floats(op) for op in ops]
    if _off(ops, images, right, judge) > LARGEST_MISS:
        raise NotExportableError(
            "The model does not answer every image by the same steps, and the page can "
            "only repeat fixed ones."
        )
    for bits in WEIGHT_BITS:
        rounded = [_rounded(op, bits) for op in ops]
        if _off(rounded, images, right, judge) > LARGEST_MISS:
            continue
        net = _written(ops, bits)
        if len(net["weights"]) + len(net["floats"]) > MOST_CHARACTERS:
            break
        return net
    raise NotExportableError(_too_large(count))


def _off(
    ops: Sequence[PageOp],
    images: Tensor,
    right: Tensor,
    judge: Callable[[Tensor], Tensor],
) -> float:
    """Return by how much the steps miss the right probabilities, at worst."""
    off = (judge(run(ops, images)) - right).abs().max()
    return float(off) if torch.isfinite(off) else float("inf")


def _floats(op: PageOp) -> PageOp:
    weight = None if op.weight is None else op.weight.detach().float().contiguous()
    vectors = {name: v.detach().float().flatten() for name, v in op.vectors.items()}
    return replace(op, weight=weight, vectors=vectors)


def _levels(weight: Tensor, bits: int) -> tuple[np.ndarray, np.ndarray]:
    """Return whole numbers (rows, columns) and what a step of each row is worth."""
    rows = weight.flatten(1).numpy()
    top = 2 ** (bits - 1) - 1
    step = (np.abs(rows).max(axis=1) / np.float32(top)).astype(np.float32)
    step[step == 0] = 1
    return np.rint(rows / step[:, None]).astype(np.int64), step


def _rounded(op: PageOp, bits: int) -> PageOp:
    if op.weight is None:
        return op
    levels, step = _levels(op.weight, bits)
    values = levels.astype(np.float32) * step[:, None]
    return replace(op, weight=torch.from_numpy(values).view(op.weight.shape))


def _written(ops: Sequence[PageOp], bits: int) -> dict[str, Any]:
    """Return steps, and all numbers in the order in which the steps need them."""
    floats: list[np.ndarray] = []
    levels: list[np.ndarray] = []
    steps = []
    for op in ops:
        step = {"kind": op.kind, "reads": op.reads, **op.numbers}
        if op.weight is not None:
            whole, worth = _levels(op.weight, bits)
            levels.append(whole.flatten())
            floats.append(worth)
            step["rows"], step["columns"] = whole.shape
        for name, vector in op.vectors.items():
            floats.append(vector.numpy())
            step[name] = len(vector)
        steps.append(step)
    return {
        "steps": steps,
        "bits": bits,
        "weights": _base64(_packed(_joined(levels, np.int64), bits)),
        "floats": _base64(_joined(floats, np.float32).astype("<f4").tobytes()),
    }


def _packed(levels: np.ndarray, bits: int) -> bytes:
    """Write whole numbers of so many bits one after the other, highest bit first."""
    positive = levels + 2 ** (bits - 1)
    places = np.arange(bits - 1, -1, -1)
    return np.packbits(((positive[:, None] >> places) & 1).astype(np.uint8)).tobytes()


def _joined(parts: list[np.ndarray], kind: Any) -> np.ndarray:
    return np.concatenate([np.zeros(0, kind), *parts])


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _characters(count: int, bits: int) -> int:
    return count * bits // 6


def _too_large(count: int) -> str:
    return (
        f"The model has {count:,} parameters, and a page takes along at most "
        f"{MOST_CHARACTERS // 1000} kB of weights."
    )
