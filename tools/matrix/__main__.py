"""``python -m tools.matrix``."""

from tools.matrix.matrix import main

main()
