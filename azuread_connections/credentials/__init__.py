"""What proves to Microsoft that we are the registered app: expiry, notices, verification."""
