"""The demo site: a small Django project that uses azuread_connections."""
