"""Processes that run student code: started for a file, or forked from a template."""
