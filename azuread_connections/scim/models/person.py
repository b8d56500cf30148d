from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from ...models import Connection, Identity
from ...models.primary import PrimaryForeignKey, PrimaryModel
from .keys import LENGTH


def new_id() -> str:
    return str(uuid.uuid4())


class ProvisionedPerson(PrimaryModel):
    """A person as a connection's directory reports them: a SCIM resource of type User."""

    connection = models.ForeignKey(
        Connection, models.CASCADE, related_name="provisioned_people", verbose_name=_("connection")
    )
    #: The resource's ``id`` (RFC 7643 section 3.1).
    scim_id = models.CharField(max_length=36, unique=True, default=new_id, editable=False)
    #: Entra's object ID, in lower case where it is a GUID. Null instead of "": people without one
    #: are no duplicates of each other.
    external_id = models.CharField(_("object ID"), max_length=254, null=True)  # noqa: DJ001
    external_id_key = models.CharField(max_length=LENGTH, null=True, editable=False)  # noqa: DJ001
    user_name = models.CharField(_("user name"), max_length=254)
    #: Null for a deleted person: their user name is free for somebody else.
    user_name_key = models.CharField(max_length=LENGTH, null=True, editable=False)  # noqa: DJ001
    display_name = models.CharField(_("display name"), max_length=254, blank=True)
    display_name_key = models.CharField(max_length=LENGTH, blank=True, editable=False)
    email = models.CharField(_("email address"), max_length=254, blank=True)
    email_key = models.CharField(max_length=LENGTH, blank=True, editable=False)
    is_active = models.BooleanField(_("active"), default=True)
    #: All other attributes that are kept, as in the resource, and all email addresses.
    attributes = models.JSONField(default=dict)
    identity = models.ForeignKey(
        Identity, models.SET_NULL, null=True, related_name="+", verbose_name=_("identity")
    )
    user = PrimaryForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        related_name="+",
        verbose_name=_("user"),
    )
    #: Whether this connection has made the user. Who was made at a sign-in before the person was
    #: reported is noted in ``MadeUser``. Only these two are ever deactivated by it.
    made_user = models.BooleanField(default=False, editable=False)
    #: Whether the user was deactivated because the directory said so.
    deactivated_user = models.BooleanField(default=False, editable=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    updated_at = models.DateTimeField(_("updated"), auto_now=True)
    #: A deleted person is kept: posted again, they get the same user back.
    deleted_at = models.DateTimeField(_("deleted"), null=True, editable=False)

    class Meta:
        verbose_name = _("provisioned person")
        verbose_name_plural = _("provisioned people")
        ordering = ["pk"]
        default_permissions = ("view",)
        constraints = [
            models.UniqueConstraint(
                fields=["connection", "external_id_key"], name="azuread_scim_person_external"
            ),
            models.UniqueConstraint(
                fields=["connection", "user_name_key"], name="azuread_scim_person_name"
            ),
        ]
        indexes = [
            models.Index(fields=["connection", "email_key"], name="azuread_scim_person_email"),
            models.Index(
                fields=["connection", "display_name_key"], name="azuread_scim_person_display"
            ),
            models.Index(
                fields=["connection", "deleted_at", "id"], name="azuread_scim_person_page"
            ),
            models.Index(fields=["external_id_key"], name="azuread_scim_person_key"),
        ]

    def __str__(self) -> str:
        return self.user_name
