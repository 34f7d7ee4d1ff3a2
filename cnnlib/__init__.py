"""The package behind the course: convolution shown, counted, trained.

Parts load when they are first used, so that ``import cnnlib`` costs next to nothing.
The public names stand in ``__init__.pyi``.
"""

import sys

try:
    import lazy_loader
except ModuleNotFoundError as error:
    raise ModuleNotFoundError(
        "The course needs the package lazy-loader. Install it in a terminal with: "
        f'"{sys.executable}" -m pip install lazy-loader'
    ) from error

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
