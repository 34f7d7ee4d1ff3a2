"""Run steps in sessions, so that nothing in a cell can lose the rest.

Where a step ends the session or takes too long, that step is noted, and a new session
runs the other cells again without it and goes on with what was not asked yet.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager

from cnngrade.files.plan import Step
from cnngrade.limits import MOST_SESSIONS, TRIAL_ANSWER_SECONDS

from .patience import Patience
from .session import LEFT_RUNNING, Done, Session

Open = Callable[[list[int], bool], AbstractContextManager[Session]]
"""Opens a session that does the steps at these places, each guarded or not."""


def run(
    steps: Sequence[Step],
    open_session: Open,
    patience: Callable[[], Patience],
    watch: Callable[[Step], None] = lambda step: None,
    *,
    trial: bool = False,
) -> dict[int, Done]:
    """Return what came of each step, by its place; a step not reached is left out.

    `patience` is called once the first session is starting, since to know them takes
    as long; `watch` is told of every step before it runs. With `trial` the first
    session is not guarded, which is quicker: nearly always nothing goes wrong in it.
    Where something does, or a cell takes long, the next session sees to that step.
    """
    done: dict[int, Done] = {}
    known: Patience | None = None
    begun = time.monotonic()
    for attempt in range(MOST_SESSIONS):
        trying = trial and attempt == 0
        wanted = [i for i, step in enumerate(steps) if _is_due(step, done.get(i))]
        if all(i in done for i in wanted):
            break
        with open_session(wanted, not trying) as session:
            known = known or patience()
            for number in session.starts(wanted):
                watch(steps[number])
                seconds = known.of(steps[number])
                if trying:
                    asks = steps[number].asks
                    seconds = min(
                        seconds, TRIAL_ANSWER_SECONDS if asks else known.trial
                    )
                found = session.wait(number, seconds)
                if trying and found.state != "done":
                    break
                if found.state == "held up":
                    number, found = found.by, Done("died", reason=LEFT_RUNNING)
                if number not in done or found.state != "done":
                    done[number] = found
                if not session.goes_on or _is_over(begun, known):
                    break
        if _is_over(begun, known):
            break
    return done


def _is_over(begun: float, patience: Patience) -> bool:
    """Tell whether all steps together have taken too long."""
    return time.monotonic() - begun > patience.together


def _is_due(step: Step, before: Done | None) -> bool:
    """Cells run again in a new session; what is asked, or ended one, does not."""
    return before is None or (before.state == "done" and not step.asks)
