"""Crash tests with real processes: what breaks in a home is broken here, and the table's true angle is the witness."""
