"""What the process that judges are forked from imports, once, before the first fork."""

import atexit
import gc
import os

gc.disable()  # what is imported stays
from cnngrade.judging import verdicts  # noqa: E402, F401

gc.freeze()
gc.enable()
atexit.register(os._exit, 0)  # nothing to tidy up; taking PyTorch apart needs 0.5 s
