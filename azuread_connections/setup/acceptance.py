"""Tests what the customer's administrator has entered, and stores what Microsoft accepts.

Only accepted values reach the connection. Otherwise somebody with a link could pin the directory of
any other company, whose people other connections would then refuse. They still can if they have a
multi-tenant app that the other company has let into its directory: see docs/setup-links.md.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.core.exceptions import ImproperlyConfigured
from django.db import router, transaction
from django.db.models import Q
from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import lazy
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from .. import domains
from ..credentials.addition import CredentialAddition, plan_certificate, plan_secret
from ..credentials.certificates import KeyPair
from ..entra.cloud import clouds_sharing_login
from ..entra.errors import (
    CredentialFailed,
    EntraError,
    MicrosoftError,
    OtherCloud,
    PersonalDirectory,
)
from ..entra.frames import without_frame_variables
from ..login.log import setup_events
from ..microsoft.app_token import request_with
from ..microsoft.wording import Text, describe_error
from ..models import Connection, Credential, Directory, SetupLink, SetupSession
from ..models.credential import in_order_of_use
from ..models.refusals import no_own_directory
from . import steps
from .connections import can_change_directory
from .credentials import can_name, remember_entered
from .draft import Draft
from .locks import locked

_Kind = Credential.Kind
#: AADSTS numbers by what is wrong. The catalogue in ``entra.aadsts`` is for the site's own staff.
_UNKNOWN_APP = frozenset({700016, 7000229, 90112})
_WRONG_SECRET = frozenset({7000215})
_EXPIRED_SECRET = frozenset({7000222})
_UNKNOWN_CERTIFICATE = frozenset({700027, 700030, 7000213, 7000214})

#: Texts that are put together only when they are shown: a page is in the customer's language, the
#: log in English.
_filled = lazy(lambda text, names: str(text) % names, str)
_described = lazy(lambda error: str(describe_error(error)), str)
_found = lazy(lambda error: str(describe_error(error).found), str)
_remedy = lazy(lambda error: str(describe_error(error).remedy), str)
_no_own_directory = lazy(lambda domain: no_own_directory(domain).messages[0], str)


class Refused(Exception):
    """Why the values were not accepted. ``field``: which one is wrong, "" if that is not known.

    ``found``: what was seen; ``remedy``: what is expected, and where to change it; ``page``: the
    page of the admin center, "" for none; ``logged``: what the site's log says instead of
    ``found``, where that names something of this site. The log has it in English.
    """

    def __init__(
        self, field: str, found: Text, remedy: Text = "", page: str = "", *, logged: Text = ""
    ) -> None:
        super().__init__(found)
        self.field, self.found, self.remedy, self.page = field, found, remedy, page
        with override(None):
            self.logged = str(logged or found)


class DirectoryInUse(Refused):
    """Another connection, ``owner``, has the directory of ``domain`` already.

    ``is_pinned``: as its own; otherwise it only lets its people in.
    """

    def __init__(self, domain: str, owner: Connection, *, is_pinned: bool) -> None:
        super().__init__(
            "domain",
            _filled(
                _("The directory of %(domain)s is already in use on this site."),
                {"domain": domain},
            ),
            _(
                "Enter a domain of your own organisation. If it is yours, ask the person who "
                "invited you: only the site's administrator can decide which connection it is for."
            ),
            "directory",
        )
        self.domain, self.owner, self.is_pinned = domain, owner, is_pinned


@dataclass(frozen=True)
class Accepted:
    """What Microsoft has accepted, and was stored."""

    credential: Credential
    is_new: bool


def accept(request: HttpRequest, link: SetupLink) -> Accepted:
    """Test the link's draft against Microsoft, store it in the connection, and log the outcome.

    Raises ``Refused``: both logs say so if the directory is another connection's.
    """
    try:
        accepted = _test_and_store(link)
    except Refused as refused:
        # Here: what is written in the transaction of a refusal is rolled back.
        setup_events.record_setup_step(request, link, f"Not accepted: {refused.logged}")
        if isinstance(refused, DirectoryInUse):
            whose = (
                "this connection's directory"
                if refused.is_pinned
                else "a directory that this connection lets in"
            )
            setup_events.record_domain_refused(
                refused.owner,
                link,
                f"The set-up of the connection {link.connection_name} entered {refused.domain}, a "
                f"domain of {whose}.",
            )
        raise
    setup_events.record_setup_step(request, link, _about(accepted))
    return accepted


def _about(accepted: Accepted) -> str:
    """Return the event's text, in English. It names the credential as the admin does."""
    connection, credential = accepted.credential.connection, accepted.credential
    return (
        f"Microsoft has accepted the {credential.kind} {credential} for the client ID "
        f"{connection.client_id} in the directory {connection.tenant_id} ({connection.domain})."
    )


@without_frame_variables
def _test_and_store(link: SetupLink) -> Accepted:
    connection, draft = link.connection, Draft.of(link)
    if connection is None:
        raise Refused("", _("The connection was deleted."))
    candidate = _candidate(connection, link, draft)
    try:
        answer = _directory_of(candidate)
    except ImproperlyConfigured as error:
        raise Refused(
            "",
            _("This site's settings do not allow it to ask Microsoft."),
            _("Tell the person who invited you."),
            logged=str(error),
        ) from None
    credential = draft.credential or _stored(connection)
    if credential is None:
        raise Refused(
            "client_secret",
            _("The app has no credential yet."),
            _("Download the certificate and upload it, or enter a client secret."),
        )
    _test(link, candidate, credential)
    with locked(link):
        stored = link.connection
        if stored is None or not link.is_usable or link.finished_at is not None:
            raise Refused("", _("The set-up was finished or ended meanwhile. Nothing was saved."))
        if Draft.of(link) != draft:
            raise Refused("", _("Somebody else has saved other values meanwhile: see below."))
        _store_directory(link, stored, candidate)
        result = _store_credential(stored, credential)
        Draft().store(link)
        if not credential.pk:
            remember_entered(link, result.credential)
    if answer is not None:
        # Outside the transaction: it can withdraw proofs of other connections, and write mails.
        domains.settle(stored, answer)
    return result


def _candidate(connection: Connection, link: SetupLink, draft: Draft) -> Connection:
    """Return the connection, not stored, as it would be with the draft's values."""
    changes = can_change_directory(link)
    domain = (draft.domain if changes else "") or connection.domain
    is_same = domain == connection.domain
    return Connection(
        pk=connection.pk,
        name=connection.name,
        cloud=connection.cloud,
        identity_api=connection.identity_api,
        domain=domain,
        client_id=(draft.client_id if changes else "") or connection.client_id,
        tenant_id=connection.tenant_id if is_same else "",
    )


def _directory_of(candidate: Connection) -> domains.Answer | None:
    """Set the directory that Microsoft names for the domain; None if it is known already."""
    if candidate.tenant_id:
        return None
    answer = domains.ask(candidate, candidate.domain)
    names = {"domain": candidate.domain}
    if isinstance(answer.error, PersonalDirectory):
        raise Refused(
            "domain",
            _no_own_directory(candidate.domain),
            _("Check the spelling. The admin center shows it under Overview › Primary domain."),
            "directory",
        )
    if isinstance(answer.error, OtherCloud):
        raise Refused(
            "domain",
            _found(answer.error),
            _("Ask the person who invited you: this set-up is for another cloud of Microsoft's."),
        )
    if answer.says_unknown:
        raise Refused(
            "domain",
            _filled(_("Microsoft knows no directory with the domain %(domain)s."), names),
            _("Check the spelling. The admin center shows it under Overview › Primary domain."),
            "directory",
        )
    if answer.error is not None:
        raise Refused(
            "",
            _filled(
                _("Microsoft could not be asked about the domain: %s"), _described(answer.error)
            ),
            _("Your entries are saved. Try again in a few minutes."),
        )
    if answer.tenant_id == candidate.client_id:
        raise Refused(
            "client_id",
            _("This is the “Directory (tenant) ID”."),
            _("Copy the line “Application (client) ID” of the app's overview."),
            "overview",
        )
    candidate.tenant_id = answer.tenant_id
    return answer


def _require_free(connection: Connection, candidate: Connection) -> None:
    """Refuse a directory that another connection uses.

    Called after the test: at this step, whoever has no app in a directory does not learn that it is
    in use here. The step ``domains`` does say that a domain is verified here: see ``add_domain``.
    """
    if candidate.tenant_id == connection.tenant_id:
        return
    clouds = clouds_sharing_login(candidate.cloud)
    of_others = Connection._default_manager.exclude(pk=connection.pk).filter(cloud__in=clouds)
    own = Q(tenant_id=candidate.tenant_id)
    allowed = Directory._default_manager.filter(
        tenant_id=candidate.tenant_id, status=Directory.Status.ALLOWED
    )
    allows = Q(pk__in=allowed.values("connection"))
    # The one whose own directory it is comes first: its log is where the event belongs.
    owner = of_others.filter(own).first() or of_others.filter(allows).first()
    if owner is not None:
        is_pinned = owner.tenant_id == candidate.tenant_id
        raise DirectoryInUse(candidate.domain, owner, is_pinned=is_pinned)


@without_frame_variables
def _test(link: SetupLink, candidate: Connection, credential: Credential) -> None:
    """Request a token of the app with the credential."""
    try:
        request_with(candidate, credential.for_request(candidate))
    except CredentialFailed as error:
        if isinstance(error, MicrosoftError) and can_name(link, credential):
            raise _explained(candidate, credential, error) from None
        raise Refused(
            "client_secret",
            _("Microsoft does not accept the secret or certificate, or there is none."),
            _("Enter a new one."),
            "credentials",
            logged=_filled("%s: %s", (credential, _described(error))),
        ) from None
    except MicrosoftError as error:
        raise _explained(candidate, credential, error) from None
    except EntraError as error:
        raise Refused(
            "",
            _filled(_("Microsoft could not be asked: %s"), _described(error)),
            _("Your entries are saved. Try again in a few minutes."),
        ) from None


def _explained(candidate: Connection, credential: Credential, error: MicrosoftError) -> Refused:
    code = error.aadsts_code
    names = {
        "client_id": candidate.client_id,
        "domain": candidate.domain,
        "directory": candidate.tenant_id,
        "hint": str(credential),
    }
    if code in _UNKNOWN_APP:
        remedy = _(
            "Compare two lines of the app's overview: “Application (client) ID” belongs here, "
            "not “Object ID”; and “Directory (tenant) ID” must be %(directory)s. If it is "
            "another one, the app is registered in another directory: change the domain, or "
            "register the app again."
        )
        return Refused(
            "client_id",
            _filled(
                _("The directory of %(domain)s has no app with the client ID %(client_id)s."), names
            ),
            _filled(remedy, names),
            "overview",
        )
    if code in _WRONG_SECRET:
        return Refused(
            "client_secret",
            _filled(_("Microsoft does not accept the secret that begins with %(hint)s."), names),
            _(
                "Copy the column “Value”, not “Secret ID”, of a secret of this very app. Azure "
                "shows the value only once: if it is gone, create a new secret. One that was just "
                "created can take a minute to work."
            ),
            "credentials",
        )
    if code in _EXPIRED_SECRET:
        return Refused(
            "client_secret",
            _filled(_("The secret that begins with %(hint)s has expired."), names),
            _("Create a new one, and enter its value and its end."),
            "credentials",
        )
    if code in _UNKNOWN_CERTIFICATE:
        return Refused(
            "certificate",
            _filled(
                _("The app does not have the certificate with the thumbprint %(hint)s yet."), names
            ),
            _(
                "Upload the file that you download here under Certificates & secrets › "
                "Certificates, and press “Add” there. It can take a minute to work."
            ),
            "credentials",
        )
    return Refused("", _found(error), _remedy(error), "overview")


def _stored(connection: Connection) -> Credential | None:
    stored = in_order_of_use(list(connection.credentials.all()))
    return next((each for each in stored if each.is_readable), None)


def _store_directory(link: SetupLink, stored: Connection, candidate: Connection) -> None:
    """Write the values that Microsoft has accepted, unless they are the connection's own."""
    new = (candidate.domain, candidate.client_id, candidate.tenant_id)
    if new == (stored.domain, stored.client_id, stored.tenant_id):
        return
    if not can_change_directory(link):
        raise Refused("", _("The connection is in use now, so its domain cannot be changed here."))
    _require_free(stored, candidate)
    stored.domain, stored.client_id, stored.tenant_id = new
    stored.save()
    # What was proven was proven of another app or directory.
    stored.credentials.update(last_success_at=None)
    SetupSession._default_manager.filter(link__connection=stored).update(trial=None, consent=None)
    links = SetupLink._default_manager.filter(connection=stored)
    for each in links:
        steps.go_back_to(each, steps.CREDENTIALS)
    link.step = steps.CREDENTIALS if link.step else link.step
    # What waits for approval was tried with other values.
    waiting = links.filter(finished_at__isnull=False, approved_at__isnull=True)
    for each in waiting.select_related("connection"):
        setup_events.record_setup_link(each, f"Reopened: another link has entered {stored.domain}.")
    waiting.update(finished_at=None)


@without_frame_variables
def _store_credential(connection: Connection, credential: Credential) -> Accepted:
    if credential.pk:
        credential.record_success()
        return Accepted(credential, is_new=False)
    using = router.db_for_write(Credential, instance=connection)
    known = list(connection.credentials.all())
    addition: CredentialAddition
    if credential.kind == _Kind.SECRET:
        addition = plan_secret(known, credential.value.reveal(), credential.expires_at)
    else:
        addition = plan_certificate(
            known,
            KeyPair(credential.value.reveal(), credential.certificate),
        )
    with transaction.atomic(using=using):
        addition.save(connection, using)
    Credential._default_manager.filter(pk=addition.credential.pk).update(
        last_success_at=timezone.now(), refused_at=None, is_unavailable=False
    )
    return Accepted(addition.credential, addition.is_new)
