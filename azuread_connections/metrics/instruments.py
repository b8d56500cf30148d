"""The counters and histograms, in prometheus_client's default registry.

They are defined once in a process, as prometheus_client asks for, when the app is set up.
"""

from __future__ import annotations

from prometheus_client import Counter, Histogram

PREFIX = "azuread_connections"

SIGN_INS = Counter(
    f"{PREFIX}_sign_ins",
    "Sign-ins that ended, by outcome (signed_in or the code of the failure) and stage.",
    ["connection", "outcome", "stage"],
)
USERS_CREATED = Counter(
    f"{PREFIX}_users_created",
    "Django users created at a first sign-in.",
    ["connection"],
)
PROFILES_SYNCED = Counter(
    f"{PREFIX}_profiles_synced",
    "Sign-ins that changed the Django user.",
    ["connection"],
)
EVENTS = Counter(
    f"{PREFIX}_events",
    "Lines of the sign-in log except sign-ins, by kind.",
    ["connection", "kind"],
)
CALLBACK_SECONDS = Histogram(
    f"{PREFIX}_callback_seconds",
    "Time to answer a callback from Microsoft, with all requests that it needed.",
    ["outcome"],
    # CALLBACK_TIMEOUT is 10 by default.
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2, 4, 8, 12),
)
MICROSOFT_SECONDS = Histogram(
    f"{PREFIX}_microsoft_request_seconds",
    "Time of one request to Microsoft, by endpoint.",
    ["endpoint", "outcome"],
    # TOTAL_TIMEOUT is 8 by default.
    buckets=(0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 10),
)
