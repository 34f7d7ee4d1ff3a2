"""``python -m tools.matrix``."""

import sys

from tools.matrix.matrix import main

sys.exit(main())
