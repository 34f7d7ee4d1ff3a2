"""The command line: `student_commands` and `class_commands`, and what they print."""
