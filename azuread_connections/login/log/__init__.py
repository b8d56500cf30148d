"""The failures of a sign-in with their codes, and the log."""
