from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from ...models import Connection
from ...models.primary import PrimaryModel


class ProvisioningRequest(PrimaryModel):
    """One request of a directory, and what it was answered. Neither body holds a secret."""

    connection = models.ForeignKey(
        Connection,
        models.CASCADE,
        related_name="scim_requests",
        verbose_name=_("connection"),
        db_index=False,
    )
    created_at = models.DateTimeField(_("time"), db_index=True)
    method = models.CharField(_("method"), max_length=7)
    #: With the query, below the connection's base address.
    path = models.CharField(_("path"), max_length=500)
    status = models.PositiveSmallIntegerField(_("status"))
    #: ``scimType`` of an error (RFC 7644 section 3.12), or "".
    scim_type = models.CharField(_("error"), max_length=32, blank=True)
    #: Whom or what it was about: a userName or a group's name.
    subject = models.CharField(_("about"), max_length=254, blank=True)
    #: What the answer said in words: the detail of an error.
    detail = models.TextField(_("detail"), blank=True)
    request_body = models.TextField(_("request"), blank=True)
    response_body = models.TextField(_("answer"), blank=True)
    milliseconds = models.PositiveIntegerField(_("milliseconds"), default=0)
    address = models.GenericIPAddressField(_("address"), null=True)

    class Meta:
        verbose_name = _("provisioning request")
        verbose_name_plural = _("provisioning requests")
        ordering = ["-created_at", "-pk"]
        default_permissions = ("view",)
        indexes = [
            models.Index(fields=["connection", "created_at"], name="azuread_scim_request_conn")
        ]

    def __str__(self) -> str:
        return f"{self.method} {self.path}"
