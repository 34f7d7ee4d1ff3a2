"""What builds the course from its text, and proves it: not needed to take it.

Each of these is a command, ``python -m tools.NAME``:

- ``build``: the texts in ``lessons/`` to notebooks, executed (`tools.build` says how).
- ``new_lesson``: the four files of a new lesson, with TODO where somebody has to write.
- ``proof``: every known answer put to its check; writes ``docs/proof.md``.
- ``practice_proof``: every kind of practice item over many seeds; writes a section of
  ``docs/proof.md``.
- ``agreement``: our verdicts beside those of nbgrader and nbval, on the same answers.
- ``site``, ``slides``, ``handout``: notebooks as pages, as decks, and on paper.
- ``nbgrader_course``: a course folder that nbgrader takes.
- ``hub_link``: links that hand out the course on a JupyterHub.
- ``matrix``: the course run with other versions of its packages, Colab's among them.
"""
