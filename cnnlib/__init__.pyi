from . import arithmetic, data, diagrams, images, models, plots, training
from ._picture import Picture
from ._setup_check import check_setup
from ._summary import summary
from ._worked import worked_example
from .plots import plot_conv, plot_convs
from .training import evaluate, fit

__all__ = [
    "Picture",
    "arithmetic",
    "check_setup",
    "data",
    "diagrams",
    "evaluate",
    "fit",
    "images",
    "models",
    "plot_conv",
    "plot_convs",
    "plots",
    "summary",
    "training",
    "worked_example",
]
