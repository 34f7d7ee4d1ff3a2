"""Run steps in sessions, so that nothing in a cell can lose the rest.

Where a step ends the session or takes too long, that step is noted, and a new session
runs the other cells again without it and goes on with what was not asked yet.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass

from cnngrade.files.plan import Step

from .session import Done, Session

GRACE_SECONDS = 15.0
"""A question stops slow answers itself; after that much longer the process is ended."""
MOST_STARTS = 12
TRIAL_SECONDS = 10.0
"""For a cell in a first session that is not guarded; a question may take twice that."""


@dataclass(frozen=True)
class Limits:
    """How many seconds a cell may take, each question, all of it, a cell on trial."""

    cell: float
    questions: dict[str, float]
    together: float = float("inf")
    trial: float = TRIAL_SECONDS

    def of(self, step: Step) -> float:
        """Return the seconds after which the process is ended."""
        return self.questions[step.task] + GRACE_SECONDS if step.asks else self.cell


Open = Callable[[list[int], bool], AbstractContextManager[Session]]
"""Opens a session that does the steps at these places, each guarded or not."""


def run(
    steps: Sequence[Step],
    open_session: Open,
    limits: Callable[[], Limits],
    watch: Callable[[Step], None] = lambda step: None,
    *,
    trial: bool = False,
) -> dict[int, Done]:
    """Return what came of each step, by its place; a step not reached is left out.

    `limits` is called once the first session is starting, since to know them takes
    as long; `watch` is told of every step before it runs. With `trial` the first
    session is not guarded, which is quicker: nearly always nothing goes wrong in it.
    Where something does, or a cell takes long, the next session sees to that step.
    """
    done: dict[int, Done] = {}
    known: Limits | None = None
    begun = time.monotonic()
    for attempt in range(MOST_STARTS):
        trying = trial and attempt == 0
        wanted = [i for i, step in enumerate(steps) if _is_due(step, done.get(i))]
        if all(i in done for i in wanted):
            break
        with open_session(wanted, not trying) as session:
            known = known or limits()
            for number in session.starts(wanted):
                watch(steps[number])
                patience = known.of(steps[number])
                if trying:
                    asks = steps[number].asks
                    patience = min(patience, 2 * TRIAL_SECONDS if asks else known.trial)
                found = session.wait(number, patience)
                if trying and found.state != "done":
                    break
                if number not in done or found.state != "done":
                    done[number] = found
                if not session.goes_on or _is_over(begun, known):
                    break
        if _is_over(begun, known):
            break
    return done


def _is_over(begun: float, limits: Limits) -> bool:
    """Tell whether all steps together have taken too long."""
    return time.monotonic() - begun > limits.together


def _is_due(step: Step, before: Done | None) -> bool:
    """Cells run again in a new session; what is asked, or ended one, does not."""
    return before is None or (before.state == "done" and not step.asks)
