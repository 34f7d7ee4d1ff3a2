"""What runs beside student code, and all of the grader that is copied there."""
