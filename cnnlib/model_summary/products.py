"""Count matrix products below the level at which Python calls them.

Some operations (``torch.einsum``, attention) are made of matrix products that Python
never calls one by one. A ``TorchDispatchMode`` sees them all; what it notes here are
the sizes that are multiplied.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from math import prod
from typing import Any

from torch.utils._python_dispatch import TorchDispatchMode


@dataclass
class Products:
    """Matrix products as tuples of factors, and work that cannot be counted."""

    matrices: Counter[tuple[int, ...]] = field(default_factory=Counter)
    not_counted: set[str] = field(default_factory=set)


@contextmanager
def counted_products(func: Callable[..., Any]) -> Iterator[Products]:
    """Note the matrix products that run inside the block."""
    products = Products()
    with _Counter(products):
        yield products
    namespace = getattr(func, "namespace", None) or _packet_namespace(func)
    if namespace not in ("aten", "prims", None):
        products.not_counted.add(str(func))


class _Counter(TorchDispatchMode):
    def __init__(self, products: Products) -> None:
        super().__init__()
        self._products = products

    def __torch_dispatch__(
        self, func: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        result = func(*args, **(kwargs or {}))
        name = func.overloadpacket.__name__
        if name in _FACTORS:
            for factors in _FACTORS[name](args, result):
                self._products.matrices[factors] += 1
        elif name.startswith("_scaled_dot_product"):
            for factors in attention(*(tuple(item.shape) for item in args[:3])):
                self._products.matrices[factors] += 1
        elif name.startswith(_UNKNOWN):
            self._products.not_counted.add(name)
        return result


def _product(first: int) -> Callable[[Any, Any], list[tuple[int, ...]]]:
    def factors(args: Any, result: Any) -> list[tuple[int, ...]]:
        left, right = args[first].shape, args[first + 1].shape
        return [(*left, *right[len(left) - 1 :])]

    return factors


def _convolution(args: Any, result: Any) -> list[tuple[int, ...]]:
    image, weight, transposed = args[0], args[1], args[6]
    places = (image if transposed else result).shape
    return [(*weight.shape, places[0] * prod(places[2:]))]


def attention(query: Any, key: Any, value: Any) -> list[tuple[int, ...]]:
    """Sizes of the two products of an attention: query with key, then with value."""
    *heads, length, features = query
    return [
        (*heads, length, features, key[-2]),
        (*heads, length, key[-2], value[-1]),
    ]


_FACTORS: dict[str, Callable[[Any, Any], list[tuple[int, ...]]]] = {
    "mm": _product(0),
    "bmm": _product(0),
    "addmm": _product(1),
    "baddbmm": _product(1),
    "mv": _product(0),
    "addmv": _product(1),
    "dot": lambda args, result: [tuple(args[0].shape)],
    "vdot": lambda args, result: [tuple(args[0].shape)],
    "convolution": _convolution,
}
_UNKNOWN: tuple[str, ...] = (
    *("linalg_", "_linalg", "cholesky", "triangular_solve", "fft_", "_fft"),
    *("_cdist", "_trilinear", "mkldnn_rnn", "_thnn"),
)


def _packet_namespace(func: Any) -> str | None:
    name = getattr(func, "_qualified_op_name", None)
    return name.split("::")[0] if isinstance(name, str) else None
