"""Microsoft's error numbers explained: what each means, who can mend it, and how.

The numbers are for people, never to act on (``errors`` does that by class). The texts are our own.
https://learn.microsoft.com/entra/identity-platform/reference-error-codes
"""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Text = str | Promise


class Mender(enum.Enum):
    """Who can mend it: ``label`` in words."""

    EMPLOYEE = "employee"
    DIRECTORY = "directory"
    SITE = "site"
    NOBODY = "nobody"

    @property
    def label(self) -> str:
        return str(_LABELS[self])


_LABELS = {
    Mender.EMPLOYEE: _("the person who signs in"),
    Mender.DIRECTORY: _("the directory's administrator"),
    Mender.SITE: _("this site's administrator"),
    Mender.NOBODY: _("nobody: wait"),
}


@dataclass(frozen=True)
class Explanation:
    """One failure in words. ``code``: None for those that Microsoft gives no number."""

    code: int | None
    mender: Mender
    meaning: Text
    remedy: Text

    @property
    def link(self) -> str:
        """Microsoft's own words about the number; "" without one."""
        return f"https://login.microsoftonline.com/error?code={self.code}" if self.code else ""


def explain(code: int | None) -> Explanation:
    """Return what is known of a number. One that is not in the catalogue gets a usable text too."""
    if code is None:
        return Explanation(None, Mender.SITE, _("Microsoft gave no error number."), _SHOW_AND_ASK)
    known = CATALOGUE.get(code)
    if known is not None:
        return known
    return Explanation(
        code, Mender.SITE, _("Microsoft refused, for a reason that is not in our list."), _LOOK_UP
    )


_SHOW_AND_ASK = _(
    "Read Microsoft's message in the log, compare client ID, secret and domain with the "
    "registration in Azure, and try again. Give Microsoft's support the correlation ID."
)
_LOOK_UP = _(
    "Look the number up at Microsoft by the link. Their support finds the sign-in by the "
    "correlation ID in the log."
)
_TRY_AGAIN = _("Sign in once more from the start.")
_WAIT = _("Wait some minutes, then try again. If it lasts, look at Microsoft's service health.")
_OUR_BUG = _(
    "This app should never cause it. Look whether a proxy changes the requests, then report it "
    "with the line of the log."
)
_OTHER_ACCOUNT = _(
    "Sign in with an account of the right company: press “Use another account” at Microsoft, or "
    "use a private window."
)
_INVITE = _("Sign in with another account, or have the directory's administrator invite this one.")
_ASK_YOUR_IT = _(
    "A rule of the directory (Conditional Access) decides this, not this site. Its sign-in log in "
    "the Microsoft Entra admin center names the rule."
)
_COPY_CALLBACK = _(
    "Copy the callback URL from the connection's page, and add it to the registration in Azure: "
    "Authentication › Platform configurations › Web › Redirect URIs. It has to be the same letter "
    "for letter, with http or https."
)
_WEB_PLATFORM = _(
    "In the registration, move the callback URL from its present platform to the platform “Web”: "
    "Authentication › Platform configurations."
)
_GRANT = _(
    "On the connection's page, in the box “Consent of the directory's administrator”, copy the "
    "link, and send it to an administrator of the directory to grant the permissions."
)
_API_PERMISSIONS = _(
    "In the registration, open API permissions, add the permissions of Microsoft Graph that the "
    "connection's page lists in its box about consent, then grant them again."
)
_NEW_SECRET = _(
    "In the registration, open Certificates & secrets, make a new client secret, and add its "
    "column “Value” to the connection."
)
_NO_ASSERTION = _(
    "This app signs in with a client secret. Give the connection one, and see that no proxy adds "
    "an assertion to its requests."
)
_MULTI_TENANT = _(
    "Switch “Use common endpoint” off, or let the registration serve several directories: "
    "Authentication › Supported account types."
)
_RIGHT_CLOUD = _("Compare the connection's domain and cloud with the directory's overview page.")


_EMPLOYEE: dict[int, tuple[Text, Text]] = {
    # Which account.
    16000: (
        _("The chosen account does not exist in the directory, or several are possible."),
        _INVITE,
    ),
    16003: (_("The account has not been added to the directory."), _INVITE),
    50020: (
        _("The account belongs to another directory than the one that is asked."),
        _(
            "Use an account of this directory, or be invited to it as a guest. Are people of "
            "several directories meant to sign in? Then the connection needs “Use common "
            "endpoint” and the registration an account type for several directories."
        ),
    ),
    50034: (
        _("The directory has no such account."),
        _("Look for a typing mistake, and whether the connection's directory is the right one."),
    ),
    51004: (_("The directory has no such account."), _INVITE),
    90072: (_("The account comes from outside, and is not in the directory."), _INVITE),
    # The person's password and second factor.
    50053: (
        _("The account is locked after too many attempts, or the address is blocked."),
        _("Wait, then try again, or have the directory's administrator unblock it."),
    ),
    50055: (
        _("The account's password has expired."),
        _("Choose a new password at Microsoft, then sign in again."),
    ),
    50126: (
        _("The user name or the password is wrong."),
        _("Type it again, or reset the password at Microsoft."),
    ),
    50072: (
        _("The person has to set up a second factor first."),
        _("Sign in again and follow Microsoft's steps to set it up."),
    ),
    50074: (
        _("The second factor was not passed."),
        _("Sign in again and confirm with the second factor."),
    ),
    50076: (
        _("A rule of the directory asks for a second factor."),
        _("Sign in again and confirm with the second factor."),
    ),
    50079: (
        _("The person has to register a second factor, which a rule has asked for lately."),
        _("Sign in again and follow Microsoft's steps to set it up."),
    ),
    50140: (_("The question “Stay signed in?” interrupted the sign-in."), _TRY_AGAIN),
    50058: (_("Nobody was signed in at Microsoft, and no page was to be shown."), _TRY_AGAIN),
    50173: (_("The sign-in was revoked, such as by a new password."), _TRY_AGAIN),
    70043: (
        _("The directory asks people to sign in again after some time, and it has passed."),
        _TRY_AGAIN,
    ),
    # Consent.
    65004: (
        _("The person declined to grant the permissions."),
        _("Sign in again and accept, or have an administrator of the directory grant them."),
    ),
    # A sign-in that took a wrong turn.
    54005: (
        _("The sign-in was already completed, such as in another tab or by going back."),
        _TRY_AGAIN,
    ),
    70008: (_("The sign-in took too long."), _TRY_AGAIN),
    70000: (_("Microsoft does not take the sign-in's code."), _TRY_AGAIN),
    700005: (_("The sign-in began in another directory than it ended in."), _TRY_AGAIN),
    700082: (_("The sign-in was not used for too long."), _TRY_AGAIN),
    700084: (_("The sign-in of a single-page app has ended, as it does every day."), _TRY_AGAIN),
    501481: (_("The answer belongs to another sign-in, such as one in another tab."), _TRY_AGAIN),
    9002313: (
        _("The request was malformed, most often by an address that was cut off."),
        _TRY_AGAIN,
    ),
}

_DIRECTORY: dict[int, tuple[Text, Text]] = {
    # Which account.
    50105: (
        _("Only people who are assigned to the app may use it, and this person is not."),
        _(
            "In the Microsoft Entra admin center: Enterprise applications › the app › Users "
            "and groups: assign the person, or a group that they are in directly. Groups "
            "inside groups do not count."
        ),
    ),
    # The person's password and second factor.
    50057: (
        _("The account is disabled."),
        _("Enable the account in the directory, if the person is still to have it."),
    ),
    # Rules of the directory.
    50131: (
        _("A rule of the directory, or an unusual activity, blocked the sign-in."),
        _ASK_YOUR_IT,
    ),
    53000: (_("A rule asks for a managed device, and this one is not."), _ASK_YOUR_IT),
    53001: (
        _("A rule asks for a device that has joined the domain, and this one has not."),
        _ASK_YOUR_IT,
    ),
    53002: (_("A rule asks for an approved app, and the one in use is none."), _ASK_YOUR_IT),
    53003: (_("A rule of the directory blocks this sign-in."), _ASK_YOUR_IT),
    53004: (_("The second factor cannot be set up, as the sign-in looks risky."), _ASK_YOUR_IT),
    530032: (_("A security policy of the directory blocks this person."), _ASK_YOUR_IT),
    700003: (
        _("The directory does not know the device (any more)."),
        _("Register the device again."),
    ),
    500021: (
        _("The network or device lets people sign in to chosen directories only."),
        _("Allow this directory in the tenant restrictions of the network or device."),
    ),
    500212: (
        _("The person's own directory forbids them to use others."),
        _("Allow it in the outbound cross-tenant access settings of the person's directory."),
    ),
    500213: (
        _("The directory lets nobody in from the person's own directory."),
        _("Allow it in the inbound cross-tenant access settings of the directory."),
    ),
    # Consent.
    65001: (_("Nobody has granted the permissions that the sign-in asks for."), _GRANT),
    90093: (_("The person may not grant these permissions."), _GRANT),
    90094: (_("Only an administrator of the directory can grant these permissions."), _GRANT),
    90095: (
        _("An administrator's approval is needed, and can be requested on Microsoft's page."),
        _("Approve the request in the Microsoft Entra admin center, or use the consent link."),
    ),
    650052: (
        _("The directory has not subscribed to a service that the app wants to use."),
        _("Subscribe to the service, or take it off the registration's API permissions."),
    ),
    # The registration.
    70001: (
        _("The app is disabled in the directory, or unknown there."),
        _("In the Microsoft Entra admin center, enable it: Enterprise applications › the app."),
    ),
    7000112: (
        _("The app is disabled in the directory."),
        _("In the Microsoft Entra admin center, enable it: Enterprise applications › the app."),
    ),
    7000229: (
        _("The app is not present in the directory, so it cannot act there by itself."),
        _GRANT,
    ),
}

_SITE: dict[int, tuple[Text, Text]] = {
    # Consent.
    90008: (
        _("The app does not ask for the permission to sign people in."),
        _("In the registration, add the delegated permission User.Read of Microsoft Graph."),
    ),
    65005: (_("The registration lists a service that is not available."), _API_PERMISSIONS),
    650053: (_("The app asks for a permission that does not exist."), _API_PERMISSIONS),
    650056: (
        _("The registration lists no permission, or the directory has granted none."),
        _API_PERMISSIONS,
    ),
    650057: (
        _("The app asks for a service that its registration does not list."),
        _API_PERMISSIONS,
    ),
    # The client secret.
    7000215: (
        _("The client secret is wrong. Most often its ID was pasted instead of its value."),
        _NEW_SECRET,
    ),
    7000222: (_("The client secret has expired."), _NEW_SECRET),
    7000216: (_("The request carried no client secret."), _NEW_SECRET),
    7000218: (_("The request carried no client secret, and the app needs one."), _NEW_SECRET),
    70002: (_("The app could not prove who it is."), _NEW_SECRET),
    700025: (_("The app is registered as a public client, which has no secret."), _WEB_PLATFORM),
    50012: (_("The app's assertion has a wrong signature."), _NO_ASSERTION),
    50027: (_("The app's assertion is malformed."), _NO_ASSERTION),
    700021: (_("The app's assertion names another client ID."), _NO_ASSERTION),
    700023: (_("The app's assertion is meant for somebody else."), _NO_ASSERTION),
    700024: (
        _("The app's assertion is not valid at this time."),
        _("Set the server's clock right."),
    ),
    700027: (
        _("The certificate that signs the app's assertion is unknown or has expired."),
        _NO_ASSERTION,
    ),
    700030: (_("The certificate of the app's assertion has a wrong subject."), _NO_ASSERTION),
    70021: (_("No federated credential of the registration fits the assertion."), _NO_ASSERTION),
    700211: (
        _("No federated credential of the registration has the assertion's issuer."),
        _NO_ASSERTION,
    ),
    700212: (
        _("No federated credential of the registration has the assertion's audience."),
        _NO_ASSERTION,
    ),
    700213: (
        _("No federated credential of the registration has the assertion's subject."),
        _NO_ASSERTION,
    ),
    7002138: (
        _("A federated credential's subject differs in upper and lower case only."),
        _NO_ASSERTION,
    ),
    # The registration.
    700016: (
        _("The directory knows no app with this client ID."),
        _(
            "Compare the connection's client ID and domain with the registration. If it is in "
            "another directory, the administrator of the directory that people sign in to has to "
            "grant the permissions first."
        ),
    ),
    50011: (_("The callback URL is not on the registration's list."), _COPY_CALLBACK),
    500112: (
        _("The callback URL differed between the two steps of the sign-in."),
        _(
            "Look whether PUBLIC_URL or the applications' hosts were changed meanwhile, then "
            "try again."
        ),
    ),
    500113: (_("The registration has no callback URL."), _COPY_CALLBACK),
    900971: (
        _("The request named no callback URL, and the registration has none."),
        _COPY_CALLBACK,
    ),
    50194: (
        _("The registration serves one directory, and the connection uses the common endpoint."),
        _MULTI_TENANT,
    ),
    9002332: (
        _("The registration takes work accounts only, and was asked for personal ones."),
        _(
            "Sign in with a work account, or let the registration take personal accounts too: "
            "Authentication › Supported account types."
        ),
    ),
    9002325: (_("The callback URL is registered for a single-page app."), _WEB_PLATFORM),
    9002326: (
        _("A browser tried to fetch the tokens of an app that is no single-page app."),
        _OUR_BUG,
    ),
    9002327: (
        _("The callback URL is registered for a single-page app, so no server may use it."),
        _WEB_PLATFORM,
    ),
    700051: (_("The registration does not allow access tokens without a code."), _OUR_BUG),
    700054: (_("The registration does not allow ID tokens without a code."), _OUR_BUG),
    50146: (
        _("The registration maps claims, and lacks the signing key that this needs."),
        _("Take the claims mapping off the enterprise application, or give it its own key."),
    ),
    501461: (
        _("The registration maps claims in a way that its own key or domain must allow."),
        _("Take the claims mapping off the enterprise application, or give it its own key."),
    ),
    # Which directory and cloud.
    90002: (_("Microsoft knows no directory of this domain or ID in this cloud."), _RIGHT_CLOUD),
    900023: (_("What stands for the directory is neither a domain nor an ID."), _RIGHT_CLOUD),
    90038: (_("The directory is in another of Microsoft's clouds."), _RIGHT_CLOUD),
    900382: (_("The app and the person are in different clouds of Microsoft."), _RIGHT_CLOUD),
    50059: (_("The request does not say which directory is meant."), _RIGHT_CLOUD),
    9001023: (
        _("The app asked for its own token at the common endpoint."),
        _("Enter the domain of the directory that the app is registered in."),
    ),
    50001: (
        _("The directory does not know the service that the app asks for."),
        _("Compare the connection's cloud with the directory's, then grant the permissions."),
    ),
    500011: (
        _("The directory does not know the service that the app asks for."),
        _("Compare the connection's cloud with the directory's, then grant the permissions."),
    ),
    # What this app should never send.
    50147: (_("The sign-in's proof of origin (PKCE) has a wrong length."), _OUR_BUG),
    501491: (_("The sign-in's proof of origin (PKCE) has a wrong length."), _OUR_BUG),
    28000: (_("The request asks for several services at once."), _OUR_BUG),
    28002: (_("The request asks for a permission in a wrong way."), _OUR_BUG),
    28003: (_("The request asks for no permission."), _OUR_BUG),
    70011: (_("The request asks for a permission in a wrong way."), _OUR_BUG),
    1002012: (_("The app's own token was asked for in a wrong way."), _OUR_BUG),
    70003: (_("The request is of a kind that Microsoft does not support."), _OUR_BUG),
    70005: (_("The request wants an answer of a kind that Microsoft does not support."), _OUR_BUG),
    70007: (_("The request wants the answer in a way that Microsoft does not support."), _OUR_BUG),
    50196: (_("The same request came again and again."), _OUR_BUG),
    90009: (_("The app asks for a token for itself."), _OUR_BUG),
    90014: (_("A part of the request is missing."), _OUR_BUG),
    90023: (_("The request is invalid."), _OUR_BUG),
    900144: (_("A part of the request is missing."), _OUR_BUG),
    901002: (_("The request mixes the two identity APIs."), _OUR_BUG),
}

_NOBODY: dict[int, tuple[Text, Text]] = {
    # Microsoft's own troubles.
    90006: (_("A service behind Microsoft's sign-in did not answer."), _WAIT),
    90012: (_("Microsoft took too long."), _WAIT),
    90024: (_("The directory has more sign-ins than Microsoft allows it at once."), _WAIT),
    90033: (_("Microsoft's sign-in has a passing trouble."), _WAIT),
    90055: (_("Microsoft's sign-in is overloaded."), _WAIT),
}

CATALOGUE = {
    code: Explanation(code, mender, meaning, remedy)
    for mender, texts in (
        (Mender.EMPLOYEE, _EMPLOYEE),
        (Mender.DIRECTORY, _DIRECTORY),
        (Mender.SITE, _SITE),
        (Mender.NOBODY, _NOBODY),
    )
    for code, (meaning, remedy) in texts.items()
}

#: What administrators meet without a number, under the words that they see.
WITHOUT_NUMBER: tuple[tuple[Text, Explanation], ...] = (
    (
        _("The registration cannot be found in Azure"),
        Explanation(
            None,
            Mender.SITE,
            _("The app was registered in another directory than the one that is open."),
            _(
                "Switch to the right directory at the top right of the admin center. If the app "
                "is in the wrong one, register it again in the directory of the people who sign "
                "in."
            ),
        ),
    ),
    (
        _(
            "“Access cannot be granted to this service because the service listing is not "
            "properly configured by the publisher”"
        ),
        Explanation(
            None,
            Mender.SITE,
            _("The registration serves its own directory only, and the person is of another."),
            _(
                "In the registration, let it serve several directories: Authentication › "
                "Supported account types. Then send the consent link again."
            ),
        ),
    ),
    (
        _("“invalid_request; failed to obtain access token”"),
        Explanation(
            None, Mender.SITE, _("The client secret is wrong, or has expired."), _NEW_SECRET
        ),
    ),
)


def as_markdown() -> str:
    """Return the catalogue as the page docs/troubleshooting.md."""
    lines = [_INTRODUCTION, "## Without a number", ""]
    lines += _table("You see", WITHOUT_NUMBER)
    for mender in Mender:
        linked = [
            (f"[{code}]({known.link})", known)
            for code, known in sorted(CATALOGUE.items())
            if known.mender is mender
        ]
        lines += ["", f"## {_HEADINGS[mender]}", "", *_table("AADSTS", linked)]
    return "\n".join(lines) + "\n"


_HEADINGS = {
    Mender.EMPLOYEE: "The person who signs in can mend it",
    Mender.DIRECTORY: "The directory's administrator can mend it",
    Mender.SITE: "This site's administrator can mend it",
    Mender.NOBODY: "Nobody can mend it: wait",
}

_INTRODUCTION = """\
# Troubleshooting

<!-- Written from azuread_connections/entra/aadsts.py by: python -m project.troubleshooting -->

Microsoft's errors have a number, such as AADSTS50011. It stands on Microsoft's page, or in the line
of the log (*Events* in the admin) together with what follows here. Some errors Microsoft shows on
its own page and sends nobody back from: then the log has no line, and the number is all there is.

The numbers below are in four parts, by who can mend it. Each links to Microsoft's own words; a
number that is not here has them too, at `https://login.microsoftonline.com/error?code=` and the
number.
"""


def _table(heading: str, rows: Iterable[tuple[Text, Explanation]]) -> list[str]:
    lines = [f"| {heading} | It means | What to do |", "| --- | --- | --- |"]
    return lines + [f"| {name} | {row.meaning} | {row.remedy} |" for name, row in rows]
