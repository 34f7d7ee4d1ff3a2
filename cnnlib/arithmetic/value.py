"""A whole number that remembers how it was worked out, and products as text."""

from __future__ import annotations


class Worked(int):
    """A whole number together with the formula that gave it.

    It is an ``int`` in every calculation, and the result of a calculation is a plain
    ``int``. Shown on its own it reads as the formula; inside an f-string, where a
    sentence is being written, it reads as the number.

    >>> area = Worked(12_000, "100*120")
    >>> area
    100*120 = 12,000
    >>> f"{area} pixels, half of them {area // 2}"
    '12000 pixels, half of them 6000'
    """

    def __new__(cls, value: int, expression: str, unit: str = "") -> Worked:
        """Keep `value`, the left-hand side that gives it, and its unit if any."""
        worked = super().__new__(cls, value)
        worked._expression = expression
        worked._unit = unit
        return worked

    _expression: str
    _unit: str

    @property
    def value(self) -> int:
        """The number alone, as a plain ``int``."""
        return int(self)

    @property
    def formula(self) -> str:
        """The left-hand side with its numbers, an equals sign and the value."""
        return f"{self._expression} = {self.value:,} {self._unit}".rstrip()

    def __repr__(self) -> str:
        return self.formula

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return format(self.value, spec)

    def __getnewargs__(self) -> tuple[int, str, str]:  # type: ignore[override]
        return self.value, self._expression, self._unit


def times(*factors: int) -> str:
    """Write a product without working it out.

    >>> times(3, 28, 28)
    '3*28*28'
    """
    return "*".join(str(int(factor)) for factor in factors) or "1"
