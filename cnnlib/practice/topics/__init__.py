"""The kinds of items, a module for each topic of a lesson."""
