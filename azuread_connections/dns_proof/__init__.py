"""DNS records by which a domain's owner confirms that it belongs to a connection's directory."""
