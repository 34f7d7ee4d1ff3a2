"""``python -m cnnlib``, and the command ``cnnlib``."""

import sys


def main() -> None:
    """Run the command line; where a package for it is missing, say which, and stop."""
    try:
        from cnngrade.cli import student_commands
    except ImportError:
        from .setup import doctor

        if doctor.examine() == 0:
            raise
        sys.exit(1)
    student_commands.main()


if __name__ == "__main__":
    main()
