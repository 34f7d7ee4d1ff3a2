"""The kinds of items, a module for each topic of a lesson.

To write a kind: a function that draws its facts (plain data, by level), and a `Kind`
with the question, the right answer and the road by which it is found a second time,
the mistakes, and the steps. A mistake is a function of the facts. Its sentence begins
with "Here" or "Perhaps"; what follows (``why``) must be true whatever went wrong. Where
the checker of a task knows the mistake, it has the checker's name for it, and ``of``
names the task. List the kind in its module's ``KINDS``, a new module in ``registry``,
and run ``python -m tools.practice_proof NAME``.
"""
