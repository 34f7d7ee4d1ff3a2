"""Quizzes made of practice items: for Moodle, for Canvas, and for paper."""
