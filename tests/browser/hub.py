"""The JupyterHub of deploy/jupyterhub, with accounts that last as long as a test."""

import grp
import importlib.util
import os
import pwd
import secrets
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from .lab import wait_for, write_settings

ROOT = Path(__file__).parents[2]
PROXY = "configurable-http-proxy"
GROUPS = ("cnn-students", "cnn-teachers")  # those of the configuration


@dataclass(frozen=True)
class Student:
    """An account of this machine."""

    name: str
    password: str
    home: Path


def reason_against() -> str:
    """Say why the hub cannot be tested here; "" where it can."""
    for module in ("jupyterhub", "nbgitpuller"):
        if importlib.util.find_spec(module) is None:
            return f"{module} is not installed: pip install {module}"
    if shutil.which(PROXY) is None:
        return f"JupyterHub's proxy is not installed: npm install -g {PROXY}"
    if sys.platform != "linux" or os.geteuid() != 0 or not shutil.which("useradd"):
        return "the hub starts servers as other users: that needs Linux and root"
    if not _open_to_others(ROOT):
        return f"other users cannot read the course's folder, {ROOT}"
    return ""


def _open_to_others(path: Path) -> bool:
    """Whether every user may enter a folder or run a file, and all that lies above."""
    path = path.resolve()
    return all(part.stat().st_mode & 0o001 for part in (path, *path.parents))


def shared_python(folder: Path) -> Path | None:
    """Return a Python with our packages that every user can run.

    Where ours lies in a closed folder, such as root's home, that is the system's of the
    same version, told where our packages are.
    """
    if _open_to_others(Path(sys.executable)):
        return Path(sys.executable)
    system = Path("/usr/bin", f"python3.{sys.version_info.minor}")
    if not system.exists():
        return None
    subprocess.run([system, "-m", "venv", "--without-pip", folder], check=True)
    packages = Path(psutil.__file__).parents[1]
    line = f"import site; site.addsitedir({str(packages)!r})\n"
    own = next(folder.glob("lib/python3*/site-packages"))
    (own / "ours.pth").write_text(line)
    for name in ("share", "etc"):
        (folder / name).symlink_to(Path(sys.prefix, name))
    return folder / "bin" / "python"


@contextmanager
def accounts(names: list[str], homes: Path) -> Iterator[list[Student]]:
    """Make accounts of students, with homes as useradd makes them, and the groups."""
    suffix = secrets.token_hex(3)
    students = [
        Student(f"{name}-{suffix}", secrets.token_hex(8), homes / f"{name}-{suffix}")
        for name in names
    ]
    new = set(GROUPS) - {group.gr_name for group in grp.getgrall()}
    try:
        for group in new:
            subprocess.run(["groupadd", group], check=True)
        for student in students:
            command = ["useradd", "-m", "-d", str(student.home), "-g", GROUPS[0]]
            subprocess.run([*command, student.name], check=True)
            entry = f"{student.name}:{student.password}"
            subprocess.run(["chpasswd"], input=entry, text=True, check=True)
        yield students
    finally:
        for student in students:
            _remove(student.name)
        for group in new:
            subprocess.run(["groupdel", group])


def _remove(name: str) -> None:
    """Remove an account that we made, and end what still runs as it."""
    try:
        number = pwd.getpwnam(name).pw_uid
    except KeyError:
        return
    for process in psutil.process_iter(["uids"]):
        if process.info["uids"] and process.info["uids"].real == number:
            with suppress(psutil.Error):
                process.kill()
                process.wait(10)
    subprocess.run(["userdel", "-r", name], capture_output=True)


@contextmanager
def jupyterhub(python: Path, folder: Path, ports: list[int]) -> Iterator[str]:
    """Start the hub with the committed configuration; yield its address.

    What differs from it: ports, what the browser is to tell us, and where git looks.
    """
    settings = folder / "settings"
    write_settings(settings, dark=False)
    private = folder / "hub"
    private.mkdir(mode=0o700)
    public, inner, proxy = ports
    config = private / "config.py"
    committed = ROOT / "deploy" / "jupyterhub" / "jupyterhub_config.py"
    config.write_text(
        f"load_subconfig({str(committed)!r})\n"
        f"c.JupyterHub.bind_url = 'http://127.0.0.1:{public}'\n"
        f"c.JupyterHub.hub_port = {inner}\n"
        f"c.ConfigurableHTTPProxy.api_url = 'http://127.0.0.1:{proxy}'\n"
        "c.Spawner.args.append('--LabApp.expose_app_in_browser=True')\n"
        f"c.Spawner.environment['JUPYTERLAB_SETTINGS_DIR'] = {str(settings)!r}\n"
        "import os\n"
        "git = {k: v for k, v in os.environ.items() if k.startswith('GIT_CONFIG_')}\n"
        "c.Spawner.environment.update(git)\n"
    )
    command = [python, "-m", "jupyterhub", "-f", config]
    with (private / "log").open("w") as log:
        hub = subprocess.Popen(command, cwd=private, stdout=log, stderr=log)
    address = f"http://127.0.0.1:{public}"
    try:
        wait_for(f"{address}/hub/login", hub, 120)
        yield address
    finally:
        hub.terminate()
        hub.wait(timeout=60)


@contextmanager
def open_folder() -> Iterator[Path]:
    """Make a folder that every user may enter; pytest's own are closed to others."""
    with tempfile.TemporaryDirectory(prefix="cnn-hub-") as name:
        os.chmod(name, 0o755)
        yield Path(name)
