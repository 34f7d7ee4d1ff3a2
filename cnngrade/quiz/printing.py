"""Pages to PDF by Chromium or Chrome, whichever is installed."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from .draw import QuizError

_NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome", "msedge")
_PLACES = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
    r"C:\Program Files\Google\Chrome\Application\chrome.exe",
    r"C:\Program Files (x86)\Google\Chrome\Application\chrome.exe",
    r"C:\Program Files (x86)\Microsoft\Edge\Application\msedge.exe",
)
SECONDS = 300
"""How long one file may take."""
_QUIET = (
    "--headless",
    "--disable-gpu",
    "--no-first-run",
    "--disable-extensions",
    "--disable-sync",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--no-pdf-header-footer",
)


def browser() -> str:
    """Return where a browser is that can print.

    Raises:
        QuizError: there is none.
    """
    for name in _NAMES:
        if found := shutil.which(name):
            return found
    for place in _PLACES:
        if Path(place).is_file():
            return place
    raise QuizError(
        "A PDF is printed by Chromium, Chrome or Edge, and none was found. Install "
        "one, or write pages with --to html and print them from your browser."
    )


def write_pdf(text: str, target: Path) -> None:
    """Print a page to a PDF; nothing is fetched for it.

    Raises:
        QuizError: there is no browser, or it did not print.
    """
    program = browser()
    with tempfile.TemporaryDirectory() as folder:
        source, printed = Path(folder, "page.html"), Path(folder, "page.pdf")
        source.write_text(text, encoding="utf-8")
        command = [program, *_QUIET, f"--user-data-dir={Path(folder, 'profile')}"]
        if hasattr(os, "geteuid") and os.geteuid() == 0:
            command.append("--no-sandbox")  # Chromium does not start for root with it
        command += [f"--print-to-pdf={printed}", source.as_uri()]
        try:
            subprocess.run(command, check=True, capture_output=True, timeout=SECONDS)
        except subprocess.TimeoutExpired:
            raise QuizError(
                f"{program} did not print {target.name} within {SECONDS} seconds. "
                "With --to html you get the pages, and print them yourself."
            ) from None
        except (OSError, subprocess.CalledProcessError) as error:
            raise QuizError(f"{program} did not print {target.name}: {error}") from None
        if not printed.is_file():
            raise QuizError(f"{program} wrote no PDF for {target.name}.")
        shutil.copyfile(printed, target)
