"""Which account signs in, and whether it can: passwords, locks, guests, second factors."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from .explanation import ErrorClass, Owner, entries
from .remedies import (
    INVITE,
    NEW_PASSWORD,
    SECOND_FACTOR,
    SET_UP_SECOND_FACTOR,
    TRY_AGAIN,
    WORK_ACCOUNT,
)

_WHICH_ACCOUNT = entries(
    Owner.EMPLOYEE,
    ErrorClass.ACCESS_DENIED,
    {
        16000: (
            _("The chosen account does not exist in the directory, or several accounts match."),
            INVITE,
        ),
        16001: (
            _("The person has no session in the directory, or several accounts match."),
            _("Sign in again and choose one account."),
        ),
        16003: (_("The account has not been added to the directory."), INVITE),
        50014: (
            _("The person was invited as a guest and has not accepted the invitation yet."),
            _(
                "Open the link in the invitation and accept it. The directory's administrator can "
                "send it again."
            ),
        ),
        50020: (
            _("The account belongs to another directory than the one that the sign-in uses."),
            _(
                "Use an account of this directory, or be invited to it as a guest. If people of "
                "several directories are to sign in, the connection needs “Use common endpoint”, "
                "and the registration an account type for several directories."
            ),
        ),
        50034: (
            _("The directory has no such account."),
            _(
                "Check the address for typing mistakes, and whether the connection's directory is "
                "the right one."
            ),
        ),
        50177: (
            _("The account belongs to another directory and is not a guest in this one."),
            INVITE,
        ),
        50178: (
            _(
                "The browser is signed in with an account of another directory, which is not a "
                "guest in this one."
            ),
            INVITE,
        ),
        50197: (
            _("Microsoft could not determine which of the person's accounts to use."),
            _("Sign in again and choose the account. If it happens again, use a private window."),
        ),
        51004: (_("The directory has no such account."), INVITE),
        90072: (_("The account is external and is not in the directory."), INVITE),
        500200: (
            _("A personal Microsoft account was used where only work accounts can sign in."),
            WORK_ACCOUNT,
        ),
        500204: (_("An account of this kind cannot sign in to the app."), WORK_ACCOUNT),
        500208: (
            _("The domain of the address does not belong to the kind of account that was chosen."),
            _("Choose “Work or school account” at Microsoft, and check the address for mistakes."),
        ),
        1003034: (
            _("The organisation does not let personal Microsoft accounts of this kind sign in."),
            WORK_ACCOUNT,
        ),
    },
) + entries(
    Owner.DIRECTORY,
    ErrorClass.ACCESS_DENIED,
    {
        50057: (
            _("The account is disabled."),
            _("Enable the account in the directory, if the person should still have it."),
        ),
        54000: (
            _("According to the directory, the person is too young for this app."),
            _("Correct the person's age group, or record the parents' consent in the directory."),
        ),
        90084: (
            _("The app does not accept guests of the directory."),
            _("Use an account of the directory itself, or allow guests in the app's settings."),
        ),
        500341: (
            _("The account was deleted from the directory."),
            _("Restore the account, which is possible for 30 days, or create it again."),
        ),
        500571: (
            _("The person's guest account is disabled."),
            _("Enable the guest account in the directory, if the person should still have it."),
        ),
    },
)

_PASSWORD = entries(
    Owner.EMPLOYEE,
    ErrorClass.ACCESS_DENIED,
    {
        50053: (
            _("The account is locked after too many attempts, or the address is blocked."),
            _("Wait and try again, or ask the directory's administrator to unblock it."),
        ),
        50055: (_("The account's password has expired."), NEW_PASSWORD),
        50126: (
            _("The user name or the password is wrong."),
            _("Type it again, or reset the password at Microsoft."),
        ),
        50135: (
            _("Microsoft considers the account at risk and wants a new password."),
            NEW_PASSWORD,
        ),
        50142: (_("A rule of the directory asks for a new password."), NEW_PASSWORD),
        50144: (
            _("The password has expired in the organisation's own Active Directory."),
            _(
                "Change the password in the organisation's network, or ask its IT support to "
                "reset it."
            ),
        ),
    },
)

_SECOND_FACTOR = entries(
    Owner.EMPLOYEE,
    ErrorClass.ACCESS_DENIED,
    {
        50072: (_("The person has to set up a second factor first."), SET_UP_SECOND_FACTOR),
        50074: (_("The second factor was not passed."), SECOND_FACTOR),
        50076: (_("A rule of the directory asks for a second factor."), SECOND_FACTOR),
        50078: (
            _("The last confirmation with a second factor is too old for the directory's rules."),
            SECOND_FACTOR,
        ),
        50079: (
            _("A new rule requires the person to register a second factor."),
            SET_UP_SECOND_FACTOR,
        ),
        50088: (
            _("Too many phone calls or messages for second factors were requested."),
            _("Wait a few minutes, or confirm in another way, such as with the Authenticator app."),
        ),
        50139: (
            _("The sign-in at the person's own organisation has to be repeated."),
            TRY_AGAIN,
        ),
        50158: (
            _("The directory requires another vendor's second factor, which was not passed."),
            _("Sign in again and finish the other vendor's step. The organisation's IT runs it."),
        ),
        50199: (_("Microsoft's question whether to continue was not answered."), TRY_AGAIN),
        500121: (
            _("The second factor was declined, not answered, or failed."),
            SECOND_FACTOR,
        ),
    },
) + entries(
    Owner.DIRECTORY,
    ErrorClass.ACCESS_DENIED,
    {
        53004: (
            _("The second factor cannot be set up, because the sign-in looks risky."),
            _(
                "The directory's administrator has to investigate the risk, or give the person a "
                "Temporary Access Pass to set it up."
            ),
        ),
        53010: (
            _("A second factor can be set up only in certain places or on certain devices."),
            _("Set it up in the organisation's network or on one of its devices."),
        ),
        54008: (
            _("A second factor is needed, and the method used cannot be the first factor."),
            _(
                "Sign in with a password or a passkey first. The directory's administrator chooses "
                "the possible first factors under Authentication methods."
            ),
        ),
    },
)

#: Microsoft had to show a page, or its session is over: another sign-in solves both.
_SESSION = entries(
    Owner.EMPLOYEE,
    ErrorClass.STALE,
    {
        50058: (_("Nobody was signed in, and the request allowed no sign-in page."), TRY_AGAIN),
        50089: (_("Microsoft's sign-in page was left open for too long."), TRY_AGAIN),
        50132: (
            _("The session at Microsoft has ended, for example after a new password or by a rule."),
            TRY_AGAIN,
        ),
        50133: (_("The session at Microsoft has ended because the password changed."), TRY_AGAIN),
        50140: (_("The question “Stay signed in?” interrupted the sign-in."), TRY_AGAIN),
        50173: (_("The sign-in was revoked, for example because of a new password."), TRY_AGAIN),
        700082: (_("The sign-in was not used for too long."), TRY_AGAIN),
        700084: (_("The sign-in of a single-page app has ended, as it does every day."), TRY_AGAIN),
    },
)

ENTRIES = (*_WHICH_ACCOUNT, *_PASSWORD, *_SECOND_FACTOR, *_SESSION)
