"""`draw_digit`: a digit drawn by the reader, read by nets in the page."""
