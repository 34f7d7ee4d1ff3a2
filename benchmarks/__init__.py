"""What the course claims to be fast at, beside what a user would pick instead.

Each module has a ``main()`` that measures both sides in one run and prints the ratio.
"""
