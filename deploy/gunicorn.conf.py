"""gunicorn in the container. https://docs.gunicorn.org/en/stable/settings.html"""

from __future__ import annotations

import os

bind = os.environ.get("BIND", "0.0.0.0:8000")
worker_class = "gthread"
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
threads = 8
# Longer than CALLBACK_TIMEOUT (10 s) and the database's own limits, so that no sign-in is cut off:
# neither by a request that takes long, nor when the container is told to stop.
timeout = graceful_timeout = 30
keepalive = 5
# The root file system is read-only. Workers report that they live by a file in memory.
worker_tmp_dir = "/dev/shm"  # noqa: S108
# gunicornc is not used, and there is no home to put its socket into.
control_socket_disable = True
# The callback's address has Microsoft's code, of up to two kilobytes.
limit_request_line = 8190
accesslog = "-"
logger_class = "deploy.access_log.AccessLogger"
# Without the query: the callback's has the authorization code. And without the Referer. The first
# address is the proxy's; what the proxies passed on is at the end, as the client can write to it.
access_log_format = '%(h)s "%(m)s %(U)s" %(s)s %(b)s %(D)sus "%({x-forwarded-for}i)s"'
