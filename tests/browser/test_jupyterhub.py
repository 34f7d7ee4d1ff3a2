"""deploy/jupyterhub on the real JupyterHub: two students, two accounts, two servers."""

import os
import shutil
import subprocess

import pytest

from tools.build.course import Course
from tools.build.launch_links import BRANCH
from tools.hub_link import pull_link

from . import hub
from .lab import errors, keep_inside, open_notebook, outputs, run_all

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.skipif(bool(hub.reason_against()), reason=hub.reason_against()),
]
LESSON = "course/notebooks/01_convolution.ipynb"
COURSE = Course(hub.ROOT)
ASK = """async code => {
    const panel = window.jupyterapp.shell.currentWidget;
    const future = panel.sessionContext.session.kernel.requestExecute({code});
    let text = '';
    future.onIOPub = m => { text += m.content.text ?? m.content.evalue ?? ''; };
    await future.done;
    return text.trim();
}"""


@pytest.fixture(scope="module")
def folder():
    with hub.open_folder() as folder:
        yield folder


@pytest.fixture(scope="module")
def students(folder):
    with hub.accounts(["anna", "ben"], folder) as students:
        yield students


@pytest.fixture(scope="module")
def published(folder, students):
    """A clone of the course, which git gives to Anna for the published address."""
    clone = folder / "published"
    subprocess.run(["git", "init", "-q", "-b", BRANCH, clone], check=True)
    for part in ("notebooks", "exercises"):
        shutil.copytree(hub.ROOT / part, clone / part)
    subprocess.run(["git", "-C", clone, "add", "-A"], check=True)
    who = ["-c", "user.name=test", "-c", "user.email=test@localhost"]
    subprocess.run(["git", "-C", clone, *who, "commit", "-qm", "One"], check=True)
    subprocess.run(["chown", "-R", students[0].name, clone], check=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GIT_CONFIG_COUNT", "1")
        patch.setenv("GIT_CONFIG_KEY_0", f"url.{clone.as_uri()}.insteadOf")
        patch.setenv("GIT_CONFIG_VALUE_0", COURSE.address)
        yield clone


@pytest.fixture(scope="module")
def address(folder, students, published, free_port):
    python = hub.shared_python(folder / "python")
    if python is None:
        pytest.skip("no Python here that other users can run")
    with hub.jupyterhub(python, folder, [free_port() for _ in range(3)]) as address:
        try:
            yield address
        finally:
            print((folder / "hub" / "log").read_text())


@pytest.fixture
def visit(browser, address):
    """Open a page of one's own for each student; the network ends at the hub."""
    contexts = []

    def start():
        contexts.append(browser.new_context(viewport={"width": 1100, "height": 1400}))
        page = contexts[-1].new_page()
        page.foreign = keep_inside(page, address, "data:", "blob:")
        return page

    yield start
    for context in contexts:
        context.close()


def log_in(page, address, name, password):
    page.goto(f"{address}/hub/login")
    page.fill("#username_input", name)
    page.fill("#password_input", password)
    page.click("#login_submit")


def arrive(page, address, student):
    """Log in and wait for JupyterLab; the hub goes there by itself."""
    log_in(page, address, student.name, student.password)
    page.wait_for_url(f"{address}/user/{student.name}/lab/**", timeout=120_000)


def run_lesson(page, address, student):
    lab = f"{address}/user/{student.name}/lab/tree/{{name}}?reset"
    open_notebook(page, lab, LESSON)
    run_all(page)
    return outputs(page)


def names(listing):
    return {entry["name"] for entry in listing.json()["content"]}


def test_two_students_run_lesson_01_and_see_only_their_own_files(
    visit, address, students
):
    anna, ben = students
    pages = {student: visit() for student in students}
    for student, page in pages.items():
        arrive(page, address, student)
        cells = run_lesson(page, address, student)
        assert errors(cells) == []
        assert all(cell["execution_count"] for cell in cells if cell["source"])
        assert page.evaluate(ASK, "import getpass; print(getpass.getuser())") == (
            student.name
        )
        assert page.foreign == []
    secret = anna.home / "course" / "mine.txt"
    assert pages[anna].evaluate(ASK, f"print(open({str(secret)!r}, 'w').write('x'))")
    assert secret.read_text() == "x"
    for attempt in (
        f"open({str(secret)!r}).read()",
        f"import os; os.listdir({str(anna.home)!r})",
        "import cnnlib; open(cnnlib.__file__, 'a')",
    ):
        assert "Permission denied" in pages[ben].evaluate(ASK, attempt)
    told = "from ipykernel import get_connection_info as ask; print(ask(unpack=True))"
    assert "'transport': 'ipc'" in pages[ben].evaluate(ASK, told)
    path = f"{address}/user/{anna.name}/api/contents/course"
    assert "mine.txt" in names(pages[anna].request.get(path))
    assert pages[ben].request.get(path).status == 403
    own = pages[ben].request.get(path.replace(anna.name, ben.name))
    assert names(own) == {"notebooks", "exercises"}


def test_a_wrong_password_and_an_account_outside_the_group_stay_out(
    visit, address, students
):
    page = visit()
    log_in(page, address, students[0].name, students[1].password)
    assert "Invalid username or password" in page.text_content(".login_error")


def test_a_link_hands_out_the_course_and_opens_the_lesson(
    visit, address, students, published
):
    anna, page = students[0], visit()
    arrive(page, address, anna)
    page.goto(pull_link(address, "notebooks/01_convolution.ipynb", COURSE))
    _, name = COURSE.owner_and_name
    page.wait_for_url(f"**/lab/tree/{name}/notebooks/01_convolution.ipynb*")
    pulled = anna.home / name / "notebooks" / "01_convolution.ipynb"
    original = published / "notebooks" / "01_convolution.ipynb"
    assert pulled.read_bytes() == original.read_bytes()
    assert os.stat(pulled).st_uid == os.stat(anna.home).st_uid
