"""A class: jobs done side by side, their results kept in a journal."""
