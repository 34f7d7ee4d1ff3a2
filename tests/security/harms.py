"""Right answers behind cells that do harm: everything passes all the same."""

from tests.exercise_files import TASKS, Book
from tests.security.attack import ALL, FIRST, WIRE, WRONG, Attack, outputs

_TRIAL = """\
import os
if os.getppid() == 1:  # the first try has no original to be harmed: have another
    os._exit(1)
"""
_BOAST = "class Boast(Exception): pass\n"
"""What a cell raises if it got what it must not have."""
_FORKS = """
import os, signal, threading
def bomb():
    while True:
        try:
            os.fork()
        except OSError:
            pass
def deaf():
    os.setsid()
    for number in range(1, 65):
        try:
            signal.signal(number, signal.SIG_IGN)
        except (OSError, ValueError):
            pass
    for _ in range(3):
        if os.fork() == 0:
            while True:
                os.kill(-1, signal.SIGCONT)
$START
"""
_COUNT = f"""
import os
{_BOAST}
seen = [name for name in os.listdir("/proc") if name.isdigit()]
if len(seen) > 4:  # the first, this one, and those that wait for it
    raise Boast(seen)
"""
"""A cell behind a bomb: nothing of that is left."""
_THREADS = """
import threading, time
while True:
    threading.Thread(target=time.sleep, args=(10**6,)).start()
"""
_WAITS = """
import threading, time
kept = 3
threading.Thread(target=time.sleep, args=(10**6,)).start()
"""

HARMS = [
    Attack(
        "answer in an endless loop",
        "the instructor's evening: the loop catches what should interrupt it",
        base="solutions",
        change=lambda book: book.write(
            "flatten",
            "def spin():\n    while True: pass\n\n"
            "def flatten(x, start_dim=1):\n    while True:\n        try:\n"
            "            spin()\n        except BaseException: pass",
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
        WIRE
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
        "parent woken late",
        "the next task's points: the grader cleans up when that task has begun",
        _TRIAL
        + """
import signal
original = os.getppid()
signal.signal(signal.SIGALRM, lambda *a: os.kill(original, signal.SIGCONT))
os.kill(original, signal.SIGSTOP)
signal.setitimer(signal.ITIMER_REAL, 0.01)
""",
        base="solutions",
        passes=ALL,
    ),
    Attack(
        "counts of references spoilt",
        "no grade: the kernel breaks down in the middle of a check",
        """
import ctypes
for item in (None, True, 0, 1, 2, (), ""):
    ctypes.c_ssize_t.from_address(id(item)).value = 1
for number in range(1000):
    [None, True, 0, 1, 2, (), ""] * 3
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
        "fork bomb in an answer",
        "other tasks' points: they find no room for a process or a thread",
        change=lambda book: book.write(
            "avg_pool2d", "import os\nwhile True: os.fork()"
        ),
        base="solutions",
        passes=ALL - {"avg_pool2d"},
    ),
    Attack(
        "fork bomb left behind",
        "other tasks' points: its processes go on when the cell is done",
        _FORKS.replace("$START", "if os.fork() == 0: bomb()"),
        change=lambda book: book.add(FIRST, _COUNT),
        base="solutions",
        passes=ALL,
    ),
    Attack(
        "fork bomb that hears nothing",
        "other tasks' points: its processes ignore signals and wake one another",
        _FORKS.replace("$START", "if os.fork() == 0: deaf(); bomb()"),
        change=lambda book: book.add(FIRST, _COUNT),
        base="solutions",
        passes=ALL,
    ),
    Attack(
        "fork bomb by threads",
        "other tasks' points: while its processes are ended, threads start others",
        _FORKS.replace("$START", "threading.Thread(target=bomb).start()"),
        change=lambda book: book.add(FIRST, _COUNT),
        base="solutions",
        passes=ALL,
    ),
    Attack(
        "fork bomb with a fuse",
        "other tasks' points: it goes off when another cell runs",
        _FORKS.replace("$START", "threading.Timer(0.3, bomb).start()"),
        change=lambda book: book.add(FIRST, "import time\ntime.sleep(1)"),
        base="solutions",
        passes=ALL,
    ),
    Attack(
        "goes on in two processes",
        "later tasks twice, and with them what is said of them",
        "import os\nos.fork()",
        change=lambda book: book.add(FIRST, _COUNT),
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
        passes=ALL,
    ),
    Attack(
        "thread bomb with a fuse",
        "other tasks' points: it goes off when another cell runs",
        """
import threading, time
def bomb():
    while True:
        try:
            threading.Thread(target=time.sleep, args=(10**6,)).start()
        except RuntimeError:
            time.sleep(0.01)
threading.Timer(0.3, bomb).start()
""",
        change=lambda book: book.add(FIRST, "import time\ntime.sleep(1)"),
        base="solutions",
        passes=ALL,
    ),
    Attack(
        "thread bomb behind a thread that waits",
        "the points of the cell that started that one, and is blamed",
        change=lambda book: (
            book.add(FIRST, _THREADS),
            book.add(FIRST, _WAITS),
            book.cell("avg_pool2d")["source"].insert(0, "assert kept == 3\n"),
        ),
        base="solutions",
        passes=ALL,
    ),
    Attack(
        "threads that compute",
        "other tasks' points: they get one turn in five, and run out of time",
        """
import threading
def work():
    while True: pass
for _ in range(4):
    threading.Thread(target=work).start()
""",
        base="solutions",
        passes=ALL,
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
time.sleep(1)
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
        WIRE + "for _ in range(1024): say(b'x' * 2**20)",
        base="solutions",
        passes=ALL,
    ),
    Attack(
        "brackets on the wire",
        "the grader's memory: 60 MB of JSON become 5 GB of lists",
        WIRE + 'say(b"\\n[" + b"[]," * (20 << 20) + b"[]]\\n")',
        base="solutions",
        passes=ALL,
    ),
    Attack(
        "lines on the wire",
        "the grader's time: every line is read, and none is meant",
        WIRE + 'say(b"\\n{}" * (16 << 20))',
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
    os.write(os.open("/proc/self/oom_score_adj", os.O_WRONLY), b"-1000")
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
        change=lambda book: _strange(book, "x = 1  # one more\n" * 200_000),
        passes=ALL,
    ),
    Attack(
        "megabytes of remarks",
        "the grader's memory, and a report of as many megabytes",
        base="solutions",
        change=lambda book: book.add(FIRST, "#" + "=1+1 <b>" * 6_500_000),
        passes=ALL,
    ),
    Attack(
        "megabytes of output",
        "the grader's memory, and a report of as many megabytes",
        base="solutions",
        change=lambda book: outputs(book, "✗ {}: " + "<b>\x1b" * 1_000_000),
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
    outputs(book, hurt)
