"""What came out of a session: verdicts, notes, and a whole file judged."""
