"""Fields, columns and filters that several admin pages share."""
