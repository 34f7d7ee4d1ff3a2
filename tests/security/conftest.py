"""The class of four that the grader's own tests have."""

from tests.cnngrade.conftest import school

__all__ = ["school"]
