"""``python -m cnnlib``, and the command ``cnnlib``."""

import sys


def main() -> None:
    """Run the command line; where a package for it is missing, say which, and stop."""
    try:
        from cnnlib import cli
    except ImportError:
        from cnnlib._setup import doctor

        if doctor.examine() == 0:
            raise
        sys.exit(1)
    cli.main()


if __name__ == "__main__":
    main()
