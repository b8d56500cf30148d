"""The site that gunicorn serves, chosen by its environment. A worker writes a file once it can
serve, because gunicorn listens before its workers have loaded anything."""

from __future__ import annotations

import os
from pathlib import Path

from django.core.wsgi import get_wsgi_application

application = get_wsgi_application()
(Path(os.environ["BENCH_READY"]) / str(os.getpid())).touch()
