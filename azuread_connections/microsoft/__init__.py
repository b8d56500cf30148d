"""This site's client of Microsoft: settings, models and ``entra`` meet here."""
