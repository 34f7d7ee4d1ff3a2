"""The public names of cnnlib, pinned."""

import subprocess
import sys

import cnnlib

NAMES = [
    "Picture",
    "arithmetic",
    "check_setup",
    "data",
    "diagrams",
    "draw_digit",
    "evaluate",
    "explore_kernel",
    "explore_network",
    "explore_sizes",
    "fit",
    "images",
    "models",
    "plot_conv",
    "plot_convs",
    "plots",
    "step_conv",
    "step_pool",
    "summary",
    "training",
    "visuals",
    "watch_training",
    "worked_example",
]


def test_public_names_are_these_and_all_load():
    assert sorted(cnnlib.__all__) == NAMES
    for name in NAMES:
        assert getattr(cnnlib, name) is not None


def test_importing_cnnlib_loads_neither_torch_nor_matplotlib():
    code = "import sys, cnnlib; print({'torch', 'matplotlib'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.strip() == "set()", done.stderr


def test_torchvision_loads_only_where_it_is_used():
    code = (
        "import sys, cnnlib\n"
        "[getattr(cnnlib, name) for name in cnnlib.__all__]\n"
        "print('torchvision' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.strip() == "False", done.stderr
