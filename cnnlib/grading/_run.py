"""Run steps in sessions, so that nothing in a cell can lose the rest.

Where a step ends the session or takes too long, that step is noted, and a new session
runs the other cells again without it and goes on with what was not asked yet.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass

from ._plan import Step
from ._session import Done, Session

GRACE_SECONDS = 15.0
"""A question stops slow answers itself; after that much longer the process is ended."""
MOST_STARTS = 12


@dataclass(frozen=True)
class Limits:
    """How many seconds a cell may take, each question, and all of it together."""

    cell: float
    questions: dict[str, float]
    together: float = float("inf")

    def of(self, step: Step) -> float:
        """Return the seconds after which the process is ended."""
        return self.questions[step.task] + GRACE_SECONDS if step.asks else self.cell


Open = Callable[[list[int], bool], AbstractContextManager[Session]]
"""Opens a session that does the steps at these places, each guarded or not."""
TRIAL_SECONDS = 10.0


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
                if trying and not steps[number].asks:
                    patience = min(patience, TRIAL_SECONDS)
                found = session.wait(number, patience)
                if trying and found.state != "done":
                    break
                if number not in done or found.state != "done":
                    done[number] = found
                if not session.goes_on:
                    break
        if time.monotonic() - begun > known.together:
            break
    return done


def _is_due(step: Step, before: Done | None) -> bool:
    """Cells run again in a new session; what is asked, or ended one, does not."""
    return before is None or (before.state == "done" and not step.asks)
