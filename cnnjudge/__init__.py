"""Answers to the exercises are judged here: keys, comparison, and what a student reads.

Nothing of this package is ever where a class's submissions run: it holds the right
answers. `cnnlib.checks` finds it late, in a notebook; `cnngrade` judges with it.

Where things are:

- ``keys/lessonNN.py``: for each task of a lesson the reference, other right answers,
  and the known mistakes, each with its hint. So a hint on max pooling stands in
  ``keys/lesson03.py``, beside the wrong answer that it explains.
- ``key.py``: what a key and a mistake are; ``tasks.py``: all tasks by name, each a
  question (`cnnlib.checks.questions`) with its key.
- ``judge.py``: from what came of the cases to a verdict; ``compare.py``: how one
  value differs from another.
- Where no known mistake explains the values: ``twists.py``, slips of any task, alone
  and two at once; ``changes.py``, small changes of a right answer in ``workings.py``;
  ``symptoms.py``, what can be seen.
- ``errors.py``: what an error means.
- ``verdict.py``: a verdict, piece by piece.
- ``messages.py``: the sentences that are no hints; ``grids.py``: the case shown.
- ``exercises/NN.json``: each exercise as it was handed out, written by `make build`.

``docs/proof.md`` lists the mistakes by name and the kinds of cases: when one of those
changes run `make proof`. Other words of a hint or a message do not stand there.
"""
