"""Which connections there are for a request, and at which addresses."""
