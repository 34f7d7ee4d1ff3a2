"""Answers to the exercises are judged here: keys, comparison, and what a student reads.

Nothing of this package is ever where a class's submissions run: it holds the right
answers. `cnnlib.checks` finds it late, in a notebook; `cnngrade` judges with it.
"""
