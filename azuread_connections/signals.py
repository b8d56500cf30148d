"""Signals. Receivers get keyword arguments only, which hold no secret and no token.

An exception in a receiver of ``user_created`` or ``profile_synced`` rolls back the whole sign-in.
The text below each signal is its text in docs/reference/signals.md: run
`python -m project.reference` after a change.
"""

from __future__ import annotations

from django.dispatch import Signal

signed_in = Signal()
"""Somebody has signed in. Sent after the sign-in is committed.

Arguments: ``request``, ``user``, ``identity``, ``connection``, ``application``, ``created``.
"""

sign_in_failed = Signal()
"""A sign-in has failed. Sent after the failure is logged.

Arguments: ``request``, ``connection`` and ``application`` (or ``None``), ``code`` (of the failure),
``reference``, ``stage`` (how far the sign-in came: one of ``login.log.failures.Stage``).
"""

user_created = Signal()
"""A first sign-in has created a user. Sent inside the sign-in's database transaction.

Arguments: ``user``, ``identity``, ``connection``.
"""

profile_synced = Signal()
"""A later sign-in has changed the user. Sent inside the sign-in's database transaction.

Arguments: ``user``, ``identity``, ``connection``, ``changed`` (names of user fields).
"""

directory_waiting = Signal()
"""A directory has to be approved. Sent once.

Arguments: ``connection``, ``directory``.
"""

secret_expiring = Signal()
"""A secret will soon expire, or has expired. Sent once per threshold of 30, 14, 7, 1 and 0 days,
when ``check_secrets --email`` runs.

Arguments: ``connection``, ``secret``, ``days_left``.
"""

domain_withdrawn = Signal()
"""A domain is no longer verified. Sent once for each withdrawal, after its commit.

Arguments: ``connection``, ``domain``, ``found`` (the directory that Microsoft names instead, or
``""``).
"""

provisioned = Signal()
"""By SCIM, a directory has reported a person who may sign in. Sent inside the request's
transaction.

Arguments: ``connection``, ``user`` and ``identity`` (or ``None``), ``reason`` (``"created"`` or
``"reactivated"``).
"""

deprovisioned = Signal()
"""By SCIM, a directory has deactivated or deleted a person. Sent inside the request's transaction.

Arguments: ``connection``, ``user`` and ``identity`` (or ``None``), ``reason`` (``"deactivated"`` or
``"deleted"``).
"""
