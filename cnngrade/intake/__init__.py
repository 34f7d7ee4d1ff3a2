"""Submissions as instructors and platforms have them: found, named, read."""
