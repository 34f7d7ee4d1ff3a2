"""Whether this machine is ready for the course: what the facts are, what they mean.

`look` and `pythons` ask files, `facts` gathers everything, `packages` and `machine`
turn facts into rows with a cure, `report` shows them, `doctor` prints them in a
terminal.
"""

from .report import check_setup

__all__ = ["check_setup"]
