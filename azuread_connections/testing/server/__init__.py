"""The stand-in over HTTP, and its state between two requests."""
