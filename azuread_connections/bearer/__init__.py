"""Access tokens that callers of this site's own APIs send, whichever framework serves the API."""
