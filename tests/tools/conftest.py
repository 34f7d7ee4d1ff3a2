"""Tiny courses to try the builder on: none of their lessons imports torch."""

from pathlib import Path

import pytest

from tools.build.course import Course

PYPROJECT = """\
[project]
name = "cnnlib"
version = "1.2.3"

[project.urls]
Repository = "https://github.com/someone/some-course"
"""

GOOD = """\
# %% [markdown]
# # 01 Sums
#
# We add.
#
# **Time:** 5 minutes

# %% [markdown]
# How much is one?

# %% tags=["folded"]
"a picture"

# %% [markdown]
# After this lesson you can
#
# 1. add;
# 2. print;
# 3. stop.

# %%
one = 1

# %% [markdown]
# ## Adding two
#
# **Predict.** What is one and one?

# %%
one + one

# %% [markdown]
# Text.

# %% id="the-print"
print("two\\nlines")

# %% tags=["nbval-ignore-output"]
import time
print(time.time_ns())

# %% [markdown]
# ## When it breaks

# %%
try:
    one / 0
except ZeroDivisionError as error:
    print(error)

# %% [markdown]
# ## What to remember
#
# Sums.
"""


@pytest.fixture
def course(tmp_path: Path) -> Course:
    (tmp_path / "pyproject.toml").write_text(PYPROJECT)
    (tmp_path / "lessons").mkdir()
    write(tmp_path, "01_sums", GOOD)
    return Course(tmp_path)


def write(root: Path, stem: str, text: str) -> Path:
    path = root / "lessons" / f"{stem}.py"
    path.write_text(text, encoding="utf-8")
    return path


def line_of(text: str, part: str) -> int:
    """The number of the first line that holds ``part``."""
    assert part in text
    return text[: text.index(part)].count("\n") + 1
