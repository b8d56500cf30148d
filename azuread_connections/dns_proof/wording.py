"""What a look-up means and what to do, for pages and commands."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from .records import Lookup, Outcome, record_name


def describe(domain: str, found: Lookup, token: str) -> str:
    """Return what was found at a domain's record name, in one or two sentences."""
    outcome = found.outcome_for(token)
    text = {
        Outcome.FOUND: _("The DNS record at %(name)s is there."),
        Outcome.NOT_FOUND: _("There is no TXT record at %(name)s."),
        Outcome.WRONG: _("The TXT record at %(name)s has another value: %(seen)s"),
        Outcome.TIMEOUT: _("The DNS servers of %(domain)s have not answered in time."),
        Outcome.FAILURE: _(
            "The DNS servers of %(domain)s answer with an error (SERVFAIL or REFUSED), or cannot "
            "be reached."
        ),
    }[outcome]
    params: dict[str, Any] = {"name": record_name(domain), "domain": domain}
    params["seen"] = ", ".join(f"“{each}”" for each in found.seen)
    return text % params


def advise(outcome: Outcome) -> str:
    """Return what the domain's owner can do about an outcome; "" if nothing."""
    return {
        Outcome.FOUND: "",
        Outcome.NOT_FOUND: _(
            "Create it where the domain's DNS is managed. Somebody who asked before it existed can "
            "get the old answer for up to an hour."
        ),
        Outcome.WRONG: _(
            "Correct its value, or add a second TXT record with the same name. Each connection has "
            "a value of its own."
        ),
        Outcome.TIMEOUT: _("Check again in a few minutes."),
        Outcome.FAILURE: _(
            "Ask who manages the domain's DNS: the delegation or DNSSEC is often the cause. Then "
            "check again."
        ),
    }[outcome]
