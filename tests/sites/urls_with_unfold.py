"""The demo's URLs, with the admin's pages registered as docs/existing-sites.md says."""

from __future__ import annotations

from project.urls import urlpatterns
from tests.packages.documented import run

run("existing-sites.md", "admin: unfold")

__all__ = ["urlpatterns"]
