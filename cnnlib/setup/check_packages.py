"""The probes for Python and its packages: each turns facts into one row."""

from __future__ import annotations

import sys
from pathlib import Path

from .facts import Facts
from .on_disk import numbers
from .row import (
    TORCH_AFRESH,
    SetupRow,
    package_fault,
    torch_works,
    waits,
    without_torch,
)

_BOTH = "%pip install --upgrade torch torchvision"
_WIDGETS = "%pip install --upgrade --force-reinstall ipywidgets jupyterlab_widgets"
_LAB_HALF = {7: 1, 8: 3}  # ipywidgets to the jupyterlab_widgets that speaks to it


def python(facts: Facts) -> SetupRow:
    """Say whether Python is new enough, and the one that has the course."""
    version = ".".join(map(str, facts.python))
    if facts.python < (3, 11):
        answer = f"version {version} is too old, the course needs 3.11 or newer"
        return SetupRow("Python", "fix", answer, "conda env create -f environment.yml")
    if facts.other_python:
        answer = f"this is {sys.executable}, but the course is in {facts.other_python}"
        fix = f'Start JupyterLab with: "{facts.other_python}" -m jupyter lab'
        return SetupRow("Python", "fix", answer, fix)
    return SetupRow("Python", "ready", "recent enough", detail=version)


def files(facts: Facts) -> SetupRow:
    """Name files of the student's that Python imports in place of a package."""
    if not facts.hiding:
        return SetupRow("Files", "ready", "none hides a package")
    hides = [f"{file} hides the package {name}" for name, file in facts.hiding.items()]
    first = Path(next(iter(facts.hiding.values())))
    other = first.with_name(f"{first.stem}_mine{first.suffix}")
    fix = f"import os; os.rename({first.as_posix()!r}, {other.as_posix()!r})"
    return SetupRow("Files", "fix", "your " + ", ".join(hides), fix)


def torch(facts: Facts) -> SetupRow:
    """Say whether PyTorch starts, is new enough and on terms with NumPy."""
    if row := waits("PyTorch", "torch", facts.torch, facts):
        return row
    if what := package_fault(facts.torch, (2, 6)):
        fix = TORCH_AFRESH if facts.torch.error else _BOTH
        return SetupRow("PyTorch", "fix", what, fix)
    if facts.bridge_error:
        answer = f"PyTorch and NumPy do not fit together: {facts.bridge_error}"
        return SetupRow("PyTorch", "fix", answer, f"{TORCH_AFRESH} numpy")
    return SetupRow("PyTorch", "ready", "computes", detail=facts.torch.version or "")


def torchvision(facts: Facts) -> SetupRow:
    """Say whether torchvision is there, and made for this very PyTorch."""
    part = facts.torchvision
    if not torch_works(facts):
        return without_torch("torchvision")
    if row := waits("torchvision", "torchvision", part, facts):
        return row
    if part.error:
        pair = f"torchvision {part.version}, PyTorch {facts.torch.version}"
        answer = f"does not fit PyTorch: {part.error} ({pair})"
        return SetupRow("torchvision", "fix", answer, TORCH_AFRESH)
    if what := package_fault(part, (0, 21)):
        return SetupRow("torchvision", "fix", what, _BOTH)
    return SetupRow("torchvision", "ready", "fits PyTorch", detail=part.version or "")


def widgets(facts: Facts) -> SetupRow:
    """Say whether both halves of the widgets are there, where needed, and fit."""
    if row := waits("Widgets", "ipywidgets", facts.widgets, facts):
        return row
    if what := package_fault(facts.widgets, (7, 7)):
        return SetupRow("Widgets", "fix", what, _WIDGETS)
    mine, lab = facts.widgets.version or "", facts.lab_widgets.version
    if facts.lab.version and lab is None:
        answer = "JupyterLab's half of them, jupyterlab_widgets, is not installed"
        return SetupRow("Widgets", "fix", answer, _WIDGETS)
    if facts.lab.version and lab:
        major = numbers(mine)[0]
        if numbers(lab)[0] != _LAB_HALF.get(major, numbers(lab)[0]):
            answer = f"ipywidgets {mine} does not fit jupyterlab_widgets {lab}"
            return SetupRow("Widgets", "fix", answer, _WIDGETS)
    return SetupRow("Widgets", "ready", "installed", detail=f"ipywidgets {mine}")


def matplotlib(facts: Facts) -> SetupRow:
    """Say whether Matplotlib, which draws every picture, starts."""
    if row := waits("Pictures", "matplotlib", facts.matplotlib, facts):
        return row
    if what := package_fault(facts.matplotlib, (3, 9)):
        fix = "%pip install --upgrade --force-reinstall matplotlib numpy"
        return SetupRow("Pictures", "fix", f"Matplotlib: {what}", fix)
    detail = f"Matplotlib {facts.matplotlib.version}"
    return SetupRow("Pictures", "ready", "can be drawn", detail=detail)


def others(facts: Facts) -> SetupRow:
    """Name what is missing of everything else that the package asks for."""
    if facts.missing and facts.other_python:
        return SetupRow("Packages", "waits", "can be checked in the right Python")
    if not facts.missing and not facts.too_old:
        return SetupRow("Packages", "ready", "complete")
    parts = []
    if facts.missing:
        parts.append(f"missing: {', '.join(facts.missing)}")
    if facts.too_old:
        parts.append(f"too old: {', '.join(facts.too_old)}")
    names = [*facts.missing, *(entry.split()[0] for entry in facts.too_old)]
    fix = f"%pip install --upgrade {' '.join(names)}"
    return SetupRow("Packages", "fix", "; ".join(parts), fix)


def course(facts: Facts) -> SetupRow:
    """Say whether package and notebooks are of one version of the course."""
    strangers = [book for book in facts.notebooks if book.version != facts.course]
    if not strangers or not facts.course:
        detail = f"cnnlib {facts.course or 'from a folder, not installed'}"
        return SetupRow("Course", "ready", "package and notebooks fit", detail=detail)
    book = max(strangers, key=lambda book: numbers(book.version))
    answer = (
        f"{book.name} belongs to version {book.version} of the course, "
        f"the package cnnlib to version {facts.course}"
    )
    fix = f'%pip install "cnnlib @ git+{facts.course_address}@v{book.version}"'
    if facts.course_folder:
        fix = f'%pip install -e "{facts.course_folder}"'
    return SetupRow("Course", "fix", answer, fix)
