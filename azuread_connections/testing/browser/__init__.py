"""A browser for tests, and the accounts it remembers."""
