"""Exercise notebooks as files: read, matched with the course's copy, run, judged.

What students do to a notebook (renamed, metadata lost, cells moved, copied, deleted)
costs them nothing that can be found again. Command lines stand in `cnnlib.cli`.
"""
