"""What the hub starts for a student: hand out the notebooks, then serve them.

It runs with that student's rights and no others. Were it the hub that copies, as root,
a link planted in a home folder could lead it anywhere.
"""

from __future__ import annotations

import os
import resource
import shutil
import sys
import tempfile
from pathlib import Path

COURSE = Path(__file__).resolve().parents[2]
FOLDERS = ("notebooks", "exercises")  # never the solutions
PROCESSES = 1000  # and threads, of one student
FILE_BYTES = 4 * 2**30


def hand_out(course: Path, target: Path) -> list[Path]:
    """Copy each notebook that is not in `target` yet, and return the new ones.

    What is there stays as it is, changed or not.
    """
    new = []
    for folder in FOLDERS:
        (target / folder).mkdir(parents=True, exist_ok=True)
        for source in sorted((course / folder).glob("*.ipynb")):
            place = target / folder / source.name
            if not os.path.lexists(place):
                shutil.copyfile(source, place)
                new.append(place)
    return new


def limit(memory: int, hours: float) -> None:
    """Set limits for this process, and for all that it starts: each has its own.

    They are final: nobody but root makes them higher again.

    Args:
        memory: bytes of its own that a process may ask for; 0: any.
        hours: of computing, after which it is ended; 0: any. The server itself needs
            minutes of it in a week.
    """
    wanted = {
        resource.RLIMIT_DATA: memory,
        resource.RLIMIT_CPU: int(3600 * hours),
        resource.RLIMIT_NPROC: PROCESSES,
        resource.RLIMIT_FSIZE: FILE_BYTES,
    }
    for kind, most in wanted.items():
        there = resource.getrlimit(kind)[1]
        if most and (there == resource.RLIM_INFINITY or most < there):
            resource.setrlimit(kind, (most, most))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def main() -> None:
    """Close the home folder to others, hand out, and become the student's server."""
    home = Path.home()
    home.chmod(0o700)  # useradd leaves it open to everybody on many systems
    os.umask(0o077)
    hand_out(COURSE, home / "course")
    memory, hours = os.environ.get("MEM_LIMIT", 0), os.environ.get("CNN_CPU_HOURS", 0)
    limit(int(memory), float(hours))
    # Kernels keep their sockets there, and a socket's path may not be longer than 107.
    os.environ["JUPYTER_RUNTIME_DIR"] = tempfile.mkdtemp(prefix="jupyter-", dir="/tmp")
    server = [sys.executable, "-m", "jupyterhub.singleuser", *sys.argv[1:]]
    os.execv(sys.executable, server)


if __name__ == "__main__":
    main()
