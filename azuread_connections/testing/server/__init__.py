"""The stand-in over HTTP, and what it remembers between two requests."""
