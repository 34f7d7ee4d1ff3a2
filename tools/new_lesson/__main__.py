"""``python -m tools.new_lesson``."""

import sys

from tools.new_lesson.new_lesson import main

sys.exit(main())
