"""Failures without a number, by the text that administrators see."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from .explanation import Explanation, Owner, Text
from .remedies import NEW_SECRET

WITHOUT_NUMBER: tuple[tuple[Text, Explanation], ...] = (
    (
        _("The registration cannot be found in Azure"),
        Explanation(
            None,
            Owner.SITE,
            _("The app was registered in another directory than the one now open."),
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
            Owner.SITE,
            _("The registration serves only its own directory, but the person is from another."),
            _(
                "In the registration, let it serve several directories: Authentication › "
                "Supported account types. Then send the consent link again."
            ),
        ),
    ),
    (
        _("“invalid_request; failed to obtain access token”"),
        Explanation(None, Owner.SITE, _("The client secret is wrong or has expired."), NEW_SECRET),
    ),
)
