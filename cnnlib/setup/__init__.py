"""Whether this machine is ready for the course: what the facts are, what they mean.

`on_disk` and `other_python` look at files, `facts` gathers everything,
`check_packages` and `check_machine` turn the facts into rows, each with a fix where one
is needed, `report` shows the rows, `doctor` prints them in a terminal.
"""

from .report import check_setup

__all__ = ["check_setup"]
