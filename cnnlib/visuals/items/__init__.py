"""Items of practice, one after the other, in the page."""
