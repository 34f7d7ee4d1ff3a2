"""The second cell of every notebook: it installs the course's package on Colab."""

from __future__ import annotations

from cnnlib.settings import settings
from tools.build.course import Course

# What the lessons need and Colab's image lacks (a test compares with its package list).
COLAB_LACKS = ("torchinfo",)


def install_source(course: Course) -> str:
    """Return the first code cell: it installs ``cnnlib`` on Colab, only there.

    Without dependencies, so that pip cannot change a version that Colab has: with them
    it brings JupyterLab, and for its sake another server than Colab's own.
    """
    release = settings().at_release
    return (
        "# Colab needs the course's package; elsewhere this cell does nothing.\n"
        "import sys\n\n"
        'if "google.colab" in sys.modules:\n'
        f"    %pip install -q --no-deps {' '.join(COLAB_LACKS)}\n"
        f'    %pip install -q --no-deps "cnnlib @ git+{course.address}{release}"'
    )
