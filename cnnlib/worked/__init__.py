"""Worked examples: the numbers that sources print, computed and compared."""

from .example import WorkedExample, worked_example, worked_examples

__all__ = ["WorkedExample", "worked_example", "worked_examples"]
