"""Outside applications sign their users in here, by OAuth 2.0 and OpenID Connect.

Optional: it needs django-oauth-toolkit (``pip install "azuread-connections[provider]"``), and two
entries in INSTALLED_APPS: ``"oauth2_provider"`` and ``"azuread_connections.provider"``.
"""
