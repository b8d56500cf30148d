"""A DNS server for the records that verify domains, and the page where they are entered."""
