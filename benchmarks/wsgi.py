"""The site that gunicorn serves: which one, its environment says. A worker that could serve now
leaves a file behind: gunicorn listens before its workers have loaded anything."""

from __future__ import annotations

import os
from pathlib import Path

from django.core.wsgi import get_wsgi_application

application = get_wsgi_application()
(Path(os.environ["BENCH_READY"]) / str(os.getpid())).touch()
