"""Client secrets on an application's page: a table of those stored, and pages to add and delete
one. A secret is shown once, on the page that follows its addition."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeAlias

from django import forms
from django.contrib import messages
from django.contrib.admin import ModelAdmin
from django.contrib.admin.utils import quote
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Max
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_variables

from ...admin.connection.history import added_and_removed, secret_change_entries
from ...admin.rights import may
from ...admin.widgets.dates import ExpiryDateField, short_time
from ...admin.widgets.field_texts import field_texts
from ...admin.widgets.links import admin_url, as_key
from ...models import Application
from ...models.expiry import day_of
from ..models import OAuthClient, OAuthClientSecret
from ..models.client_secret import digest_of
from .rights import ADD_SECRET, DELETE_SECRET

Page: TypeAlias = "ModelAdmin[Application]"
#: From so long before its end on, a secret is marked.
SOON = timedelta(days=30)


class NewSecretForm(forms.Form):
    expires_at = ExpiryDateField(
        label=field_texts(OAuthClientSecret, "expires_at")["label"],
        required=False,
        help_text=_("From this day on (UTC), the secret is refused. Empty: it has no end."),
    )

    def clean_expires_at(self) -> datetime | None:
        end: datetime | None = self.cleaned_data["expires_at"]
        if end is not None and end <= timezone.now():
            raise ValidationError(_("Enter a day in the future."), code="past")
        return end


@dataclass(frozen=True)
class SecretRow:
    """A stored secret, as the table shows it."""

    pk: int
    begins_with: str
    added: str
    ends: str
    state: str
    #: The state as a CSS class of the admin's pages.
    style: str


def rows(client: OAuthClient) -> list[SecretRow]:
    now = timezone.now()
    return [_row(secret, now, is_public=client.is_public) for secret in client.secrets.all()]


def _row(secret: OAuthClientSecret, now: datetime, *, is_public: bool) -> SecretRow:
    end = secret.expires_at
    if end is not None and end <= now:
        state, style = gettext("expired"), "expired"
    elif is_public:
        state, style = gettext("not used"), "unknown"
    elif end is not None and end <= now + SOON:
        state, style = gettext("expires soon"), "expiring"
    else:
        state, style = gettext("valid"), "valid"
    ends = day_of(end).isoformat() if end is not None else gettext("never")
    return SecretRow(secret.pk, str(secret), short_time(secret.created_at), ends, state, style)


def no_longer_used() -> str:
    """The warning after a client has become public."""
    return gettext(
        "The client is public now: its client secrets are no longer asked for, and its refresh "
        "tokens have been revoked. People sign in again."
    )


def may_add(page: Page, request: HttpRequest, application: Application) -> bool:
    return (
        not application.oauth_client.is_public
        and page.has_change_permission(request, application)
        and may(request, ADD_SECRET)
    )


def may_delete(page: Page, request: HttpRequest, application: Application) -> bool:
    return page.has_change_permission(request, application) and may(request, DELETE_SECRET)


@sensitive_variables("value", "context")
def add(page: Page, request: HttpRequest, application: Application) -> HttpResponse:
    """Ask for the end of a new secret; then create it and show it, this once."""
    if not may_add(page, request, application):
        raise PermissionDenied
    client = application.oauth_client
    newest = str(client.secrets.aggregate(newest=Max("pk"))["newest"] or 0)
    if request.method == "POST" and request.POST.get("newest", newest) != newest:
        # The page that shows a secret was loaded again, or somebody else was faster.
        hint = gettext("A client secret was added meanwhile. Add another only if it is needed.")
        page.message_user(request, hint, messages.WARNING)
        return HttpResponseRedirect(request.path)
    form = NewSecretForm(request.POST if request.method == "POST" else None)
    if not form.is_valid():
        live = OAuthClientSecret.objects.filter(client=client).live(timezone.now()).count()
        context = page_context(page, request, application, gettext("Add a client secret"))
        context |= {"form": form, "live": live, "newest": newest}
        return render(request, "azuread_connections/provider/admin_add_secret.html", context)
    value = OAuthClientSecret.objects.add(client, expires_at=form.cleaned_data["expires_at"])
    stored = client.secrets.get(digest=digest_of(value))
    lines: Any = secret_change_entries(stored, is_new=True, was_dated=False)
    page.log_change(request, application, lines)
    context = page_context(page, request, application, gettext("The new client secret"))
    context |= {"secret": value, "ends": stored.expires_at and day_of(stored.expires_at)}
    return render(request, "azuread_connections/provider/admin_secret.html", context)


def delete(page: Page, request: HttpRequest, application: Application) -> HttpResponse:
    """Delete a secret (``?secret=KEY``), after a confirmation."""
    if not may_delete(page, request, application):
        raise PermissionDenied
    key = as_key(request.GET.get("secret", ""))
    secret = application.oauth_client.secrets.filter(pk=key or 0).first()
    if secret is None:
        raise Http404
    if request.method != "POST":
        context = page_context(page, request, application, gettext("Delete a client secret"))
        others = OAuthClientSecret.objects.filter(client=secret.client).exclude(pk=secret.pk)
        context |= {
            "secret": secret,
            "is_last": not others.live(timezone.now()).exists()
            and not application.oauth_client.is_public,
        }
        return render(request, "azuread_connections/provider/admin_delete_secret.html", context)
    row = ("client secret", str(secret))
    secret.delete()
    lines: Any = added_and_removed({row}, set())
    page.log_change(request, application, lines)
    done = gettext("The client secret %(secret)s is deleted.") % {"secret": row[1]}
    page.message_user(request, done, messages.SUCCESS)
    return to_application(page, application)


def page_context(
    page: Page, request: HttpRequest, application: Application, title: str
) -> dict[str, Any]:
    """Return what the templates of the pages of a client need."""
    # The admin's URLs in templates are those of this admin site.
    request.current_app = page.admin_site.name
    return {
        **page.admin_site.each_context(request),
        "opts": page.opts,
        "application": application,
        "client": application.oauth_client,
        "title": title,
        "media": page.media,
    }


def to_application(page: Page, application: Application) -> HttpResponseRedirect:
    url = admin_url(page.admin_site, application, "change", quote(application.pk))
    return HttpResponseRedirect(url)
