"""Pictures to step through and to try things on, in the page itself.

Each works in JupyterLab, VS Code, Colab and on a plain page, with no kernel and no
network, by mouse, finger or keyboard; where scripts do not run, a still picture and its
sentence stand in its place.
"""

from .digit.centring import centre_digit
from .digit.draw_digit import DrawDigit, draw_digit
from .film.watch_training import WatchTraining, watch_training
from .kernel.explore_kernel import ExploreKernel, explore_kernel
from .network.explore_network import ExploreNetwork, explore_network
from .shared.visual import Visual
from .sizes.explore_sizes import ExploreSizes, explore_sizes
from .step.step_conv import StepConv, StepPool, step_conv, step_pool

__all__ = [
    "DrawDigit",
    "ExploreKernel",
    "ExploreNetwork",
    "ExploreSizes",
    "StepConv",
    "StepPool",
    "Visual",
    "WatchTraining",
    "centre_digit",
    "draw_digit",
    "explore_kernel",
    "explore_network",
    "explore_sizes",
    "step_conv",
    "step_pool",
    "watch_training",
]
