"""What builds the course from its text, and proves it: not needed to take it."""
