"""Two admin sites: the demo's, and one of a site's own, as docs/existing-sites.md makes it."""

from __future__ import annotations

from django.urls import path

from project.urls import urlpatterns as site
from tests.packages.documented import run

backoffice = run("existing-sites.md", "admin: own site")["backoffice"]

urlpatterns = [*site, path("backoffice/", backoffice.urls)]
