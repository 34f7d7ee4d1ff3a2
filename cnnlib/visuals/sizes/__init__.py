"""`explore_sizes`: output size and coverage of a window that the reader sets."""
