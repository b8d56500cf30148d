"""The step “Try it”: a real sign-in that signs nobody in and creates nobody."""

from __future__ import annotations

import json
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from ...login.flows import setup_trial
from ...login.flows.begin import SELECT_ACCOUNT
from ...login.flows.setup_trial import Trial
from .. import links, locks, steps
from ..explanations import explain_outcome
from .error_code import error_code_context
from .page import StepPage


class TryPage(StepPage):
    step = steps.TRY
    template_name = "azuread_connections/setup/try.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        trial = self._trial()
        return super().get_context_data(
            trial=trial,
            is_dead_end_likely=trial is not None and trial.outcome is None,
            **_outcome_context(trial),
            advice=self._advice(trial),
            **error_code_context(self.request, self.connection),
            **kwargs,
        )

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if "finish" in request.POST:
            return self._finish()
        prompt = SELECT_ACCOUNT if "another_account" in request.POST else ""
        return setup_trial.begin(request, self.setup_session, self.step, prompt=prompt)

    def _finish(self) -> HttpResponse:
        """Finish the set-up, if the last trial worked with the connection as it is now."""
        try:
            with locks.locked(self.link):
                trial = self._trial()
                if trial is None or not trial.works:
                    return self.redirect_to(self.step)
                links.finish(self.link, self.request)
        except links.LinkError as error:
            return self.render_to_response(self.get_context_data(lacking=error.messages))
        return self.redirect_to(steps.DONE)

    def _trial(self) -> Trial | None:
        return setup_trial.last_trial(self.request, self.setup_session)

    def _advice(self, trial: Trial | None) -> Any:
        if trial is None or trial.outcome is None or trial.works:
            return None
        return explain_outcome(trial.outcome, self.connection)


def _outcome_context(trial: Trial | None) -> dict[str, Any]:
    """Return who signed in, and the attributes that were read."""
    profile = dict(trial.outcome.get("profile", {})) if trial and trial.outcome else {}
    address = profile.get("email") or profile.get("username") or ""
    more = [
        (name.replace("_", " "), _shown(value))
        for name, value in profile.items()
        if value not in (None, "", [], {})
    ]
    return {"person": profile.get("name") or address, "address": address, "attributes": more}


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return ", ".join(value)
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
