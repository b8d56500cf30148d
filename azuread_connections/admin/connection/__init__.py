"""The admin pages of a connection."""
