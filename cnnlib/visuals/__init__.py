"""Pictures to step through and to try things on, in the page itself.

Each works in JupyterLab, VS Code, Colab and on a plain page, with no kernel and no
network, by mouse, finger or keyboard; where scripts do not run, a still picture and its
sentence stand in its place.

A folder holds one of them: its Python, its script and its style sheet. What two or more
use is in ``shared/``. ``train/`` shows maps as ``film/`` does, and has the pad of
``digit/``. One more arrow goes from folder to folder, from ``film/`` to
``network/``: a film looks inside the same net once for each epoch, with
``network/inside.py`` and ``network/sums.py``. These stay where they are, since to look
inside a net is what ``network/`` is about; without them it would hold a page alone.
``items/`` shows the pictures of ``step/`` and ``sizes/`` whole, beside a question that
they answer.
"""

from .digit.centring import centre_digit
from .digit.draw_digit import DrawDigit, draw_digit
from .film.watch_training import WatchTraining, watch_training
from .items.practice import Practice, practice
from .kernel.explore_kernel import ExploreKernel, explore_kernel
from .network.explore_network import ExploreNetwork, explore_network
from .shared.visual import Visual
from .sizes.explore_sizes import ExploreSizes, explore_sizes
from .step.step_conv import StepConv, StepPool, step_conv, step_pool
from .train.train_here import TrainHere, train_here

__all__ = [
    "DrawDigit",
    "ExploreKernel",
    "ExploreNetwork",
    "ExploreSizes",
    "Practice",
    "StepConv",
    "StepPool",
    "TrainHere",
    "Visual",
    "WatchTraining",
    "centre_digit",
    "draw_digit",
    "explore_kernel",
    "explore_network",
    "explore_sizes",
    "practice",
    "step_conv",
    "step_pool",
    "train_here",
    "watch_training",
]


def __dir__() -> list[str]:
    """Offer the Tab key the public names alone, not the modules they stand in."""
    return __all__
