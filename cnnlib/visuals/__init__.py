"""Pictures to step through and to try things on, in the page itself.

Each works in JupyterLab, VS Code, Colab and on a plain page, with no kernel and no
network, by mouse, finger or keyboard; where scripts do not run, a still picture and its
sentence stand in its place.
"""

from ._centring import centre_digit
from ._draw_digit import DrawDigit, draw_digit
from ._explore_kernel import ExploreKernel, explore_kernel
from ._explore_network import ExploreNetwork, explore_network
from ._explore_sizes import ExploreSizes, explore_sizes
from ._step_conv import StepConv, StepPool, step_conv, step_pool
from ._visual import Visual
from ._watch_training import WatchTraining, watch_training

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
