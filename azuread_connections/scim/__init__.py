"""Optional sub-app: directories report who joins and who leaves (SCIM 2.0, RFC 7643, RFC 7644)."""
