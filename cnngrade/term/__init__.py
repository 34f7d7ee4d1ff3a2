"""A term's marks: what answers earned, and what an instructor says of it."""
