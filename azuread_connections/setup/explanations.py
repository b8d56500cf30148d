"""Explains failures to the customer's administrator: what it means, and where to change it.

The catalogue of AADSTS codes speaks to this site's administrator. Where its remedy names a page
that only they have, the customer gets the step of the set-up instead.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ..entra.aadsts import explain, remedies
from ..entra.aadsts.explanation import Explanation
from ..microsoft import admin_center
from ..models import Connection
from . import steps

Text = str | Promise

_TELL_INVITER = gettext_lazy(
    "You cannot change this in Entra. Tell the person who invited you, with the code."
)
_CLIENT_ID = gettext_lazy(
    "In the Entra admin center, open the app's page Overview, and compare “Application (client) "
    "ID” and the domain with what you entered."
)
_ACCOUNT = gettext_lazy(
    "Check the address for typing mistakes. If it is right, check the domain that you entered."
)
_APPROVE = gettext_lazy(
    "In the Entra admin center, check under Enterprise applications that the app is enabled and "
    "that no admin consent request is open. Or grant the permissions in the step below."
)

#: What the customer does instead, and at which step. Compared by identity.
_BY_REMEDY: tuple[tuple[Text, Text, str], ...] = (
    (
        remedies.COPY_CALLBACK,
        gettext_lazy(
            "In Entra, open App registrations › your app › Authentication, and press “Add Redirect "
            "URI”. Add the redirect URI that the step below shows, with the platform “Web”. Each "
            "character has to match."
        ),
        steps.REGISTER,
    ),
    (
        remedies.WEB_PLATFORM,
        gettext_lazy(
            "In Entra, open App registrations › your app › Authentication. Remove the redirect URI "
            "from its present platform. Then press “Add Redirect URI”, and add it with the "
            "platform “Web”."
        ),
        steps.REGISTER,
    ),
    (
        remedies.MULTI_TENANT,
        gettext_lazy(
            "In Entra, open App registrations › your app › Authentication › Supported account "
            "types, and choose the account type that the step below names."
        ),
        steps.REGISTER,
    ),
    (
        remedies.ACCOUNT_TYPES,
        gettext_lazy(
            "In Entra, open App registrations › your app › Authentication › Supported account "
            "types, and choose the account type that the step below names."
        ),
        steps.REGISTER,
    ),
    (
        remedies.GRANT,
        gettext_lazy("An administrator of the directory has to grant them, in the step below."),
        steps.PERMISSIONS,
    ),
    (
        remedies.API_PERMISSIONS,
        gettext_lazy(
            "In Entra, open App registrations › your app › API permissions. Add the permissions of "
            "Microsoft Graph that the step below lists, then grant them there."
        ),
        steps.PERMISSIONS,
    ),
    (
        remedies.NEW_SECRET,
        gettext_lazy(
            "In Entra, open App registrations › your app › Certificates & secrets, create a new "
            "client secret, and enter its column “Value”, not “Secret ID”, in the step below."
        ),
        steps.CREDENTIALS,
    ),
    (
        remedies.UPLOAD_CERTIFICATE,
        gettext_lazy(
            "Download the certificate in the step below. In Entra, open App registrations › your "
            "app › Certificates & secrets › Certificates, and upload it. The thumbprints have to "
            "be the same."
        ),
        steps.CREDENTIALS,
    ),
    (
        remedies.RENEW_CERTIFICATE,
        gettext_lazy(
            "Download the certificate in the step below. In Entra, open App registrations › your "
            "app › Certificates & secrets › Certificates, and upload it."
        ),
        steps.CREDENTIALS,
    ),
    (
        remedies.RIGHT_CLOUD,
        gettext_lazy(
            "Compare the domain that you entered with “Primary domain” on your directory's page "
            "Overview in the Entra admin center."
        ),
        steps.CREDENTIALS,
    ),
    (
        remedies.RIGHT_CLOUD_THEN_GRANT,
        gettext_lazy("Grant the permissions again, in the step below."),
        steps.PERMISSIONS,
    ),
    (
        remedies.SHOW_AND_ASK,
        gettext_lazy(
            "Compare the client ID, the secret or certificate, and the domain with the "
            "registration in Entra, and try again. If it stays, tell the person who invited you."
        ),
        steps.CREDENTIALS,
    ),
    (
        remedies.LOOK_UP,
        gettext_lazy(
            "Microsoft's page about the code says more. If that does not help, tell the person who "
            "invited you, with the code."
        ),
        "",
    ),
    (remedies.SAME_FEDERATED, _TELL_INVITER, ""),
    (remedies.OUR_BUG, _TELL_INVITER, ""),
)
_BY_CODE: dict[int, tuple[Text, str]] = {
    700016: (_CLIENT_ID, steps.CREDENTIALS),
    90112: (_CLIENT_ID, steps.CREDENTIALS),
    700021: (_CLIENT_ID, steps.CREDENTIALS),
    90124: (_TELL_INVITER, ""),
    90027: (_TELL_INVITER, ""),
    500112: (_TELL_INVITER, ""),
    900432: (_TELL_INVITER, ""),
    900439: (_TELL_INVITER, ""),
    900440: (_TELL_INVITER, ""),
    50034: (_ACCOUNT, steps.CREDENTIALS),
    90095: (_APPROVE, steps.PERMISSIONS),
    90096: (_APPROVE, steps.PERMISSIONS),
    900941: (_APPROVE, steps.PERMISSIONS),
    1000031: (_APPROVE, steps.PERMISSIONS),
}
#: Another directory than the connection's own.
_OTHER_DIRECTORY = frozenset({16000, 16003, 50020, 50177, 50178, 51004, 90072})

#: Codes that Microsoft shows on its own page, from which nobody returns.
DEAD_ENDS = (50011, 700016, 50194, 9002325, 90094, 50020)
#: The page of the app in the admin center, by the step at which the customer has been there.
_PLACE_OF_STEP: dict[str, admin_center.AppPage] = {
    steps.REGISTER: "authentication",
    steps.PERMISSIONS: "permissions",
}
_PLACES: dict[int, admin_center.AppPage] = {
    **dict.fromkeys((7000215, 7000216, 7000218, 7000222, 70002, 700027), "credentials"),
    700016: "overview",
    90112: "overview",
}
_CODE = re.compile(r"AADSTS\s?([0-9]{4,9})", re.IGNORECASE)
_NUMBER = re.compile(r"(?<![0-9a-f-])([0-9]{4,9})(?![0-9a-f-])", re.IGNORECASE)


#: Codes of ``login.log.failures``.
_WRONG_DIRECTORY = frozenset({"directory_refused", "directory_waiting"})


@dataclass(frozen=True)
class Advice:
    """``step``: where to change it, "" for elsewhere; ``entra_url``: the page of the app in the
    admin center where to change it, or ""; ``link``: Microsoft's page about the code, or ""."""

    meaning: Text
    remedy: Text
    step: str = ""
    code: int | None = None
    link: str = ""
    entra_url: str = ""

    @property
    def step_title(self) -> Any:
        return steps.TITLES.get(self.step, "")


_GUEST = Advice(
    gettext_lazy("The account is a guest of your directory, and this site does not accept guests."),
    gettext_lazy("Press “Use another account”, and sign in as one of your own employees."),
)
_OTHER_FAILURE = Advice(
    gettext_lazy("Microsoft returned an error."),
    gettext_lazy("Try again. If it stays, tell the person who invited you."),
)
#: Failures without a code of Microsoft's, by their code in ``login.log.failures``.
_BY_FAILURE: dict[str, Advice] = {
    "secret_rejected": Advice(
        gettext_lazy("Microsoft does not accept the secret or certificate, or there is none."),
        gettext_lazy("Enter a new one."),
        steps.CREDENTIALS,
    ),
    "consent_required": Advice(
        gettext_lazy("Nobody has granted the permissions that the sign-in asks for."),
        gettext_lazy("An administrator of the directory has to grant them, in the step below."),
        steps.PERMISSIONS,
    ),
    "access_denied": Advice(
        gettext_lazy("The sign-in was cancelled, or a rule of your organisation refused it."),
        gettext_lazy("Try again, and accept what Microsoft asks."),
    ),
    "user_refused": Advice(
        gettext_lazy("Microsoft confirmed the account, but a rule of this site refuses it."),
        gettext_lazy(
            "Try another account. The person who invited you can tell you who may sign in, for "
            "example only the members of certain groups."
        ),
    ),
    "microsoft_unreachable": Advice(
        gettext_lazy("Microsoft did not answer in time."),
        gettext_lazy("Wait a minute, then try again."),
    ),
    "transaction_expired": Advice(
        gettext_lazy("The test sign-in took too long, or the settings were changed meanwhile."),
        gettext_lazy("Try again."),
    ),
    "id_token_invalid": Advice(
        gettext_lazy("What Microsoft returned does not belong to this set-up."),
        gettext_lazy(
            "Compare the client ID, the domain and the account type with the registration in "
            "Entra, and try again."
        ),
        steps.CREDENTIALS,
    ),
}


def explain_code(code: int, connection: Connection) -> Advice:
    """Explain an AADSTS code. ``connection``: the one that is set up."""
    known = explain(code)
    remedy, step = _remedy(known, code, connection)
    place = _PLACES.get(code) or _PLACE_OF_STEP.get(step)
    url = admin_center.app_url(connection.cloud, connection.client_id, place) if place else ""
    return Advice(known.meaning, remedy, step, code, known.link, url)


def explain_typed(text: str, connection: Connection) -> Advice | None:
    """Explain the code in what somebody typed or pasted; None if it holds none."""
    found = _CODE.search(text[:2000]) or _NUMBER.search(text[:2000])
    return explain_code(int(found[1]), connection) if found else None


def explain_outcome(outcome: Mapping[str, Any], connection: Connection) -> Advice:
    """Explain a failed trial: see ``login.flows.setup_trial``."""
    if code := outcome.get("aadsts_code"):
        return explain_code(code, connection)
    return _without_code(outcome, connection)


def _remedy(known: Explanation, code: int, connection: Connection) -> tuple[Text, str]:
    if code in _OTHER_DIRECTORY and not connection.use_common_endpoint:
        return (
            _(
                "Press “Use another account”, and sign in with an account of %s. If that is not "
                "the directory that you mean, correct the domain."
            )
            % connection.domain,
            steps.CREDENTIALS,
        )
    if code in _BY_CODE:
        return _BY_CODE[code]
    for remedy, text, step in _BY_REMEDY:
        if known.remedy is remedy:
            return text, step
    return known.remedy, ""


def _without_code(outcome: Mapping[str, Any], connection: Connection) -> Advice:
    name = outcome["code"]
    if name == "user_refused" and outcome.get("is_guest"):
        return _GUEST
    if name in _WRONG_DIRECTORY:
        return Advice(
            _("The account is not in a directory that this site accepts."),
            _("Sign in with a work account of %s.") % connection.domain,
        )
    return _BY_FAILURE.get(name, _OTHER_FAILURE)
