"""What each section of a connection's page says while it is closed: what is set, in one line."""

from __future__ import annotations

from django.utils.text import capfirst
from django.utils.translation import gettext, ngettext

from ...credentials.status import connection_credential_state
from ...models import Connection
from .consent import Box


def summaries(connection: Connection) -> dict[str, str]:
    """Return the lines by the section's key, for a stored connection. A few queries."""
    return {
        "general": _joined(
            connection.domain,
            _aliases(connection),
            connection.get_cloud_display() if connection.cloud != connection.Cloud.GLOBAL else "",
        ),
        "credentials": _joined(connection.client_id, _credentials(connection)),
        "options": _joined(
            connection.get_identity_api_display(), _directories(connection), _prompt(connection)
        ),
        "attributes": _attributes(connection),
        "people": _people(connection),
        "applications": _applications(connection),
    }


def consent_summary(consent: Box) -> str:
    """Return how many of the permissions that the options need are proven."""
    if not consent.needs:
        return gettext("usually not needed")
    proven = sum(1 for need in consent.needs if need.since is not None)
    return gettext("%(proven)d of %(all)d permissions confirmed") % {
        "proven": proven,
        "all": len(consent.needs),
    }


def _joined(*parts: str) -> str:
    return "; ".join(filter(None, parts))


def _aliases(connection: Connection) -> str:
    number = connection.aliases.filter(is_primary=False).count()
    if not number:
        return ""
    return ngettext("%(number)d alias", "%(number)d aliases", number) % {"number": number}


def _credentials(connection: Connection) -> str:
    credentials = list(connection.credentials.defer("value"))
    state = connection_credential_state(credentials).text
    if len(credentials) < 2:
        return state
    return gettext("%(number)d credentials: %(state)s") % {
        "number": len(credentials),
        "state": state,
    }


def _directories(connection: Connection) -> str:
    if not connection.use_common_endpoint:
        return gettext("only its own directory")
    return gettext("common endpoint, new directories: %(what)s") % {
        "what": connection.get_new_directories_display()
    }


def _prompt(connection: Connection) -> str:
    return {
        Connection.Prompt.SELECT_ACCOUNT.value: gettext("asks which account to use"),
        Connection.Prompt.LOGIN.value: gettext("asks to sign in again"),
    }.get(connection.prompt, "")


def _attributes(connection: Connection) -> str:
    switches = (
        *("extended_profile", "security_groups", "nested_groups", "app_roles"),
        "enable_users_api",
    )
    chosen = [_label(connection, name) for name in switches if getattr(connection, name)]
    synced = {
        Connection.SyncProfile.EACH_LOGIN: gettext("synced at each login"),
        Connection.SyncProfile.FIRST_LOGIN: gettext("synced at the first login"),
        Connection.SyncProfile.NEVER: gettext("never synced"),
    }
    when = synced.get(Connection.SyncProfile(connection.sync_profile), "")
    return _joined(", ".join([gettext("Basic Profile"), *chosen]), when)


def _label(connection: Connection, name: str) -> str:
    label = str(connection._meta.get_field(name).verbose_name)  # type: ignore[union-attr]
    return gettext("Users API") if name == "enable_users_api" else capfirst(label)


def _people(connection: Connection) -> str:
    rows = connection.group_mappings.count()
    mappings = ngettext("%(rows)d group mapping", "%(rows)d group mappings", rows)
    return _joined(
        gettext("new users are created") if connection.create_users else gettext("no new users"),
        gettext("guests can sign in") if connection.allow_guests else gettext("no guests"),
        gettext("existing users are linked by email") if connection.link_by_email else "",
        mappings % {"rows": rows} if rows else "",
    )


def _applications(connection: Connection) -> str:
    names = [application.name for application in connection.applications.all()]
    if not names:
        return gettext("none: nobody can use it")
    shown = gettext("shown as a button") if connection.show_as_button else gettext("no button")
    return _joined(", ".join(names), shown)
