"""The files of a new lesson: four templates, and the command that fills them in."""
