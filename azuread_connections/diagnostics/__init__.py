"""Diagnostics: why a connection does not work."""
