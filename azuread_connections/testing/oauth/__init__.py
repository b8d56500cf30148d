"""The stand-in for Microsoft's login endpoints."""
