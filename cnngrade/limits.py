"""Every limit of the grader: seconds, bytes, processes, and how they hang together.

Seconds are of computing on a typical machine where nothing else is said. A slower
machine's "slack" (see `cnngrade.inside.template`) makes all of them longer, and by the
clock each step has `CLOCK_FOR_COMPUTING` times as many. How long an answer may take is
not said here but by its question (`cnnlib.checks.question.Question.seconds`).

`cnngrade.inside` runs where this module is not: what it must know is handed over, in
the `Jail` for all sessions and in the message that opens each one.
"""

from __future__ import annotations

import math
import os

# ---- how long a student's code may take ----------------------------------------------

CELL_SECONDS = 20.0
"""One cell of a class's submission may compute so long."""
TRAINING_CELL_SECONDS = 3 * CELL_SECONDS
"""The same in a lesson with a task that trains a net."""
CHECK_CELL_SECONDS = 60.0
"""One cell under `cnnlib check`, by the clock: it is the student's own machine."""
CLOCK_FOR_COMPUTING = 4.0
"""How many times as long as it may compute a step may take by the clock."""
SUBMISSION_CELLS = 5
"""So many times as long as one cell may take by the clock, a whole submission may."""
ANSWER_GRACE_SECONDS = 15.0
"""A question stops a slow answer itself. If it cannot, so much later its copy of the
process is ended; if that fails too, so much later again the session."""
TRIAL_CELL_SECONDS = 10.0
"""By the clock: a cell in a first session, where no step has a copy to go back to."""
TRIAL_ANSWER_SECONDS = 2 * TRIAL_CELL_SECONDS
MOST_SESSIONS = 12
"""Sessions for one submission: each that a step ends is followed by another."""


def clock_seconds(computing: float, slack: float) -> float:
    """Return how long by the clock what may compute so long may take here."""
    return CLOCK_FOR_COMPUTING * slack * computing


def submission_clock_seconds(cell: float, slack: float) -> float:
    """Return how long by the clock all steps of a submission may take."""
    return SUBMISSION_CELLS * clock_seconds(max(cell, CELL_SECONDS), slack)


def process_computing_seconds(session: float) -> int:
    """Return how long one process may compute whose session may last so long.

    Then the kernel ends it: the last resort, above whatever the session's clock
    allows, since its threads may compute on all processors at once.
    """
    return math.ceil((session + NEXT_STEP_SECONDS) * (os.cpu_count() or 1))


# ---- starting, waiting, ending (by the clock) ----------------------------------------

START_SECONDS = 180.0
"""A session's first message, which a busy machine may delay while PyTorch loads."""
NEXT_STEP_SECONDS = 30.0
"""Between two steps nothing takes long, unless student code has a hand in it."""
LEFT_RUNNING_SECONDS = 5.0
"""Processes left running by a step are ended for so long; new ones may come."""
CALM_SECONDS = 1.0
"""Threads left running by a step may go on computing for so long."""
PROBE_SECONDS = 1.0
"""A connection that must be refused is waited for so long."""
EXIT_SECONDS = 2.0
"""A process that says nothing more has so long to end by itself."""
SCHEDULER_SECONDS = 10
"""A Dask scheduler has so long to answer."""

# ---- what a session may hold ---------------------------------------------------------

MEMORY_BYTES = 2**30
"""What one process may add to what PyTorch takes."""
SESSION_MEMORY_BYTES = MEMORY_BYTES * 3 // 2
"""What all processes of a session may add, before the largest is ended."""
ADDRESS_BYTES = 16 * MEMORY_BYTES
"""What one process may reserve without using it: threads reserve much."""
FOLDER_BYTES = 256 * 2**20
"""The private folder, and one file in it."""
FOLDER_FILES = 20_000
PROCESSES = 64
"""Processes and threads of a session, at one time."""
THREADS_LEFT = PROCESSES // 2
"""Threads that a step may leave running: later ones must find room for their own."""
OPEN_FILES = 256

# ---- what is read of a session -------------------------------------------------------

SAID_BYTES = 256 * 2**20
"""What a session may say in all; one that says more is ended."""
ITEM_BYTES = 200
"""What each list, object and item of one counts for: to read them takes more."""
LINE_BYTES = 2**30
"""One line of a process that `cnnlib check` started: memory is the student's own."""

# ---- what is read of a submission ----------------------------------------------------

FILE_BYTES = 100_000_000
"""More than this is no notebook, and no zip that one student hands in."""
NOTEBOOK_ITEMS = 3_000_000
"""Lists, objects and their items in one notebook: each costs memory when parsed."""
ZIP_MEMBERS = 20_000
ZIP_RATIO = 100
"""How often its own size a zip may hold: notebooks reach 20, bombs 1,000."""
ZIP_LIST_BYTES = 500 * ZIP_MEMBERS
"""What the list of members may take, which Python reads whole."""
BESIDE_FILES = 200
"""Files beside a notebook that its code is given."""
BESIDE_BYTES = 20_000_000
"""What they may hold in all."""
PARSED_CHARACTERS = 200_000
"""Of a cell; longer ones are not parsed: a tree takes 600 times their room."""

# ---- what is kept of a submission ----------------------------------------------------

KEPT_CHARACTERS = 100_000
"""Of one cell or remark, in the journal and the report."""
KEPT_LISTED = 200
"""Cells, and remarks, of one submission."""
