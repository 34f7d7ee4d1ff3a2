"""What the tasks of each lesson ask; one module to a lesson."""
