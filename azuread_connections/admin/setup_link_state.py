"""The state of a set-up link as text with a sign."""

from __future__ import annotations

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from ..models import SetupLink
from ..setup.states import State

#: The look of each state: see ``azuread-state-…`` in the style sheet.
_LOOKS = {
    State.SENT: "todo",
    State.UNDER_WAY: "todo",
    State.FINISHED: "waiting",
    State.APPROVED: "valid",
    State.REVOKED: "refused",
    State.OVER: "over",
}


def render_link_state(link: SetupLink) -> SafeString:
    """Render what has become of a link; the text alone suffices."""
    state = link.state
    words = str(state.label)
    if state == State.UNDER_WAY:
        from ..setup.checklist import step_words  # here: it imports every step of a set-up

        words = gettext("under way: step %(number)d of %(all)d, “%(step)s”") % step_words(link)
    return format_html(
        '<span class="azuread-state azuread-state-{}">{}</span>', _LOOKS[state], words
    )
