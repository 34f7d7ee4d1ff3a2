from . import arithmetic, data, diagrams, images, models, plots, training, visuals
from ._picture import Picture
from ._setup_check import check_setup
from ._summary import summary
from ._worked import worked_example
from .plots import plot_conv, plot_convs
from .training import evaluate, fit
from .visuals import explore_kernel, explore_sizes, step_conv, step_pool

__all__ = [
    "Picture",
    "arithmetic",
    "check_setup",
    "data",
    "diagrams",
    "evaluate",
    "explore_kernel",
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
    "worked_example",
]
