"""A browser for tests, and the accounts signed in to it."""
