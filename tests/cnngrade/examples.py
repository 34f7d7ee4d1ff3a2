"""Results to write reports of: an ordinary class, and one that means harm."""

from dataclasses import replace

from cnngrade.record import GradingSettings, Result, TaskResult
from cnnjudge.verdict import Verdict, unjudged

RUN = GradingSettings(
    version="0.1.0",
    seed=481516,
    timeout=60.0,
    isolation="full",
    isolation_facts=("No network: a connection was refused.", "No home folder."),
    unplaced=(("IMG_2041.heic", "is not a notebook."),),
    superseded=(("Ann", "old/02.ipynb", "is older than new/02.ipynb by its date"),),
)
SEE = "See lesson 02, “Padding and stride together”."
GRIDS = """\
images[0, 0] 1x1x3x3    weight[0, 0] 1x1x2x2    yours[0, 0] 1x1x2x2
 1  2  9                -6  3                   -35  79
-3  6 -6                 1  8                   -45  39
-3  3  2"""
FLIPPED = Verdict(
    "conv2d",
    "failed",
    "27 of 28 cases are wrong; the smallest with a 2x2 kernel.",
    grids=GRIDS,
    hint="the kernel is turned by 180 degrees, as `torch.flip` does it.",
    see=SEE,
    mistake="kernel flipped",
    case="a 2x2 kernel",
)
FLIPPED_TEXT = f"""✗ conv2d: 27 of 28 cases are wrong; the smallest with a 2x2 kernel.

{GRIDS}

Likely: the kernel is turned by 180 degrees, as `torch.flip` does it.

{SEE}"""
ODD = Verdict(
    "conv2d",
    "failed",
    "3 of 28 cases are wrong; the smallest with a bias.",
    difference="The result has shape (1, 1, 2, 2); it must be (1, 2, 2, 2).",
    see=SEE,
)
CODE = "def conv2d(images, weight):\n    return images  # not yet"


def passed(name: str, points: int, code: str = "x = 1") -> TaskResult:
    verdict = Verdict(name, "passed", "18 cases agree with PyTorch")
    return TaskResult(verdict, points, code=code)


def failed(verdict: Verdict, **more: str) -> TaskResult:
    return TaskResult(verdict, 5, **more)


def other(name: str, status: str, reason: str = "it went wrong.") -> TaskResult:
    return TaskResult(unjudged(name, status, reason), 2, code=f"{name} = ...")


def result(student: str, *tasks: TaskResult, lesson: str = "02", **more) -> Result:
    return Result(student, lesson, "d" * 64, tasks, **more)


FORBIDDEN = replace(ODD, remark="called:conv2d")
CLASS = [
    result(
        "Zoë", passed("output_size", 3), failed(FLIPPED, fingerprint="aa", code="f")
    ),
    result(
        "Ann", passed("output_size", 3), failed(FLIPPED, fingerprint="aa", code=CODE)
    ),
    result("Bob", other("output_size", "unsolved"), failed(ODD, fingerprint="bb")),
    result("Cy", other("output_size", "timed out"), failed(ODD, fingerprint="bb")),
    result("Dee", other("output_size", "died"), other("conv2d", "not reached")),
    result("Eve", other("output_size", "missing"), other("conv2d", "error")),
    result("Fay", passed("output_size", 3), failed(FORBIDDEN)),
    result("Gus", problem="02.ipynb is not a notebook: it is a web page."),
    result("Ann", passed("max_pool2d", 3), lesson="03", notes=("A cell was `added`.",)),
]
TIMINGS = {
    (r.student, r.lesson, t.task): 0.25 * n
    for n, r in enumerate(CLASS)
    for t in r.tasks
}

SCRIPT = "<script>alert(1)</script>"
HOSTILE_TEXTS = (
    SCRIPT,
    "\"><img src='http://evil.example/x.png' onerror=alert(1)>",
    '=HYPERLINK("http://evil.example")',
    "{{ run.seed }}{% include 'x' %}",
    "\x1b[31mred\x1b]0;title\x07\x00\x9b",
    "\u202egnp.exe\u2066\u200b",
    "\ud800 ]]> &lt; \ufffe",
    "a\u0301" + "\u0301" * 500,
    "x" * 1_000_000,
    "many\n" * 5_000,
    "../../etc/passwd\r\nSet: 1",
    "javascript:alert(1)",
)


def hostile(text: str) -> Result:
    """Return a result in which every text is this one."""
    pieces = ("raised", "facts", "grids", "hint", "difference", "see")
    words = dict.fromkeys(pieces, text)
    failed = Verdict(text, "failed", text, mistake=text, case=text, **words)
    error = unjudged(text, "error", text)
    fine = Verdict("conv2d", "passed", text, leads_with_task=True)
    return result(
        text,
        TaskResult(failed, 5, fingerprint="same", code=text),
        TaskResult(error, 5, fingerprint="same", code=text),
        TaskResult(fine, 5, code=f'"""{text}"""\n# {text}'),
        notes=(text,),
        added=(text,),
        problem=text,
    )


HOSTILE = [hostile(text) for text in HOSTILE_TEXTS]
HOSTILE_RUN = GradingSettings(
    SCRIPT,
    1,
    1.5,
    SCRIPT,
    HOSTILE_TEXTS,
    tuple((text, text) for text in HOSTILE_TEXTS),
    tuple((text, text, text) for text in HOSTILE_TEXTS),
)
