"""Pictures to step through and to try things on, in the page itself.

Each works in JupyterLab, VS Code, Colab and on a plain page, with no kernel and no
network, by mouse, finger or keyboard; where scripts do not run, a still picture and its
sentence stand in its place.
"""

from ._explore_kernel import ExploreKernel, explore_kernel
from ._explore_sizes import ExploreSizes, explore_sizes
from ._step_conv import StepConv, StepPool, step_conv, step_pool
from ._visual import Visual

__all__ = [
    "ExploreKernel",
    "ExploreSizes",
    "StepConv",
    "StepPool",
    "Visual",
    "explore_kernel",
    "explore_sizes",
    "step_conv",
    "step_pool",
]
