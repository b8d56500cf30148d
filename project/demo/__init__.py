"""The demo: three fictional companies, the stand-in for Microsoft, and the site."""
