"""Rules of the person's organisation: Conditional Access, devices, sign-in frequency, tenants."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from .explanation import ErrorClass, Owner, entries
from .remedies import ASK_YOUR_IT, MANAGED_DEVICE, REGISTER_DEVICE, TRY_AGAIN

_CONDITIONAL_ACCESS = entries(
    Owner.DIRECTORY,
    ErrorClass.ACCESS_DENIED,
    {
        50131: (
            _("A rule of the directory, or an unusual activity, blocked the sign-in."),
            ASK_YOUR_IT,
        ),
        53002: (
            _("A rule requires an approved app, but the one in use is not approved."),
            ASK_YOUR_IT,
        ),
        53003: (_("A rule of the directory blocks this sign-in."), ASK_YOUR_IT),
        53005: (
            _("A rule requires an app with an Intune protection policy, which a browser lacks."),
            ASK_YOUR_IT,
        ),
        53008: (
            _("A rule of the directory does not allow this browser."),
            _("Sign in with Microsoft Edge, or with another browser that the organisation allows."),
        ),
        53009: (
            _("A rule requires an app with an Intune protection policy, which a browser lacks."),
            ASK_YOUR_IT,
        ),
        53011: (
            _("The person's own directory has blocked the account because it looks at risk."),
            _("The administrator of the person's own directory has to investigate the risk."),
        ),
        530031: (_("A rule of the directory does not allow tokens to be issued."), ASK_YOUR_IT),
        530032: (_("A security policy of the directory blocks this person."), ASK_YOUR_IT),
        530035: (
            _("The directory's security defaults block this sign-in."),
            _(
                "Sign in with a second factor in a current browser. Security defaults are under "
                "Overview › Properties in the Microsoft Entra admin center."
            ),
        ),
    },
)

_DEVICE = entries(
    Owner.DIRECTORY,
    ErrorClass.ACCESS_DENIED,
    {
        50097: (
            _(
                "A rule requires a device that the directory knows, but this one did not prove "
                "that it is."
            ),
            MANAGED_DEVICE,
        ),
        50129: (_("The device has not been joined to the directory."), REGISTER_DEVICE),
        50155: (_("The device could not be verified."), REGISTER_DEVICE),
        53000: (_("A rule requires a managed device, but this one is not managed."), ASK_YOUR_IT),
        53001: (
            _("A rule requires a device that has joined the domain, but this one has not."),
            ASK_YOUR_IT,
        ),
        530003: (_("A rule requires a device that the organisation manages."), MANAGED_DEVICE),
        530004: (
            _(
                "A rule requires a compliant device, but the directory does not trust devices of "
                "the person's own directory."
            ),
            _(
                "Trust compliant devices of the person's directory: External Identities › "
                "Cross-tenant access settings › Inbound access › Trust settings."
            ),
        ),
        700003: (
            _("The directory does not know the device, or no longer knows it."),
            _("Register the device again."),
        ),
    },
)

_FREQUENCY = entries(
    Owner.EMPLOYEE,
    ErrorClass.ACCESS_DENIED,
    {
        70043: (
            _("The directory requires people to sign in again after some time, which has passed."),
            TRY_AGAIN,
        ),
        70044: (
            _("The session at Microsoft is older than the directory's rules allow."),
            TRY_AGAIN,
        ),
    },
)

_WHO_MAY_ENTER = entries(
    Owner.DIRECTORY,
    ErrorClass.ACCESS_DENIED,
    {
        50105: (
            _("Only people who are assigned to the app can use it, but this person is not."),
            _(
                "In the Microsoft Entra admin center: Enterprise applications › the app › Users "
                "and groups: assign the person, or a group that they are in directly. Groups "
                "inside groups do not count."
            ),
        ),
        500021: (
            _("The network or device lets people sign in only to certain directories."),
            _("Allow this directory in the tenant restrictions of the network or device."),
        ),
        500022: (
            _("The organisation's tenant restrictions do not allow this directory."),
            _("Allow this directory in the tenant restrictions of the person's organisation."),
        ),
        500211: (
            _("The account is external, and the directory restricts which guests it accepts."),
            _(
                "Invite the account as a guest, and check whether the directory's external "
                "collaboration settings allow its domain."
            ),
        ),
        500212: (
            _("The person's own directory does not let its people use this one."),
            _("Allow it in the outbound cross-tenant access settings of the person's directory."),
        ),
        500213: (
            _("The directory lets nobody in from the person's own directory."),
            _("Allow it in the inbound cross-tenant access settings of the directory."),
        ),
        5000225: (
            _("Microsoft has blocked the directory because it was not used for a long time."),
            _("The directory's administrator has to ask Microsoft's support to restore it."),
        ),
    },
)

ENTRIES = (*_CONDITIONAL_ACCESS, *_DEVICE, *_FREQUENCY, *_WHO_MAY_ENTER)
