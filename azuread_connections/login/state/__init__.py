"""What is remembered of a sign-in: by the browser under way, by the session afterwards."""
