from __future__ import annotations

from collections import Counter
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models, router, transaction
from django.dispatch import Signal
from django.utils import timezone
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from ..entra.cloud import PERSONAL_TENANT_ID, identity_cloud
from ..entra.graph import PROFILE_NAMES
from .application import Application
from .lookup_index import LookupIndex
from .optional_claims import validate_optional_claims
from .primary import PrimaryModel, PrimaryQuerySet
from .refusals import (
    name_is_fixed,
    name_is_taken,
    needs_app_roles,
    needs_security_groups,
    no_own_directory,
)
from .validators import (
    DOMAIN_MAX_LENGTH,
    NAME_MAX_LENGTH,
    clean_alias,
    refuse_consumer_domain,
    validate_client_id,
    validate_connection_name,
    validate_domain,
    validate_logo_url,
    validate_plain_text,
)

_PROFILE_NAMES = ", ".join(name.replace("_", " ") for name in PROFILE_NAMES)

#: Sent when a connection with a pinned directory was saved, in the form or by code.
#: ``connection``; ``former``: the directory that was pinned until now, or "".
directory_pinned = Signal()


class Connections(PrimaryQuerySet["Connection"]):
    """Several connections, deleted one by one: see ``Connection.delete``."""

    def delete(self) -> tuple[int, dict[str, int]]:
        self._for_write = True
        deleted: Counter[str] = Counter()
        with transaction.atomic(using=self.db):
            for connection in self:
                deleted.update(connection.delete(using=self.db)[1])
        return deleted.total(), dict(deleted)

    delete.alters_data = True  # type: ignore[attr-defined]
    delete.queryset_only = True  # type: ignore[attr-defined]


class Connection(PrimaryModel):
    """One trust with Azure AD. An application can use it only if it is enabled for it."""

    class Cloud(models.TextChoices):
        GLOBAL = "global", _("Global")
        US_GOVERNMENT = "usgov", _("US Government (GCC High)")
        US_DOD = "dod", _("US Government (DoD)")
        CHINA = "china", _("China (21Vianet)")

    class IdentityAPI(models.TextChoices):
        V2 = "v2.0", _("Microsoft identity platform (v2.0)")
        V1 = "v1.0", _("Azure Active Directory (v1.0)")

    class NewDirectories(models.TextChoices):
        ACCEPT = "accept", _("Accept them")
        HOLD = "hold", _("Hold them until an administrator approves")
        LISTED = "listed", _("Refuse all that are not listed")

    class Prompt(models.TextChoices):
        """Values of ``prompt`` at Microsoft (OpenID Connect Core 1.0 section 3.1.2.1)."""

        NONE = "", _("Only if needed")
        SELECT_ACCOUNT = "select_account", _("Ask which account to use")
        LOGIN = "login", _("Ask to sign in again")

    class SyncProfile(models.TextChoices):
        EACH_LOGIN = "each_login", _("At each login")
        FIRST_LOGIN = "first_login", _("At the first login only")
        NEVER = "never", _("Never")

    name = models.CharField(
        _("connection name"),
        max_length=NAME_MAX_LENGTH,
        validators=[validate_connection_name],
        help_text=_(
            "Part of the sign-in address; cannot be changed once saved. Letters, digits and “-”, "
            "such as contoso-staff."
        ),
    )
    # MariaDB has no expression constraints, so case-insensitive uniqueness needs a column.
    name_key = models.CharField(max_length=NAME_MAX_LENGTH, unique=True, editable=False)
    display_name = models.CharField(
        _("display name"),
        max_length=128,
        blank=True,
        validators=[validate_plain_text],
        help_text=_(
            "The name on the button, usually the company's. If empty, the connection name is used."
        ),
    )
    logo_url = models.CharField(
        _("logo URL"),
        max_length=500,
        blank=True,
        validators=[validate_plain_text, validate_logo_url],
        help_text=_(
            "Address of a square image, beginning with https://. It is shown at 20×20 pixels."
        ),
    )
    domain = models.CharField(
        _("Microsoft Azure AD Domain"),
        max_length=DOMAIN_MAX_LENGTH,
        validators=[validate_domain],
        help_text=_(
            "A domain of the directory, such as contoso.com or contoso.onmicrosoft.com. In the "
            "Microsoft Entra admin center: Overview › Primary domain."
        ),
    )
    tenant_id = models.CharField(
        _("directory ID"), max_length=36, blank=True, editable=False, db_index=True
    )
    client_id = models.CharField(
        _("client ID"),
        max_length=36,
        validators=[validate_client_id],
        help_text=_(
            "In the Microsoft Entra admin center: App registrations › your app › Overview › "
            "“Application (client) ID”."
        ),
    )
    cloud = models.CharField(
        _("cloud"),
        max_length=10,
        choices=Cloud.choices,
        default=Cloud.GLOBAL,
        help_text=_("The directory's Microsoft cloud. Nearly all are in the global cloud."),
    )
    use_common_endpoint = models.BooleanField(
        _("use common endpoint"),
        default=False,
        help_text=_(
            "Accept people of any organisation's directory. The registration must allow “Accounts "
            "in any organizational directory”. If off, only people of the directory above get in."
        ),
    )
    new_directories = models.CharField(
        _("new directories"),
        max_length=10,
        choices=NewDirectories.choices,
        default=NewDirectories.HOLD,
        help_text=_(
            "With the common endpoint: what happens when somebody signs in from a directory that "
            "is not listed yet. Personal accounts, and directories that belong to another "
            "connection, are refused unless you add them to the list."
        ),
    )
    discover_domain = models.BooleanField(
        _("find by the Azure AD domain"),
        default=True,
        help_text=_(
            "People who type an address of this domain on the sign-in page are sent here. If off, "
            "only the aliases above lead here. The domain is verified either way."
        ),
    )
    identity_api = models.CharField(
        _("identity API"),
        max_length=4,
        choices=IdentityAPI.choices,
        default=IdentityAPI.V2,
        help_text=_("Use v2.0 for new registrations, v1.0 only for an older one that needs it."),
    )
    sync_profile = models.CharField(
        _("sync user profile attributes at each login"),
        max_length=11,
        choices=SyncProfile.choices,
        default=SyncProfile.EACH_LOGIN,
        help_text=_("When to copy the fields listed below from the directory to the Django user."),
    )
    extended_profile = models.BooleanField(
        _("Extended Profile"),
        default=False,
        help_text=format_lazy(
            _("Asks Microsoft Graph at each sign-in for: {names}. Needs the permission User.Read."),
            names=_PROFILE_NAMES,
        ),
    )
    security_groups = models.BooleanField(
        _("Security Groups"),
        default=False,
        help_text=_(
            "Reads the groups that the person is in directly, by ID and name. Needs the "
            "permissions User.Read and GroupMember.Read.All."
        ),
    )
    nested_groups = models.BooleanField(
        _("nested groups"),
        default=False,
        help_text=_("Also reads the groups that contain those groups. Needs Security Groups."),
    )
    app_roles = models.BooleanField(
        _("app roles"),
        default=False,
        db_default=False,  # workers of the release before do not know the column
        help_text=_(
            "Uses the roles of the app registration that the directory has assigned to the person "
            "(claim “roles”). Needs no permission. If on, a sign-in without the claim means that "
            "the person has no role."
        ),
    )
    optional_claims = models.JSONField(
        _("claims to keep"),
        default=list,
        db_default=models.Value([], models.JSONField()),
        blank=True,
        validators=[validate_optional_claims],
        help_text=_(
            "Further claims of the ID token to keep in the profile, such as employeeid or ctry. "
            "One per line. Add them in Azure too: App registrations › your app › Token "
            "configuration."
        ),
    )
    max_groups = models.PositiveIntegerField(
        _("groups to keep"),
        default=500,
        help_text=_("How many groups to store for each person. Mappings always use all of them."),
    )
    enable_users_api = models.BooleanField(
        _("enable Users API"),
        default=False,
        help_text=_(
            "Lets this site search the directory's users, including those who have never signed "
            "in. Needs the application permission User.Read.All."
        ),
    )
    create_users = models.BooleanField(
        _("create users at their first sign-in"),
        default=True,
        help_text=_("If off, only people who are tied to a user, or can be linked, can sign in."),
    )
    allow_guests = models.BooleanField(
        _("let guests of the directory in"),
        default=True,
        help_text=_("Guests are people of other organisations whom the directory has invited."),
    )
    link_by_email = models.BooleanField(
        _("link existing users by email"),
        default=False,
        help_text=_(
            "At a first sign-in, tie the person to the user who has the same email address, if: "
            "the address is in Microsoft's claim “email”; its domain is this connection's domain "
            "or alias, and Microsoft confirms at that moment that it belongs to the connection's "
            "own directory; the person is a member of that directory and not a guest; exactly one "
            "user has the address; and that user is active, not tied to anybody yet, neither staff "
            "nor superuser, and holds no permission, not even through a group. The user's password "
            "and open sessions then end. This app cannot check that the user's stored address is "
            "really theirs: use this only if your site confirms addresses before it stores them."
        ),
    )
    prompt = models.CharField(
        _("prompt"),
        max_length=14,
        choices=Prompt.choices,
        default=Prompt.NONE,
        db_default=Prompt.NONE,
        blank=True,
        help_text=_("What Microsoft asks at each sign-in, even of people who are signed in there."),
    )
    show_as_button = models.BooleanField(
        _("show as button"),
        default=True,
        help_text=_(
            "Shows “Continue with …” on the sign-in page. If off, people use their email address "
            "or a direct link."
        ),
    )
    applications = models.ManyToManyField(
        Application,
        through="EnabledConnection",
        related_name="connections",
        verbose_name=_("applications"),
        blank=True,
    )
    contact_email = models.EmailField(
        _("contact"),
        blank=True,
        validators=[validate_plain_text],
        help_text=_(
            "Gets an email, like this site's ADMINS, before a client secret expires (check_secrets "
            "--email) and when a domain of the connection is no longer verified."
        ),
    )
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    updated_at = models.DateTimeField(_("updated"), auto_now=True)

    objects = Connections.as_manager()

    class Meta:
        verbose_name = _("connection")
        verbose_name_plural = _("connections")
        ordering = ["name_key"]
        indexes = [
            # The sign-in page's buttons: few, among however many connections.
            models.Index(
                fields=["show_as_button", "display_name", "name_key"],
                name="azuread_connection_buttons",
            ),
            # The connection of an access token, by its audience. Not on the field: see ``Event``.
            models.Index(fields=["client_id"], name="azuread_connection_client"),
            # Searches of the log. The name has its key.
            LookupIndex(
                fields=["display_name"], name="azuread_connection_display", ignores_case=True
            ),
        ]
        permissions = [
            ("manage_secret", _("Can add and remove credentials")),
            ("consent_connection", _("Can ask a directory for consent")),
            ("search_directory", _("Can search the directory's users")),
            ("try_connection", _("Can check and try connections")),
            ("export_connection", _("Can export connections")),
        ]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Store it, and the rows of its own domain and directory.

        Raises ``ValidationError`` if its directory is that of personal accounts, and for a domain
        where anybody can have an address, common endpoint or not: all those people would be sent
        here. ``bulk_create`` and ``update`` do not call ``save``, so they do not refuse it;
        discovery ignores such a row.
        """
        if "domain" in (kwargs.get("update_fields") or ("domain",)):
            refuse_consumer_domain(self.domain)
        if self.tenant_id == PERSONAL_TENANT_ID:
            raise no_own_directory(self.domain)
        self.name_key = self.name.lower()
        names = kwargs.get("update_fields")
        if names:
            kwargs["update_fields"] = {*names, "updated_at"}
        # A sign-in that began with the old values compares it: see ``ConnectionEdited``. Where the
        # field was deferred, setting it makes it count as read, so that Django stores it.
        self.updated_at = timezone.now()
        pins = names is None or "tenant_id" in names
        former = self._former_directory(kwargs.get("using")) if pins else ""
        super().save(*args, **kwargs)
        if names is None:
            self._sync_primary_alias()
        if pins:
            self._sync_own_directory(former)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        alias = kwargs.get("using") or router.db_for_write(type(self), instance=self)
        with transaction.atomic(using=alias):
            # Lock in the order of a sign-in, identities first. A sign-in that is about to store an
            # identity then waits for the second lock and finds the connection gone. Otherwise it
            # could store one after this update, which would make the deletion fail.
            self.identities.using(alias).update(connection=None)
            type(self)._default_manager.using(alias).select_for_update().filter(pk=self.pk).first()
            # End the group memberships that its mappings gave.
            self.group_grants.using(alias).end()
            return super().delete(*args, **kwargs)

    @property
    def label(self) -> str:
        """The name on the button: "Continue with {label}"."""
        return self.display_name or self.name

    @property
    def directory(self) -> str:
        """The tenant segment of requests to its own directory: the GUID, else the domain."""
        return self.tenant_id or self.domain

    @property
    def identity_cloud(self) -> str:
        """Its cloud as part of an identity's key: clouds with one login host share a name."""
        return identity_cloud(self.cloud)

    @property
    def sign_in_segment(self) -> str:
        """The tenant segment of its sign-ins."""
        return "common" if self.use_common_endpoint else self.directory

    @property
    def is_complete(self) -> bool:
        """Whether it has a domain and a client ID. One that a set-up link begins has neither, and
        nobody can sign in with it."""
        return bool(self.domain and self.client_id)

    def _sync_primary_alias(self) -> None:
        """Give the connection's own domain its row, which holds its verification."""
        self.aliases.filter(is_primary=True).exclude(domain=self.domain).delete()
        if not self.domain:
            return
        self.aliases.update_or_create(domain=self.domain, defaults={"is_primary": True})

    def _former_directory(self, using: str | None) -> str:
        """Return the stored pinned directory if it differs from the present one, else ""."""
        if self._state.adding:
            return ""
        alias = using or router.db_for_write(type(self), instance=self)
        stored = type(self)._default_manager.using(alias).filter(pk=self.pk)
        return (
            stored.exclude(tenant_id=self.tenant_id).values_list("tenant_id", flat=True).first()
            or ""
        )

    def _sync_own_directory(self, former: str = "") -> None:
        if self.tenant_id:
            directory_pinned.send(type(self), connection=self, former=former)

    def pin(self, tenant_id: str) -> None:
        """Store that the domain belongs to this directory, as Microsoft has answered.

        The directory is pinned if the connection has none yet. This never moves a pin: a domain of
        another directory is not verified. Raises ``ValidationError`` for the directory of personal
        accounts.
        """
        if tenant_id == PERSONAL_TENANT_ID:
            raise no_own_directory(self.domain)
        this = type(self)._default_manager.filter(pk=self.pk, domain=self.domain)
        this.filter(tenant_id="").update(tenant_id=tenant_id)
        self.refresh_from_db(fields=["tenant_id"])
        self._sync_own_directory()
        if self.tenant_id == tenant_id:
            self.aliases.filter(domain=self.domain).mark_verified(tenant_id)

    def clean_fields(self, exclude: Any = None) -> None:
        """Validate, and normalise the client ID and the domain."""
        super().clean_fields(exclude=exclude)
        excluded = exclude or ()
        if "client_id" not in excluded:
            self.client_id = self.client_id.lower()
        if "domain" not in excluded:
            self.domain = clean_alias(self.domain)

    def clean(self) -> None:
        super().clean()
        if self.tenant_id == PERSONAL_TENANT_ID:
            raise ValidationError({"domain": no_own_directory(self.domain)})
        self.name_key = self.name.lower()
        connections = type(self)._default_manager
        if not self._state.adding:
            stored_name = str(connections.values_list("name", flat=True).get(pk=self.pk))
            if self.name != stored_name:
                raise ValidationError({"name": name_is_fixed(stored_name)})
            self._check_mappings()
        elif is_taken(self.name_key):
            raise ValidationError({"name": name_is_taken(self.name)})

    def _check_mappings(self) -> None:
        """Refuse to switch off an option that stored mappings need: a group or a role that lets
        people in would then let everybody in."""
        if self.security_groups and self.app_roles:
            return
        roles = self.group_mappings.order_by().values_list("role", flat=True)
        are_roles = {bool(role) for role in roles.distinct()}
        if not self.security_groups and False in are_roles:
            raise ValidationError({"security_groups": needs_security_groups()})
        if not self.app_roles and True in are_roles:
            raise ValidationError({"app_roles": needs_app_roles()})


def is_taken(name_key: str) -> bool:
    """Return whether a connection has this name, given in lower case."""
    return Connection._default_manager.filter(name_key=name_key).exists()
