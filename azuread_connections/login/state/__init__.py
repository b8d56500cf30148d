"""The state of a sign-in: a cookie while it is open, the session afterwards."""
