"""Check now: tests everything about a connection that does not need a person to sign in.

Each step sends Microsoft the smallest request that proves it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.db import models
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from .. import domains
from ..dns_proof.records import Lookup
from ..dns_proof.wording import advise, describe
from ..entra.errors import EntraError, OtherCloud
from ..entra.graph import GraphError
from ..entra.tokens import AppToken
from ..microsoft import client as microsoft
from ..microsoft.app_token import token_with
from ..microsoft.permissions import USER_READ_ALL, permissions_needed
from ..microsoft.wording import Text, describe_error
from ..models import Connection, Credential, DomainAlias, UndecryptableError
from .signing_keys import KeyRefresh


class StepResult(models.TextChoices):
    PASSED = "passed", gettext_lazy("passed")
    FAILED = "failed", gettext_lazy("failed")
    UNKNOWN = "unknown", gettext_lazy("not known yet")


@dataclass(frozen=True)
class Step:
    """One step of the check. ``found``: the evidence; ``remedy``: what to do, "" if nothing."""

    title: Text
    outcome: StepResult
    found: Text
    remedy: Text = ""


def probe(
    connection: Connection, most_aliases: int | None = None, *, drop_unpublished_keys: bool = False
) -> Iterator[Step]:
    """Check a connection step by step; yield each step as soon as its result is known.

    ``most_aliases``: how many domain aliases to ask about at most; None: all.
    ``drop_unpublished_keys``: forget signing keys that Microsoft does not currently publish.
    """
    try:
        yield from _steps(connection, most_aliases, drop_unpublished_keys)
    except Connection.DoesNotExist:
        yield Step(_("Connection"), StepResult.FAILED, _("It was deleted meanwhile."))


def probe_application_permissions(connection: Connection) -> list[Step]:
    """Check only what the app may do without a signed-in person, with a credential that works.

    No step if the connection's options need no such permission.
    """
    needed = [each for each in permissions_needed(connection) if each.kind == "application"]
    if not needed:
        return []
    results = (_credential(connection, each) for each in connection.credentials.all())
    token = next((accepted for _step, accepted in results if accepted), None)
    return [_application_permission(connection, each.name, token) for each in needed]


def _steps(
    connection: Connection, most_aliases: int | None, drop_unpublished_keys: bool
) -> Iterator[Step]:
    if not connection.is_complete:
        yield Step(
            _("Connection"),
            StepResult.UNKNOWN,
            _("It is not set up yet: the domain and the client ID are missing."),
            _("Enter them, or wait until the customer has done so with the set-up link."),
        )
        return
    yield _directory(connection)
    yield from _aliases(connection, most_aliases)
    yield _keys(connection, drop_unpublished_keys)
    token = None
    for credential in connection.credentials.all():
        step, accepted = _credential(connection, credential)
        token = token or accepted
        yield step
    if not connection.credentials.exists():
        yield Step(
            _("Credential"),
            StepResult.FAILED,
            _("The connection has none."),
            _("Add a client secret, a certificate or a federated credential."),
        )
    yield from _permissions(connection, token)


def _directory(connection: Connection) -> Step:
    title = _("Directory")
    answer = domains.check(connection, connection.domain)
    if isinstance(answer.error, OtherCloud):
        return _failed(title, answer.error)
    if _is_verified_by_dns(connection, answer):
        return Step(title, StepResult.PASSED, _by_dns(answer))
    if answer.says_unknown:
        return Step(
            title,
            StepResult.FAILED,
            _("Microsoft knows no directory with the domain %s.") % connection.domain,
            _("Correct the Microsoft Azure AD Domain, or choose another cloud."),
        )
    if answer.error is not None:
        return _failed(title, answer.error)
    if connection.tenant_id != answer.tenant_id:
        return Step(
            title,
            StepResult.FAILED,
            _("%(domain)s belongs to directory %(found)s, but this connection trusts %(pinned)s.")
            % {
                "domain": connection.domain,
                "found": answer.tenant_id,
                "pinned": connection.tenant_id,
            },
            _("Enter a domain of the trusted directory, or confirm the other one in the form."),
        )
    return Step(title, StepResult.PASSED, f"{connection.domain}: {answer.tenant_id}")


def _aliases(connection: Connection, most: int | None) -> Iterator[Step]:
    """Ask about the aliases, those not checked for the longest time first."""
    further = connection.aliases.filter(is_primary=False)
    in_turn = further.order_by(F("checked_at").asc(nulls_first=True), "domain")
    chosen = [alias.domain for alias in in_turn[:most]]
    for answer in domains.check_in_turn(connection, chosen):
        yield _alias(connection, answer)
        if not answer.is_conclusive:
            return
    if (others := further.count() - len(chosen)) > 0:
        yield Step(
            _("Domain aliases"),
            StepResult.UNKNOWN,
            _("%d more were not checked: the command check_connections does it.") % others,
        )


def _alias(connection: Connection, answer: domains.Answer) -> Step:
    title = _("Domain alias %s") % answer.domain
    if not answer.is_conclusive and answer.error is not None:
        return _failed(title, answer.error)
    if answer.tenant_id and answer.tenant_id == connection.tenant_id:
        return Step(title, StepResult.PASSED, answer.tenant_id)
    if _is_verified_by_dns(connection, answer):
        return Step(title, StepResult.PASSED, _by_dns(answer))
    alias = connection.aliases.filter(domain=answer.domain).first()
    is_lost = alias is not None and alias.withdrawn_at is not None
    result = StepResult.FAILED if is_lost else StepResult.UNKNOWN
    if alias is not None and answer.records is not None:
        return _record_step(title, result, alias, answer.records)
    remedy = (
        _("It was verified before. Remove the alias, or ask the directory's administrator.")
        if is_lost
        else _effect_of(connection, alias, answer)
    )
    return Step(title, result, _found(answer), remedy)


def _found(answer: domains.Answer) -> Text:
    if answer.tenant_id:
        return _("It belongs to another directory, %s.") % answer.tenant_id
    if isinstance(answer.error, OtherCloud):
        return describe_error(answer.error).found
    return _("Microsoft knows no directory with this domain.")


def _effect_of(connection: Connection, alias: DomainAlias | None, answer: domains.Answer) -> Text:
    """Return what it means that a domain is not verified, and how to change that."""
    if alias is not None and alias.needs_proof:
        effect = _("Nobody with such an address is sent here until it is verified.")
    else:
        effect = _(
            "It leads people here, but an address in it links nobody and is not used as a name."
        )
    if answer.says_unknown and connection.tenant_id:
        effect += " " + _("The connection's page shows the DNS record that verifies it.")
    return effect


def _is_verified_by_dns(connection: Connection, answer: domains.Answer) -> bool:
    """Return whether the answer has just verified the domain by its DNS record."""
    if answer.records is None or not answer.records.is_conclusive:
        return False
    own = connection.aliases.filter(domain=answer.domain, verified_by=DomainAlias.VerifiedBy.DNS)
    return own.verified().exists()


def _by_dns(answer: domains.Answer) -> Text:
    return _("%s: its DNS record names the directory.") % answer.domain


def _record_step(title: Text, result: StepResult, alias: DomainAlias, found: Lookup) -> Step:
    outcome = found.outcome_for(alias.dns_token)
    return Step(
        title,
        result,
        _("Microsoft knows no directory with this domain.")
        + " "
        + describe(alias.domain, found, alias.dns_token),
        advise(outcome),
    )


def _keys(connection: Connection, drop_unpublished: bool) -> Step:
    title = _("Login host and signing keys")
    try:
        number = KeyRefresh(drop_unpublished=drop_unpublished).refresh(connection)
    except EntraError as error:
        return _failed(title, error)
    return Step(title, StepResult.PASSED, _("%d keys can be read.") % number)


def _credential(connection: Connection, credential: Credential) -> tuple[Step, AppToken | None]:
    """Request a token with exactly this credential; return the step and the token."""
    title = _("Client ID and %(kind)s %(credential)s") % {
        "kind": credential.get_kind_display(),
        "credential": credential,
    }
    try:
        token = token_with(connection, credential)
    except UndecryptableError as error:
        return Step(title, StepResult.FAILED, str(error)), None
    except EntraError as error:
        return _failed(title, error), None
    return Step(title, StepResult.PASSED, _("Microsoft accepts them.")), token


def _permissions(connection: Connection, token: AppToken | None) -> Iterator[Step]:
    granted = _delegated(connection)
    for permission in permissions_needed(connection):
        title = _("Permission %(name)s (%(kind)s)") % {
            "name": permission.name,
            "kind": permission.kind,
        }
        if permission.kind == "application":
            yield _application_permission(connection, title, token)
        elif permission.name in granted:
            yield Step(title, StepResult.PASSED, _("Granted at the last sign-in."))
        else:
            yield Step(title, StepResult.UNKNOWN, _("Known after “Try” or a sign-in."))


def _application_permission(connection: Connection, title: str, token: AppToken | None) -> Step:
    if not token:
        return Step(title, StepResult.UNKNOWN, _("Testing it needs a credential that works."))
    try:
        microsoft.graph(connection.cloud, token.access_token).users(size=1)
    except GraphError as error:
        if error.is_permission_missing:
            return Step(
                title,
                StepResult.FAILED,
                _("Graph refuses: the permission is not granted."),
                _("Add it to the app in Azure, then ask for consent on the connection's page."),
            )
        return _failed(title, error)
    except EntraError as error:
        return _failed(title, error)
    note_application_permission(connection)
    return Step(title, StepResult.PASSED, _("Graph answers."))


def note_application_permission(connection: Connection) -> None:
    """Store that Graph has accepted the app's own token in the connection's directory."""
    connection.directories.filter(tenant_id=connection.tenant_id).exclude(
        application_permissions=USER_READ_ALL
    ).update(application_permissions=USER_READ_ALL, application_since=timezone.now())


def _delegated(connection: Connection) -> set[str]:
    own = connection.directories.filter(tenant_id=connection.tenant_id).first()
    return set(own.delegated_scopes.split()) if own else set()


def _failed(title: Text, error: EntraError) -> Step:
    trouble = describe_error(error)
    return Step(title, StepResult.FAILED, trouble.found, trouble.remedy)
