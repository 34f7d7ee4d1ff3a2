"""The public names of cnnlib, pinned."""

import importlib
import subprocess
import sys
from pathlib import Path

import pytest

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
    "train_here",
    "training",
    "visuals",
    "watch_training",
    "worked_example",
]

PACKAGES = [
    "arithmetic",
    "data",
    "diagrams",
    "models",
    "plots",
    "training",
    "visuals",
]


def test_public_names_are_these_and_all_load():
    assert sorted(cnnlib.__all__) == NAMES
    for name in NAMES:
        assert getattr(cnnlib, name) is not None


@pytest.mark.parametrize("name", PACKAGES)
def test_the_tab_key_offers_the_public_names_of_a_package_alone(name):
    package = importlib.import_module(f"cnnlib.{name}")
    folder = Path(package.__file__).parent
    for module in folder.glob("*.py"):  # so that all of them are attributes by now
        if module.stem not in ("__init__", "__main__"):
            importlib.import_module(f"cnnlib.{name}.{module.stem}")
    assert dir(package) == sorted(package.__all__)
    for public in package.__all__:
        assert getattr(package, public) is not None


def test_no_module_of_a_package_hides_a_public_name():
    """An import of cnnlib.visuals.step would put the folder where a function was."""
    for name in PACKAGES:
        package = importlib.import_module(f"cnnlib.{name}")
        folder = Path(package.__file__).parent
        modules = {path.stem for path in folder.iterdir()}
        assert modules & set(package.__all__) == set(), name


@pytest.mark.process
def test_importing_cnnlib_loads_neither_torch_nor_matplotlib():
    code = "import sys, cnnlib; print({'torch', 'matplotlib'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.strip() == "set()", done.stderr


EVERYTHING = """
import sys
sys.modules["IPython"] = sys.modules["ipywidgets"] = None
import torch, cnnlib
[getattr(cnnlib, name) for name in cnnlib.__all__]
print("torchvision loaded:", "torchvision" in sys.modules)
torch.set_num_threads(1)
model = torch.nn.Linear(3, 2)
cnnlib.fit(model, torch.rand(4, 3), torch.tensor([0, 1, 0, 1]), epochs=1)
print("trained")
"""


@pytest.mark.process
def test_without_ipython_all_loads_and_trains_and_torchvision_waits_for_its_use():
    done = subprocess.run(
        [sys.executable, "-c", EVERYTHING], capture_output=True, text=True
    )
    assert done.stdout == "torchvision loaded: False\ntrained\n", done.stderr
    assert done.stderr == ""
