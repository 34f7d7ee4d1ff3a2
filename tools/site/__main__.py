"""``python -m tools.site``."""

import sys

from tools.site.site import main

sys.exit(main())
