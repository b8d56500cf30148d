"""The log of what a directory has sent, and what it was answered. It is kept for 30 days
(``SCIM_LOG_DAYS``).

Requests without a valid token are not in it: anybody can send them, and would fill the table.
"""

from __future__ import annotations

import logging
import re
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import unquote_plus

from django.core.exceptions import RequestDataTooBig
from django.db import DatabaseError, InterfaceError, connections, router, transaction
from django.http import HttpRequest, HttpResponse
from django.http.request import RawPostDataException, UnreadablePostError
from django.utils import timezone

from ..client_address import client_address
from ..conf import conf
from ..entra.text import storable
from ..log_fields import LogEvent, log_fields
from ..models import Connection
from ..models.batches import delete_in_batches
from ..models.prepared_writes import Insert
from .bodies import shown_body
from .models import ProvisioningRequest
from .withheld import redacted

logger = logging.getLogger("azuread_connections")

#: Bytes of a request's body. A longer one is refused and not read again for the log.
_MAX_READ = 1024 * 1024
_MAX_DETAIL = 4000
_MAX_MILLISECONDS = 2**31 - 1
_ROW = Insert(ProvisioningRequest)


def record(
    request: HttpRequest,
    response: HttpResponse,
    connection: Connection,
    *,
    subject: str = "",
    scim_type: str = "",
    detail: str = "",
    milliseconds: int = 0,
) -> None:
    """Store a request and its response.

    To be called after the request's transaction, so that a refused request, which is rolled back,
    is stored too. A log that cannot be written does not fail the request.
    """
    row = ProvisioningRequest(
        connection=connection,
        created_at=timezone.now(),
        method=_fitting(request.method or "", "method"),
        path=_fitting(_path_below_base(request, connection), "path"),
        status=response.status_code,
        scim_type=_fitting(scim_type, "scim_type"),
        subject=_fitting(subject, "subject"),
        detail=redacted(storable(detail))[:_MAX_DETAIL],
        request_body=_request_body(request),
        response_body="" if response.streaming else shown_body(response.content),
        milliseconds=min(max(0, milliseconds), _MAX_MILLISECONDS),
        address=client_address(request),
    )
    try:
        _insert(row)
    except (DatabaseError, InterfaceError):
        logger.exception(
            "A provisioning request of %s could not be logged.",
            connection.name,
            extra=log_fields(LogEvent.EVENT_NOT_STORED, connection=connection.name),
        )


def _insert(row: ProvisioningRequest) -> None:
    using = router.db_for_write(ProvisioningRequest)
    if not connections[using].in_atomic_block:
        _ROW.store(row, using)
        return
    # A savepoint: after a failed statement, PostgreSQL refuses all others of a transaction.
    with transaction.atomic(using=using):
        _ROW.store(row, using)


def clear(now: datetime, batch_size: int) -> str:
    """Delete the requests that are older than ``SCIM_LOG_DAYS``; return how many, as a sentence."""
    days = conf.scim_log_days
    rows = ProvisioningRequest._default_manager.filter(created_at__lt=now - timedelta(days=days))
    deleted = delete_in_batches(rows.order_by("created_at"), batch_size)
    return f"{deleted} provisioning requests older than {days} days deleted."


def _fitting(text: str, field: str) -> str:
    """Return a text as its column stores it: the log cuts what is too long."""
    column: Any = ProvisioningRequest._meta.get_field(field)
    return redacted(storable(text))[: column.max_length]


def _path_below_base(request: HttpRequest, connection: Connection) -> str:
    """Return path and query as people read them: ``Users?filter=userName eq "adele@contoso.com"``.

    Without a query's other parameters only a token sent by mistake can be a secret.
    """
    base = re.compile(rf".*?/{re.escape(connection.name)}/v2(?=/|$)/?", re.IGNORECASE | re.DOTALL)
    path = base.sub("", request.path, count=1)
    query = request.META.get("QUERY_STRING", "")
    return path + (f"?{unquote_plus(query)}" if query else "")


def _request_body(request: HttpRequest) -> str:
    try:
        length = int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        length = 0
    if length > _MAX_READ:
        return f"[{length} bytes, not stored]"
    try:
        return shown_body(request.body)
    except RawPostDataException:
        return "[read by another part of the site]"
    except (RequestDataTooBig, UnreadablePostError, ValueError):  # ValueError: its length
        return "[could not be read]"
