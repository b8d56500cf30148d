"""Signals. Receivers get keyword arguments only, which hold no secret and no token.

``signed_in``: ``request``, ``user``, ``identity``, ``connection``, ``application``, ``created``.
``sign_in_failed``: ``request``, ``connection`` and ``application`` (or None), ``code``,
    ``reference``.
``user_created``: ``user``, ``identity``, ``connection``. Sent inside the sign-in's database
    transaction: an exception ends the sign-in and rolls everything back.
``profile_synced``: ``user``, ``identity``, ``connection``, ``changed`` (names of user fields).
    Sent inside the transaction, too.
``secret_expiring``: ``connection``, ``secret``, ``days_left``. Once per threshold of 30, 14, 7, 1
    and 0 days, when ``check_secrets --email`` runs.
``directory_waiting``: ``connection``, ``directory``. A directory waits for approval.
``domain_withdrawn``: ``connection``, ``domain``, ``found`` (the directory that Microsoft names
    instead, or ""). A domain is no longer verified. Sent once for each withdrawal, after its
    commit.
"""

from __future__ import annotations

from django.dispatch import Signal

signed_in = Signal()
sign_in_failed = Signal()
user_created = Signal()
profile_synced = Signal()
directory_waiting = Signal()
secret_expiring = Signal()
domain_withdrawn = Signal()
