"""``python -m tools.site``."""

from tools.site.site import main

main()
