"""``python -m tools.build``."""

import sys

from tools.build.build import main

sys.exit(main())
