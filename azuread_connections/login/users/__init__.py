"""Who gets in: from a validated ID token to a Django user."""
