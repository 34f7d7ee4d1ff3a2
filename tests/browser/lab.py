"""JupyterLab on a copy of the notebooks, and Chromium to drive it.

Run as a program it takes screenshots of a notebook as a student would see it::

    python -m tests.browser.lab notebooks/01_convolution.ipynb FOLDER [--dark]
"""

import argparse
import json
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import nbformat
from playwright.sync_api import Browser, Page, Route, sync_playwright

CHROMIUM_FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PANEL = ".jp-NotebookPanel:not(.lm-mod-hidden)"
# Every cell in the page at once, so that what is read and photographed is complete.
SETTINGS = {
    "notebook-extension/tracker": {"windowingMode": "none"},
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
}


def keep_inside(page: Page, *own: str) -> list[str]:
    """Let a page ask for addresses that begin with one of these, and for no other.

    Returns the list of the others, which grows as they are asked for and refused.
    """
    foreign: list[str] = []

    def only_own(route: Route) -> None:
        if route.request.url.startswith(own):
            return route.continue_()
        foreign.append(route.request.url)
        return route.abort()

    page.route("**/*", only_own)
    return foreign


def write_notebook(path: Path, cells: Mapping[str, str]) -> None:
    """Write a notebook of code cells, by id."""
    notebook = nbformat.v4.new_notebook()
    notebook.cells = [
        nbformat.v4.new_code_cell(source, id=name) for name, source in cells.items()
    ]
    notebook.metadata.kernelspec = {"name": "python3", "display_name": "Python 3"}
    path.parent.mkdir(exist_ok=True)
    nbformat.write(notebook, path)


def chromium_path() -> str:
    """Return where Chromium is."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if path := shutil.which(name):
            return path
    raise RuntimeError(
        "The browser tests need Chromium, and none was found. "
        "On Debian or Ubuntu: apt-get install chromium"
    )


def write_settings(folder: Path, dark: bool) -> None:
    """Write JupyterLab's user settings for a quiet, complete page."""
    theme = "JupyterLab Dark" if dark else "JupyterLab Light"
    for name, values in {
        **SETTINGS,
        "apputils-extension/themes": {"theme": theme},
    }.items():
        path = folder / "@jupyterlab" / f"{name}.jupyterlab-settings"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(values))


def wait_for(url: str, server: subprocess.Popen, seconds: float = 60) -> None:
    """Wait until the server answers."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if server.poll() is not None:
            raise RuntimeError(f"JupyterLab stopped with exit code {server.returncode}")
        try:
            urllib.request.urlopen(url, timeout=5).close()
        except OSError:
            time.sleep(0.2)
        else:
            return
    raise TimeoutError(f"JupyterLab did not answer within {seconds} s")


@contextmanager
def jupyterlab(
    notebooks: Path, *, port: int, dark: bool = False, python: str = sys.executable
) -> Iterator[str]:
    """Serve a copy of a folder of notebooks; yield the address of its file tree."""
    token = secrets.token_hex(16)
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch, "notebooks")
        shutil.copytree(notebooks, root)
        write_settings(Path(scratch, "settings"), dark)
        command = [python, "-m", "jupyterlab", "--no-browser", "--allow-root"]
        command += [f"--ServerApp.port={port}", "--ServerApp.port_retries=0"]
        command += [f"--IdentityProvider.token={token}", f"--ServerApp.root_dir={root}"]
        command += ["--LabApp.expose_app_in_browser=True"]
        command += [f"--LabApp.app_dir={sys.prefix}/share/jupyter/lab"]
        settings = {"JUPYTERLAB_SETTINGS_DIR": str(Path(scratch, "settings"))}
        with open(Path(scratch, "log"), "w") as log:
            server = subprocess.Popen(
                command, env=os.environ | settings, stdout=log, stderr=log
            )
        base = f"http://127.0.0.1:{port}"
        try:
            wait_for(f"{base}/api/status?token={token}", server)
            yield f"{base}/lab/tree/{{name}}?token={token}&reset"
        finally:
            server.terminate()
            server.wait(timeout=30)


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start Chromium with a fresh profile."""
    with sync_playwright() as play:
        browser = play.chromium.launch(
            executable_path=chromium_path(), args=CHROMIUM_FLAGS
        )
        try:
            yield browser
        finally:
            browser.close()


def open_notebook(page: Page, address: str, name: str) -> None:
    """Open a notebook and wait until its kernel is ready."""
    page.goto(address.format(name=name))
    page.wait_for_function(
        """() => {
            const panel = window.jupyterapp?.shell?.currentWidget;
            const kernel = panel?.sessionContext?.session?.kernel;
            return panel?.content?.model && kernel?.connectionStatus === 'connected'
                && kernel.status === 'idle';
        }""",
        timeout=90_000,
    )


def run_all(page: Page, *, timeout: float = 300) -> None:
    """Run every cell and wait until the last one has run."""
    page.evaluate(
        "() => { window.jupyterapp.commands.execute('notebook:run-all-cells'); }"
    )
    page.wait_for_function(
        """() => {
            const panel = window.jupyterapp.shell.currentWidget;
            const code = panel.content.widgets.filter(w => w.model.type === 'code');
            return panel.sessionContext.session.kernel.status === 'idle'
                && code.every(w => w.model.executionState !== 'running'
                    && w.prompt !== '*');
        }""",
        timeout=timeout * 1000,
    )


def outputs(page: Page) -> list[dict]:
    """Return the notebook's code cells as they stand in the page."""
    notebook = page.evaluate(
        "() => window.jupyterapp.shell.currentWidget.content.model.toJSON()"
    )
    return [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]


def errors(cells: list[dict]) -> list[str]:
    """Return the errors that cells ended in."""
    return [
        f"{cell['id']}: {output['ename']}: {output['evalue']}"
        for cell in cells
        for output in cell["outputs"]
        if output["output_type"] == "error"
    ]


def screenshots(page: Page, folder: Path, stem: str) -> list[Path]:
    """Photograph the notebook from top to bottom, a window at a time."""
    folder.mkdir(parents=True, exist_ok=True)
    scroller = f"document.querySelector('{PANEL} .jp-WindowedPanel-outer')"
    height = page.evaluate(f"() => {scroller}.scrollHeight")
    step = page.evaluate(f"() => {scroller}.clientHeight") - 40
    shots = []
    for number, top in enumerate(range(0, height, step)):
        page.evaluate(f"() => {{ {scroller}.scrollTop = {top}; }}")
        page.wait_for_timeout(250)
        shots.append(folder / f"{stem}-{number:02}.png")
        page.locator(PANEL).screenshot(path=shots[-1])
    return shots


def main() -> None:
    """Run a notebook in JupyterLab and take screenshots of it."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("notebook", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--dark", action="store_true")
    parser.add_argument(
        "--saved", action="store_true", help="do not run, show as saved"
    )
    parser.add_argument("--width", type=int, default=1100)
    parser.add_argument("--port", type=int, default=8890)
    options = parser.parse_args()
    folder = options.notebook.resolve().parent
    with (
        jupyterlab(folder, port=options.port, dark=options.dark) as address,
        chromium() as browser,
    ):
        page = browser.new_page(viewport={"width": options.width, "height": 1500})
        open_notebook(page, address, options.notebook.name)
        page.evaluate("() => window.jupyterapp.shell.collapseLeft()")
        if not options.saved:
            run_all(page)
        page.wait_for_timeout(1000)
        for shot in screenshots(page, options.folder, options.notebook.stem):
            print(shot)


if __name__ == "__main__":
    main()
