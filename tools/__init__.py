"""The builder: lesson text in ``lessons/`` to executed ``notebooks/``."""
