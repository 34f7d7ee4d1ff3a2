"""`explore_kernel`: a photograph under a kernel that the reader changes."""
