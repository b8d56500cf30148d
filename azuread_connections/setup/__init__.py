"""Set-up links: a customer's administrator sets up their connection without an account here."""
