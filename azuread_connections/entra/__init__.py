"""Microsoft's side of the wire. Knows no model, no request, no template and no setting."""
