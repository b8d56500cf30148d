"""What is said of a sign-in: failures with their codes, and the log."""
