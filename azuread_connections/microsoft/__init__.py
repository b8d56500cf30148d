"""This site's client of Microsoft: uses ``entra`` with the settings and the models."""
