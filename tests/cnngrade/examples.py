"""Results to write reports of: an ordinary class, and one that means harm."""

from cnngrade.record import Result, Run, TaskResult

RUN = Run(
    version="0.1.0",
    seed=481516,
    timeout=60.0,
    isolation="full",
    isolation_facts=("No network: a connection was refused.", "No home folder."),
    unplaced=(("IMG_2041.heic", "is not a notebook."),),
    superseded=(("Ann", "old/02.ipynb", "is older than new/02.ipynb by its date"),),
)
FLIPPED = """✗ conv2d: 27 of 28 cases are wrong; the smallest with a 2x2 kernel.

images[0, 0] 1x1x3x3    weight[0, 0] 1x1x2x2    yours[0, 0] 1x1x2x2
 1  2  9                -6  3                   -35  79
-3  6 -6                 1  8                   -45  39
-3  3  2

Likely: the kernel is turned by 180 degrees, as `torch.flip` does it.

See lesson 02, “Padding and stride together”."""
ODD = """✗ conv2d: 3 of 28 cases are wrong; the smallest with a bias.

The result has shape (1, 1, 2, 2); it must be (1, 2, 2, 2).

See lesson 02, “Padding and stride together”."""
CODE = "def conv2d(images, weight):\n    return images  # not yet"


def passed(name: str, points: int, code: str = "x = 1") -> TaskResult:
    text = f"✓ {name}: 18 cases agree with PyTorch"
    return TaskResult(name, points, "passed", text, code=code)


def failed(name: str, text: str, mistake: str = "", **more: str) -> TaskResult:
    return TaskResult(name, 5, "failed", text, mistake, **more)


def other(name: str, status: str, text: str = "it went wrong.") -> TaskResult:
    return TaskResult(name, 2, status, f"✗ {name}: {text}", code=f"{name} = ...")


def result(student: str, *tasks: TaskResult, lesson: str = "02", **more) -> Result:
    return Result(student, lesson, "d" * 64, tasks, **more)


FLIP = {"mistake": "kernel flipped", "answer": "aa", "case": "a 2x2 kernel"}
CLASS = [
    result(
        "Zoë", passed("output_size", 3), failed("conv2d", FLIPPED, **FLIP, code="f")
    ),
    result(
        "Ann", passed("output_size", 3), failed("conv2d", FLIPPED, **FLIP, code=CODE)
    ),
    result("Bob", other("output_size", "unsolved"), failed("conv2d", ODD, answer="bb")),
    result("Cy", other("output_size", "timed out"), failed("conv2d", ODD, answer="bb")),
    result("Dee", other("output_size", "died"), other("conv2d", "not reached")),
    result("Eve", other("output_size", "missing"), other("conv2d", "error")),
    result("Fay", passed("output_size", 3), failed("conv2d", ODD, "called:conv2d")),
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
    task = TaskResult(text, 5, "failed", f"✗ {text}\n\n{text}\n\nLikely: {text}", text)
    told = TaskResult(text, 5, "error", text, text, text, "same", text)
    shown = TaskResult("conv2d", 5, "passed", text, code=f'"""{text}"""\n# {text}')
    more = {"notes": (text,), "added": (text,), "problem": text}
    return result(text, task, told, shown, **more)


HOSTILE = [hostile(text) for text in HOSTILE_TEXTS]
HOSTILE_RUN = Run(
    SCRIPT,
    1,
    1.5,
    SCRIPT,
    HOSTILE_TEXTS,
    tuple((text, text) for text in HOSTILE_TEXTS),
    tuple((text, text, text) for text in HOSTILE_TEXTS),
)
