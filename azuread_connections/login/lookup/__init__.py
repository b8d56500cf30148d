"""Finds the application and the connections of a request, and our own addresses."""
