"""Set-up links: makes them, ends them, and enables the connection that was set up with one."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.db import router, transaction
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ..login.log import setup_events
from ..login.lookup.addresses import site_url
from ..models import Application, Connection, EnabledConnection, SetupLink
from ..rate_limit import RateLimit
from . import steps, tokens
from .connections import create_unfinished
from .locks import locked
from .readiness import lacking

#: Limits of a link: what is more than a customer needs only helps who finds the address.
MAX_LIFETIME = timedelta(days=30)
MAX_OPENINGS = 100
DEFAULT_LIFETIME = timedelta(days=5)
DEFAULT_OPENINGS = 10
#: Times that one set-up can be reopened in an hour: each writes lines of the log.
_REOPENINGS = RateLimit("setup_reopenings", limit=20, seconds=3600)


class LinkError(ValidationError):
    """Why a link cannot be used in this way. ``messages``: for the person who tried."""


@dataclass(frozen=True)
class CreatedLink:
    """A new link. ``token`` is nowhere else: the database has only its hash."""

    link: SetupLink
    token: str = field(repr=False)

    def address(self, request: HttpRequest | None = None) -> str:
        """Return the address to send, on PUBLIC_URL; without that on the request's host.

        Raises ``ImproperlyConfigured`` where there is neither.
        """
        base = site_url(request)
        if not base:
            raise ImproperlyConfigured(
                "Set AZUREAD_CONNECTIONS['PUBLIC_URL']: outside of a request, the site's address "
                "is not known."
            )
        return base + self.path

    @property
    def path(self) -> str:
        return reverse("azuread_connections:setup", args=[self.token])


def create_link(
    *,
    applications: Collection[Application] = (),
    connection: Connection | None = None,
    name: str = "",
    purpose: str = SetupLink.Purpose.SETUP,
    lifetime: timedelta = DEFAULT_LIFETIME,
    max_openings: int = DEFAULT_OPENINGS,
    auto_enable: bool = False,
    domains: str = SetupLink.Domains.OPTIONAL,
    created_by: Any = None,
    request: HttpRequest | None = None,
    reference: str = "",
) -> CreatedLink:
    """Create a link for a connection, or for a new one that gets its name from ``name``.

    ``applications``: those for which the connection is enabled in the end; ``renew`` needs none,
    and enables nothing for those that are given.
    ``created_by``: the user who invites, or None. ``reference``: from ``tokens.new_reference``, if
    chosen before: a second link with it raises ``IntegrityError``. Raises ``ValidationError``.
    """
    _validate_target(connection, name, purpose, applications)
    _validate_limits(lifetime, max_openings)
    token = tokens.new_token()
    with transaction.atomic(using=router.db_for_write(SetupLink)):
        connection = connection or create_unfinished(name)
        link = SetupLink._default_manager.create(
            reference=reference or tokens.new_reference(),
            token_hash=tokens.hash_of(token),
            purpose=purpose,
            connection=connection,
            connection_name=connection.name,
            auto_enable=auto_enable,
            domains=domains,
            created_by=created_by,
            created_by_name=_name_of(created_by),
            expires_at=timezone.now() + lifetime,
            max_openings=max_openings,
        )
        link.applications.set(applications)
    setup_events.record_setup_link(
        link,
        f"Created, valid until {link.expires_at:%Y-%m-%d %H:%M}, to {link.purpose} with "
        f"{link.max_openings} openings at most.",
        person=link.created_by_name,
        request=request,
    )
    return CreatedLink(link, token)


def revoke(link: SetupLink, by: Any = None, request: HttpRequest | None = None) -> bool:
    """End a link and the sessions begun with it. Returns whether this call did it.

    What was set up stays as it is. What was entered and never accepted goes: it can be a secret.
    """
    still_valid = SetupLink._default_manager.filter(pk=link.pk, revoked_at__isnull=True)
    was_valid = bool(still_valid.update(revoked_at=timezone.now(), draft={}))
    link.refresh_from_db()
    if was_valid:
        setup_events.record_setup_link(link, "Revoked.", person=_name_of(by), request=request)
    return was_valid


def finish(link: SetupLink, request: HttpRequest | None = None) -> None:
    """Mark the set-up as finished, and enable the connection if the link says so.

    From then on, the pages of the link are read only. Raises ``LinkError`` if something is missing:
    ``messages`` name it.
    """
    with locked(link):
        if link.finished_at is not None:
            return
        if not link.is_usable:
            raise LinkError(_("The link is no longer valid."), code="over")
        if missing := lacking(link):
            raise LinkError([ValidationError(text, code="lacking") for text in missing])
        link.finished_at = timezone.now()
        link.step = steps.DONE
        is_renewal = link.purpose == SetupLink.Purpose.RENEW
        if is_renewal:
            # It only adds a credential, even if the link names applications.
            link.approved_at = link.finished_at
        elif link.auto_enable:
            link.approved_at = link.finished_at
            _enable(link)
        link.save(update_fields=["finished_at", "step", "approved_at"])
    if is_renewal:
        words = "The customer has added a credential."
    elif link.approved_at:
        words = f"The customer has finished; enabled without approval for {_slugs(link)}."
    else:
        words = "The customer has finished, and waits for approval."
    setup_events.record_setup_link(link, words, request=request)


def reopen(link: SetupLink, request: HttpRequest | None = None) -> None:
    """Let the customer change a finished set-up again. Raises ``LinkError`` if it is approved."""
    with locked(link):
        if link.approved_at is not None:
            raise LinkError(_("The set-up is approved already."), code="approved")
        if not link.is_usable:
            raise LinkError(_("The link is no longer valid."), code="over")
        if link.finished_at is None:
            return
        if not _REOPENINGS.allows(link.reference):
            raise LinkError(_("You have reopened this many times. Try again later."), code="limit")
        link.finished_at = None
        link.save(update_fields=["finished_at"])
    setup_events.record_setup_link(link, "The customer has reopened the set-up.", request=request)


def fingerprint(link: SetupLink) -> str:
    """Return what identifies what the page of ``approve`` shows of the link's connection."""
    connection = link.connection
    if connection is None:
        return ""
    aliases = connection.aliases.order_by("domain").values_list("domain", flat=True)
    verified = connection.aliases.verified().order_by("domain").values_list("domain", flat=True)
    credentials = connection.credentials.order_by("pk").values_list("pk", "hint")
    settings = [
        *(connection.pk, connection.domain, connection.tenant_id, connection.client_id),
        *(connection.cloud, connection.use_common_endpoint),
        *(connection.create_users, connection.link_by_email, connection.allow_guests),
        list(aliases),
        list(verified),
        [list(each) for each in credentials],
        list(link.applications.order_by("pk").values_list("pk", flat=True)),
    ]
    return hashlib.sha256(json.dumps(settings).encode()).hexdigest()


def approve(
    link: SetupLink, *, seen: str, by: Any = None, request: HttpRequest | None = None
) -> bool:
    """Enable the connection for the link's applications. Returns whether this call did it.

    ``seen``: the ``fingerprint`` of what the approving person was shown. Raises ``LinkError`` if
    the settings have changed since, if the customer has not finished, or if the link was revoked.
    """
    with locked(link):
        if link.approved_at is not None:
            return False
        if link.connection is None:
            raise LinkError(_("The connection was deleted."), code="deleted")
        if link.revoked_at is not None:
            raise LinkError(_("The link was revoked."), code="revoked")
        if link.finished_at is None:
            raise LinkError(_("The customer has not finished yet."), code="not_finished")
        if fingerprint(link) != seen:
            raise LinkError(
                _("The settings have changed since you opened this page. Read them again."),
                code="changed",
            )
        if missing := lacking(link):
            raise LinkError([ValidationError(text, code="lacking") for text in missing])
        link.approved_at = timezone.now()
        link.approved_by_name = _name_of(by)
        _enable(link)
        link.save(update_fields=["approved_at", "approved_by_name"])
    setup_events.record_setup_link(
        link,
        f"Approved: enabled for {_slugs(link)}.",
        person=link.approved_by_name,
        request=request,
    )
    return True


def _enable(link: SetupLink) -> None:
    for application in link.applications.all():
        EnabledConnection._default_manager.get_or_create(
            application=application, connection=link.connection
        )


def _validate_target(
    connection: Connection | None, name: str, purpose: str, applications: Collection[Application]
) -> None:
    if connection is not None and name:
        raise LinkError(_("Give a connection, or the name of a new one, not both."), code="both")
    if purpose == SetupLink.Purpose.RENEW:
        if connection is None or not connection.is_complete:
            raise LinkError(
                _("To renew a credential, choose a connection that is set up."),
                code="no_connection",
            )
    elif not applications:
        raise LinkError(
            _("Choose the application for which people will sign in."), code="no_application"
        )
    for application in applications:
        if why := application.why_no_sign_in:
            raise LinkError(f"{application}: {why}", code="application")


def _validate_limits(lifetime: timedelta, max_openings: int) -> None:
    if not timedelta(0) < lifetime <= MAX_LIFETIME:
        raise LinkError(
            _("A link is valid for 1 to %(days)d days."),
            code="lifetime",
            params={"days": MAX_LIFETIME.days},
        )
    if not 1 <= max_openings <= MAX_OPENINGS:
        raise LinkError(
            _("A link can be opened 1 to %(most)d times."),
            code="openings",
            params={"most": MAX_OPENINGS},
        )


def _name_of(user: Any) -> str:
    """Return the name of a user, as the customer sees it."""
    if user is None:
        return ""
    # Not every user model has it.
    full_name = user.get_full_name() if hasattr(user, "get_full_name") else ""
    return str(full_name or user.get_username())[:254]


def _slugs(link: SetupLink) -> str:
    return ", ".join(link.applications.order_by("slug").values_list("slug", flat=True)) or "nothing"
