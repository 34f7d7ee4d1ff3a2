"""`step_conv` and `step_pool`: a window moved by hand, its sum in numbers."""
