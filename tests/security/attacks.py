"""Submissions that mean harm, as data: what each tries, and what may pass all the same.

Each would gain something beside a grader that runs its checks in the student's own
kernel; its `gains` says what. In the code, ``$TCP``, ``$HOME`` and their like stand for
places of the machine that a test makes up (see `World`).
"""

from tests.security.attack import ALL, NONE, Attack, World, right_answers
from tests.security.cheats import CHEATS, OPEN
from tests.security.harms import HARMS
from tests.security.misfits import FILES, NAMES

__all__ = ["ALL", "ATTACKS", "NONE", "Attack", "World", "right_answers"]

ATTACKS = [*CHEATS, *OPEN, *HARMS, *FILES, *NAMES]
