from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from typing import Any

from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from .connection import Connection
from .primary import PrimaryModel, PrimaryQuerySet
from .validators import DOMAIN_MAX_LENGTH, refuse_consumer_domain, validate_alias

#: A verified domain is verified again after this time.
CONFIRMED_FOR = timedelta(days=1)
#: Microsoft is asked again about a domain that is not verified after this time.
RETRY_AFTER = timedelta(minutes=10)
#: A verification by DNS ends if the record could not be read for this time. A domain whose
#: servers are dead for good gives no answer that could end it.
DNS_PROOF_LIFETIME = timedelta(days=7)
#: Bytes of a DNS token: nobody can guess it, and its 40 letters fit one string of a TXT record.
_TOKEN_BYTES = 20


class DomainAliases(PrimaryQuerySet["DomainAlias"]):
    def discoverable(self) -> DomainAliases:
        """Those that lead to their connection: a connection can leave out its own domain, and a
        domain that a set-up link has added leads nowhere until it is verified."""
        named = self.filter(Q(is_primary=False) | Q(connection__discover_domain=True))
        return named.filter(leads())

    def verified(self) -> DomainAliases:
        """Those verified for the directory that their connection has pinned."""
        proven = self.filter(verified_at__isnull=False, found_tenant_id=F("connection__tenant_id"))
        return proven.exclude(found_tenant_id="")

    def with_disputes(self) -> DomainAliases:
        """Annotate ``is_disputed``: a connection of another directory has verified the domain too.

        One of the two verifications is then out of date, and it is not known which.
        """
        rows: Any = self
        annotated: DomainAliases = rows.annotate(is_disputed=Exists(_other_proofs()))
        return annotated

    def trusted(self) -> DomainAliases:
        """Those verified and not disputed."""
        return self.verified().filter(~Exists(_other_proofs()))

    def mark_verified(self, tenant_id: str, by: DomainAlias.VerifiedBy | None = None) -> int:
        """Mark the domains as verified for a directory; by Microsoft by default."""
        now = timezone.now()
        return self.update(
            verified_at=now,
            verified_by=by or DomainAlias.VerifiedBy.MICROSOFT,
            checked_at=now,
            found_tenant_id=tenant_id,
            withdrawn_at=None,
        )

    def mark_asked(self, tenant_id: str) -> int:
        """Store which directory Microsoft named for domains that are not verified ("": none)."""
        unverified = self.filter(verified_at__isnull=True)
        return unverified.update(checked_at=timezone.now(), found_tenant_id=tenant_id)

    def forget_proofs(self) -> int:
        """Mark the domains as not verified: the connection has changed. No answer says so."""
        return self.update(
            verified_at=None,
            verified_by="",
            checked_at=None,
            found_tenant_id="",
            withdrawn_at=None,
        )


def leads(path: str = "") -> Q:
    """Return the condition that a domain is verified, or leads without that.

    ``path``: from the query's model to the domain, such as ``connection__aliases__``; the
    connection's is ``connection__`` in every case.
    """
    return Q(**{f"{path}needs_proof": False}) | Q(
        **{
            f"{path}verified_at__isnull": False,
            f"{path}found_tenant_id": F("connection__tenant_id"),
        }
    )


def _other_proofs() -> DomainAliases:
    """Return a subquery of the rows that verify a row's domain for another directory."""
    others = DomainAlias._default_manager.verified().filter(domain=OuterRef("domain"))
    return others.exclude(found_tenant_id=OuterRef("found_tenant_id")).order_by()


class DomainAlias(PrimaryModel):
    """A domain of a connection. It leads to the connection (home realm discovery), and it can be
    verified to belong to the connection's directory.

    The connection's own domain always has a row. A domain is verified for one directory
    (``found_tenant_id``), so it no longer counts once the connection trusts another one.
    """

    class VerifiedBy(models.TextChoices):
        MICROSOFT = "microsoft", _("Microsoft")
        DNS = "dns", _("a DNS record")

    connection = models.ForeignKey(
        Connection, models.CASCADE, related_name="aliases", verbose_name=_("connection")
    )
    domain = models.CharField(
        _("domain"), max_length=DOMAIN_MAX_LENGTH, db_index=True, validators=[validate_alias]
    )
    is_primary = models.BooleanField(default=False, editable=False)
    verified_at = models.DateTimeField(_("verified"), null=True, editable=False)
    verified_by = models.CharField(
        _("verified by"), max_length=10, choices=VerifiedBy.choices, blank=True, editable=False
    )
    #: When Microsoft, or the domain's DNS, last answered, whatever it said.
    checked_at = models.DateTimeField(_("last checked"), null=True, editable=False)
    #: The directory that the domain is verified for, or that Microsoft named instead.
    found_tenant_id = models.CharField(
        _("directory found"), max_length=36, blank=True, editable=False
    )
    #: When an answer of Microsoft's or of the domain's DNS ended the verification.
    withdrawn_at = models.DateTimeField(_("proof withdrawn"), null=True, editable=False)
    #: What the domain's DNS record must hold, and the directory for which it was asked; "" where
    #: nobody has asked for one.
    # Workers of the release before do not know these columns: hence the database's defaults.
    dns_token = models.CharField(
        max_length=64, blank=True, default="", db_default="", editable=False
    )
    dns_tenant_id = models.CharField(
        max_length=36, blank=True, default="", db_default="", editable=False
    )
    #: Whether it leads to the connection only while it is verified: a set-up link has added it,
    #: and whoever has a link could name a stranger's domain.
    needs_proof = models.BooleanField(default=False, db_default=False, editable=False)
    #: Set only on rows read by ``with_disputes``.
    is_disputed: bool

    objects = DomainAliases.as_manager()

    class Meta:
        verbose_name = _("domain alias")
        verbose_name_plural = _("domain aliases")
        ordering = ["-is_primary", "domain"]
        constraints = [
            models.UniqueConstraint(fields=["connection", "domain"], name="azuread_alias_unique")
        ]

    def __str__(self) -> str:
        return self.domain

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Store it. Raises ``ValidationError`` for a domain where anybody can have an address."""
        if "domain" in (kwargs.get("update_fields") or ("domain",)):
            refuse_consumer_domain(self.domain)
        super().save(*args, **kwargs)

    def is_verified_for(self, tenant_id: str) -> bool:
        """Return whether the domain is verified for this directory."""
        return bool(self.verified_at and tenant_id) and self.found_tenant_id == tenant_id

    def has_token_for(self, tenant_id: str) -> bool:
        """Return whether a DNS record with the row's token would verify it for this directory."""
        return bool(self.dns_token and tenant_id) and self.dns_tenant_id == tenant_id

    def issue_dns_token(self, tenant_id: str) -> None:
        """Give the row a token for a directory, unless it has one for it.

        A verification by a record with another directory's token ends without a notice, because
        the connection has changed. Of several concurrent calls, the first decides the token.
        """
        if not tenant_id or self.has_token_for(tenant_id):
            return
        same = type(self)._default_manager.filter(pk=self.pk, dns_token=self.dns_token)
        same.filter(verified_by=self.VerifiedBy.DNS).forget_proofs()
        same.update(dns_token=secrets.token_hex(_TOKEN_BYTES), dns_tenant_id=tenant_id)
        self.refresh_from_db()

    def is_due(self, tenant_id: str, now: datetime) -> bool:
        """Return whether to ask Microsoft again which directory the domain belongs to."""
        if self.checked_at is None:
            return True
        keeps = CONFIRMED_FOR if self.is_verified_for(tenant_id) else RETRY_AFTER
        # A clock that was set back must not prolong a verification.
        return not now - keeps < self.checked_at <= now

    def withdraw(self, tenant_id: str) -> bool:
        """Mark it as not verified, because Microsoft names another directory ("": none), or because
        its DNS record is gone.

        Returns whether this call did it: of several concurrent calls, only one does.
        """
        now = timezone.now()
        changed: dict[str, Any] = {
            "verified_at": None,
            "verified_by": "",
            "checked_at": now,
            "found_tenant_id": tenant_id,
            "withdrawn_at": now,
        }
        same = type(self)._default_manager.filter(
            pk=self.pk, verified_at__isnull=False, found_tenant_id=self.found_tenant_id
        )
        return bool(same.update(**changed))
