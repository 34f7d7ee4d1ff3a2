"""Notebooks as files: read, matched with the course's copy, planned, reset."""
