from . import arithmetic, data, diagrams, images, models, plots, training, visuals
from .model_summary import summary
from .picture import Picture
from .plots import plot_conv, plot_convs
from .setup import check_setup
from .training import evaluate, fit
from .visuals import (
    draw_digit,
    explore_kernel,
    explore_network,
    explore_sizes,
    step_conv,
    step_pool,
    train_here,
    watch_training,
)
from .worked import worked_example

__all__ = [
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
