"""Microsoft's protocol. It uses no model, no Django request, no template and no setting."""
