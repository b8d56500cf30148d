"""The demo site as production would run it, except static files, which need no `collectstatic`."""

from __future__ import annotations

from project.settings import *
from project.settings import STORAGES

STORAGES = STORAGES | {
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
}
