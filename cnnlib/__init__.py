"""The package behind the course: convolution shown, counted, trained.

Parts load when they are first used, so that ``import cnnlib`` costs next to nothing.
The public names stand in ``__init__.pyi``.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
