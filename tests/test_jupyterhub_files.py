"""deploy/jupyterhub without a hub: what is handed out, and links for hubs of others."""

import importlib.util
import os
import pwd
import re
import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import parse_qs, urlsplit

import pytest

from cnnlib.settings import NEWEST, settings
from tools.build import build, exercise, source
from tools.build.course import Course
from tools.build.launch_links import BRANCH
from tools.hub_link import pull_link

COURSE = Course(build.ROOT)
HUB = COURSE.root / "deploy" / "jupyterhub"
START = HUB / "start_server.py"
README = (HUB / "README.md").read_text("utf-8")


def loaded(path):
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def hand_out():
    return loaded(START).hand_out


@pytest.fixture
def course(tmp_path):
    root = tmp_path / "course"
    for folder in ("notebooks", "exercises", "solutions"):
        (root / folder).mkdir(parents=True)
        (root / folder / "01_a.ipynb").write_text(folder)
        (root / folder / "01_a.ipynb").chmod(0o444)
    return root


def contents(folder):
    return {
        str(path.relative_to(folder)): path.read_text()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_lessons_and_exercises_are_handed_out_and_solutions_are_not(
    hand_out, course, tmp_path
):
    home = tmp_path / "home"
    hand_out(course, home)
    assert contents(home) == {
        "notebooks/01_a.ipynb": "notebooks",
        "exercises/01_a.ipynb": "exercises",
    }
    assert all(path.stat().st_mode & 0o200 for path in home.rglob("*.ipynb"))


def test_a_later_start_adds_what_is_new_and_leaves_what_is_there(
    hand_out, course, tmp_path
):
    home = tmp_path / "home"
    hand_out(course, home)
    (home / "notebooks" / "01_a.ipynb").write_text("mine")
    (course / "notebooks" / "02_b.ipynb").write_text("new")
    assert hand_out(course, home) == [home / "notebooks" / "02_b.ipynb"]
    assert contents(home)["notebooks/01_a.ipynb"] == "mine"
    assert hand_out(course, home) == []


def test_a_link_that_leads_nowhere_is_not_written_through(hand_out, course, tmp_path):
    home = tmp_path / "home"
    (home / "notebooks").mkdir(parents=True)
    (home / "notebooks" / "01_a.ipynb").symlink_to(tmp_path / "elsewhere")
    hand_out(course, home)
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.parametrize("hub", ["https://hub.example.org", "https://x.org/jupyter/"])
def test_a_link_says_what_nbgitpuller_asks_for(hub):
    file = "exercises/03_pooling.ipynb"
    parts = urlsplit(pull_link(hub, file, COURSE))
    address = f"{parts.scheme}://{parts.netloc}{parts.path}"
    assert address == f"{hub.rstrip('/')}/hub/user-redirect/git-pull"
    _, name = COURSE.owner_and_name
    assert parse_qs(parts.query, strict_parsing=True) == {
        "repo": [COURSE.address],
        "branch": [BRANCH],
        "urlpath": [f"lab/tree/{name}/{file}"],
    }


@pytest.mark.parametrize("hub", ["hub.example.org", "", "ftp://x.org", "https://x?a=1"])
def test_what_is_no_address_of_a_hub_is_refused(hub):
    with pytest.raises(ValueError, match=re.escape(repr(hub))):
        pull_link(hub, "notebooks/01_convolution.ipynb", COURSE)


@pytest.mark.parametrize(
    "page",
    [
        "/hub",
        "/hub/home",
        "/hub/login?next=%2Fhub%2F",
        "/hub/spawn/anna#top",
        "/user/anna/lab",
        "/user/anna@uni.example/lab/tree/notebooks?reset",
        "/services/announcement/",
    ],
)
@pytest.mark.parametrize("below", ["", "/jupyter", "/a/b"])
def test_the_address_bar_of_any_page_of_the_hub_will_do(page, below):
    file, hub = "notebooks/01_convolution.ipynb", f"https://hub.example.org{below}"
    assert pull_link(hub + page, file, COURSE) == pull_link(hub, file, COURSE)


def test_a_file_that_is_not_there_is_refused():
    with pytest.raises(ValueError, match=r"no file 'notebooks/09\.ipynb'"):
        pull_link("https://hub.example.org", "notebooks/09.ipynb", COURSE)


def test_the_guide_shows_links_and_addresses_as_they_are_formed():
    guide = (COURSE.root / "docs" / "instructors.md").read_text(encoding="utf-8")
    link = pull_link(
        "https://hub.example.org", "notebooks/00_images_as_tensors.ipynb", COURSE
    )
    assert re.findall(r"https://hub\.example\.org/\S+", guide) == [link]
    at = settings().at_release
    assert f'pip install "cnnlib @ git+{COURSE.address}{at}"' in guide
    branch = re.escape(f"--branch {BRANCH} ") if BRANCH != NEWEST else ""
    assert re.search(rf"git clone {branch}{COURSE.address} ", README)


# Limits


def limited(code, memory=0, hours=0.0):
    """Run code in a Python under the limits of a student; return how it ended."""
    start = f"import start_server; start_server.limit({memory}, {hours})\n"
    return subprocess.run(
        [sys.executable, "-c", start + code],
        env=os.environ | {"PYTHONPATH": str(HUB)},
        capture_output=True,
        text=True,
    )


@pytest.mark.process
@pytest.mark.skipif(sys.platform != "linux", reason="the hub is Linux")
def test_a_process_gets_no_more_memory_than_its_limit():
    code = "bytes({}); print('had it')"
    assert limited(code.format(2**29), memory=2**30).stdout == "had it\n"
    assert "MemoryError" in limited(code.format(2**30), memory=2**30).stderr
    assert limited(code.format(2**30)).stdout == "had it\n"
    raised = "import resource as r; r.setrlimit(r.RLIMIT_DATA, (2**40, 2**40))"
    if os.getuid():
        assert "ValueError" in limited(raised, memory=2**30).stderr


@pytest.mark.process
@pytest.mark.skipif(sys.platform != "linux", reason="the hub is Linux")
def test_a_process_that_has_computed_for_its_time_is_ended():
    assert limited("while True: pass", hours=1 / 3600).returncode < 0
    assert limited("sum(range(1000))", hours=1 / 3600).returncode == 0


@pytest.mark.process
@pytest.mark.skipif(sys.platform != "linux", reason="the hub is Linux")
def test_the_limits_of_the_configuration_leave_room_for_the_largest_net():
    memory = eval_config()["Spawner"]["mem_limit"]
    assert memory == "3G"
    code = "import torchvision; torchvision.models.vgg16(); print('built')"
    assert limited(code, memory=3 * 2**30).stdout == "built\n"


class Config(dict):
    """As much of a configuration as the files ask for."""

    def __getattr__(self, name):
        return self.setdefault(name, Config())

    __setattr__ = dict.__setitem__


def eval_config(name="jupyterhub_config.py"):
    made = Config()

    def load_subconfig(other):
        run(HUB / other)

    def run(path):
        grp = SimpleNamespace(
            getgrall=lambda: [
                SimpleNamespace(gr_name="cnn-students"),
                SimpleNamespace(gr_name="cnn-teachers"),
            ],
            getgrnam=lambda name: SimpleNamespace(gr_mem=[f"{name}-member"]),
        )
        code = path.read_text("utf-8").replace("import grp\n", "")
        made.Spawner.setdefault("env_keep", [])
        names = {"get_config": lambda: made, "load_subconfig": load_subconfig}
        exec(compile(code, path, "exec"), names | {"grp": grp, "__file__": str(path)})

    run(HUB / name)
    return made


@pytest.mark.parametrize(
    ("name", "login", "keys"),
    [
        ("oidc_config.py", "GenericOAuthenticator", {"client_secret", "token_url"}),
        ("lti_config.py", "LTI13Authenticator", {"issuer", "jwks_endpoint"}),
    ],
)
def test_another_login_changes_the_login_alone(name, login, keys, monkeypatch):
    auth = SimpleNamespace(LTI13Authenticator=type("LTI13Authenticator", (), {}))
    for module in ("ltiauthenticator", "ltiauthenticator.lti13", "jupyterhub"):
        monkeypatch.setitem(sys.modules, module, SimpleNamespace())
    local = SimpleNamespace(LocalAuthenticator=type("LocalAuthenticator", (), {}))
    monkeypatch.setitem(sys.modules, "jupyterhub.auth", local)
    monkeypatch.setitem(sys.modules, "ltiauthenticator.lti13.auth", auth)
    plain, made = eval_config(), eval_config(name)
    assert made["Spawner"] == plain["Spawner"]
    assert made["JupyterHub"]["authenticator_class"] != "pam"
    assert keys <= made[login].keys()
    assert made["LocalAuthenticator"]["create_system_users"] is False
    assert made["Authenticator"]["admin_users"] == {"cnn-teachers-member"}
    both = {"cnn-students-member", "cnn-teachers-member"}
    assert made["Authenticator"]["allowed_users"] == both
    assert "allow_all" not in made["Authenticator"]
    assert f"[{name}]({name})" in README


# Who can read what


def test_what_students_can_read_of_the_course_holds_no_solution():
    """But for the keys, which checks must read: the table in the README says so."""
    closed = re.search(r"chmod 700 (.+)", README)[1].split()
    assert all(f"`{name}`" in README.partition("## Who can read")[2] for name in closed)
    solutions = [
        "\n".join(line.strip() for line in exercise.cut(cell.text).solution)
        for path in COURSE.exercises()
        for cell in source.read(path).cells
        if cell.task
    ]
    several = [text for text in solutions if text.count("\n") > 1]
    assert len(several) > 20
    readable = [
        path
        for path in COURSE.root.rglob("*")
        if path.suffix in (".py", ".ipynb", ".md", ".json", ".txt", ".toml")
        and path.relative_to(COURSE.root).parts[0] not in {*closed, "cnnjudge"}
        and not {".venv", "build", ".git"} & set(path.relative_to(COURSE.root).parts)
    ]
    assert len(readable) > 100
    for path in readable:
        text = path.read_text("utf-8", errors="replace").replace("\\n", "\n")
        lines = "\n".join(line.strip(' ",') for line in text.split("\n"))
        found = [one for one in several if one in lines]
        assert not found, path


def test_solutions_are_found_where_they_stand():
    """The test above would see them: it does in the folder that is closed."""
    text = (COURSE.root / "solutions" / "03_pooling.ipynb").read_text("utf-8")
    lines = "\n".join(
        line.strip(' ",') for line in text.replace("\\n", "\n").split("\n")
    )
    cells = source.read(COURSE.root / "lessons" / "03_pooling_exercise.py").cells
    (cell,) = [cell for cell in cells if cell.task == "avg_pool2d"]
    wanted = [line.strip() for line in exercise.cut(cell.text).solution]
    assert all(line in lines for line in wanted)


# Collecting


@pytest.fixture
def people(tmp_path):
    """Three students: one handed in, one has nothing, one has a link to a secret.

    As root they are another user of the machine, to whom the secret is closed.
    """
    uid = 65534 if os.getuid() == 0 else os.getuid()
    tmp_path.chmod(0o755)
    for parent in tmp_path.parents:
        if os.getuid() != 0 or not parent.name.startswith(("pytest-", "popen-")):
            break
        parent.chmod(0o755)  # pytest's own folders: as many as it has workers' ones
    secret = tmp_path / "secret"
    secret.write_text("key")
    secret.chmod(0o600 if os.getuid() == 0 else 0)
    found = []
    for name in ("anna", "ben", "eve"):
        folder = tmp_path / name / "course" / "exercises"
        folder.mkdir(parents=True)
        person = (name, "x", uid, uid, "", str(tmp_path / name), "/bin/sh")
        found.append(pwd.struct_passwd(person))
    (tmp_path / "anna/course/exercises/03_pooling.ipynb").write_text("mine")
    (tmp_path / "eve/course/exercises/03_pooling.ipynb").symlink_to(secret)
    return found


@pytest.mark.process
@pytest.mark.skipif(sys.platform != "linux", reason="the hub is Linux")
def test_each_file_is_collected_with_its_owners_rights(people, tmp_path):
    collect = loaded(HUB / "collect.py").collect
    out = tmp_path / "collected"
    told = collect(people, "03_pooling", out)
    assert told[0] == "anna: collected"
    assert told[1].startswith("ben: not collected: [Errno 2] No such file")
    assert told[2].startswith("eve: not collected: [Errno 13] Permission denied")
    assert contents(out) == {"anna_03_pooling.ipynb": "mine"}
    assert out.stat().st_mode & 0o077 == 0
    assert collect(people, "03_pooling", out)[0] == "anna: as before"
    file = tmp_path / "anna/course/exercises/03_pooling.ipynb"
    file.write_text("newer")
    later = file.stat().st_mtime + 10
    os.utime(file, (later, later))
    assert collect(people, "03_pooling", out)[0] == "anna: collected"
    assert contents(out) == {"anna_03_pooling.ipynb": "newer"}


@pytest.mark.process
@pytest.mark.skipif(sys.platform != "linux", reason="the hub is Linux")
def test_what_is_no_plain_file_or_too_large_is_told(people, tmp_path, monkeypatch):
    module = loaded(HUB / "collect.py")
    file = tmp_path / "ben/course/exercises/03_pooling.ipynb"
    os.mkfifo(file)
    file.chmod(0o644)
    monkeypatch.setattr(module, "MOST", 3)
    told = module.collect(people, "03_pooling", tmp_path / "collected")
    assert told[0] == "anna: not collected: too large"
    assert told[1] == "ben: not collected: no plain file"


@pytest.mark.process
@pytest.mark.skipif(sys.platform != "linux", reason="the hub is Linux")
@pytest.mark.parametrize("sign", [signal.SIGKILL, signal.SIGSTOP])
def test_who_holds_up_the_reading_holds_up_nobody_else(
    people, tmp_path, monkeypatch, sign
):
    module = loaded(HUB / "collect.py")
    monkeypatch.setattr(module, "PATIENCE", 1)
    read = module._read_and_end

    def held_up(person, path, pipe):
        if person.pw_name == "anna":
            os.kill(os.getpid(), sign)
        read(person, path, pipe)

    monkeypatch.setattr(module, "_read_and_end", held_up)
    (tmp_path / "ben/course/exercises/03_pooling.ipynb").write_text("his")
    told = module.collect(people[:2], "03_pooling", tmp_path / "collected")
    assert told[0].startswith("anna: not collected: ")
    assert told[1] == "ben: collected"


@pytest.mark.process
@pytest.mark.skipif(sys.platform != "linux", reason="the hub is Linux")
def test_what_was_written_in_part_is_not_taken_for_collected(
    people, tmp_path, monkeypatch
):
    module = loaded(HUB / "collect.py")
    out = tmp_path / "collected"

    def full(path, data):
        with path.open("wb") as file:
            file.write(data[:1])
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_bytes", full)
        assert "No space left" in module.collect(people[:1], "03_pooling", out)[0]
    assert contents(out) == {}
    assert module.collect(people[:1], "03_pooling", out) == ["anna: collected"]
    assert contents(out) == {"anna_03_pooling.ipynb": "mine"}
