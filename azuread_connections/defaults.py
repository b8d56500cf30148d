"""The settings of the app: their keys, their defaults, and limits of their values.

A site sets them in one dict:

``AZUREAD_CONNECTIONS = {"ENCRYPTION_KEYS": [...], "PUBLIC_URL": "https://app.example.com"}``
"""

from __future__ import annotations

from typing import Any

#: Every key that ``AZUREAD_CONNECTIONS`` can have, and its default. The comment above a key is its
#: text in docs/reference/settings.md: run `python -m project.reference` after a change.
DEFAULTS: dict[str, Any] = {
    # Fernet keys for client secrets, private keys and other stored secrets. The first encrypts, all
    # decrypt. Without a key no secret can be stored.
    "ENCRYPTION_KEYS": [],
    # Scheme and host under which browsers reach the site, such as `https://app.example.com`, in any
    # case of letters; an international name is converted to ASCII, as browsers do. The callback URL
    # is built on it, and an `https` one makes the cookies of a sign-in secure. Empty: the callback
    # URL is built on the host of each request, which only `ALLOWED_HOSTS` limits.
    "PUBLIC_URL": "",
    # Slug of the application that a sign-in is for, if neither the view, the address nor the host
    # names one. `migrate` creates it, as “Default App”, if there is no application.
    "DEFAULT_APPLICATION": "default",
    # URL or URL name of the site's own password page. The sign-in page links to it and passes
    # `next` on. Empty: no link.
    "PASSWORD_LOGIN_URL": "",
    # Email address that the page of a set-up link names if the link is not valid. Empty: the page
    # only says to ask who sent the link.
    "SUPPORT_EMAIL": "",
    # Alias of the Django cache for signing keys, used transactions and counters.
    "CACHE": "default",
    # Maximum number of buttons on a page. If more connections of an application have *Show as
    # button*, the sign-in page asks only for the email address, the template tag shows one link to
    # that page, and people connect their own accounts by their address.
    "MAX_BUTTONS": 12,
    # Callable, or its dotted path, that takes `(claims, connection)` and returns a username. The
    # user model's validators are not applied to its result.
    "USERNAME_FUNCTION": None,
    # ID-token claims in which a person's email address is looked for, in this order.
    "EMAIL_CLAIMS": ["email", "preferred_username", "upn"],
    # Fields of the Django user, each with the attribute of the profile that it follows, or
    # `claims.NAME` for an optional claim.
    "USER_FIELDS": {
        "first_name": "given_name",
        "last_name": "family_name",
        "email": "email",
    },
    # Slug of the application whose buttons the Django admin's sign-in page shows. Empty: none.
    "ADMIN_APPLICATION": "",
    # Seconds to connect to Microsoft.
    "CONNECT_TIMEOUT": 3.05,
    # Seconds between two bytes of a response.
    "READ_TIMEOUT": 5.0,
    # Seconds for one whole response.
    "TOTAL_TIMEOUT": 8.0,
    # Seconds for all requests to Microsoft that one callback needs.
    "CALLBACK_TIMEOUT": 10.0,
    # Number of reverse proxies whose entry in `X-Forwarded-For` is trusted, for the address in the
    # log and in limits on each client.
    "TRUSTED_PROXIES": 0,
    # Seconds within which an open session ends once it is no longer valid. 0: at the next request.
    "SESSION_CHECK_SECONDS": 30,
    # Days after which a sign-in is no longer valid, however long its session lasts. Sign-outs at
    # Microsoft are stored for the same time. 400: no browser keeps a cookie for longer (RFC
    # 6265bis).
    "MAX_SIGN_IN_DAYS": 400,
    # Days for which `clear_events` keeps the sign-in log.
    "EVENT_DAYS": 90,
    # Days for which `clear_events` keeps the log of provisioning requests.
    "SCIM_LOG_DAYS": 30,
    # Days before its expiry from which a secret counts as expiring, in the admin and in
    # `check_secrets`.
    "SECRET_WARNING_DAYS": 30,
    # Hosts on a private network to which the provider sends notices of a sign-out.
    "PRIVATE_LOGOUT_HOSTS": [],
    # Servers that are asked for DNS records of domains, each `host[:port]`, an IPv6 address in
    # brackets (`[2001:db8::1]:53`). Empty: the system's.
    "DNS_SERVERS": [],
    # App ID URIs of the site's own APIs, each with the client ID of its app registration.
    # `api://<client ID>` needs no entry.
    "API_APP_ID_URIS": {},
    # Identifiers of APIs of `azuread_connections.provider` that this site serves itself.
    "API_IDENTIFIERS": [],
    # Token of at least 32 characters by which a monitoring system reads
    # `azuread_connections.metrics`, or a list of tokens. Empty: the metrics are not served.
    "METRICS_TOKEN": "",
    # Development only: replaces the global cloud's login host, for the stand-in.
    "LOGIN_URL": "",
    # Development only: replaces the global cloud's host of Microsoft Graph, for the stand-in.
    "GRAPH_URL": "",
    # Permits the two settings above, and the stand-in itself, with `DEBUG` off.
    "ALLOW_STANDIN": False,
}

#: Characters. A random token of 32 letters and digits has 190 bits.
MIN_METRICS_TOKEN_LENGTH = 32
#: Upper bounds for settings: a century and a day, which every clock and cache can represent.
MAX_DAYS, MAX_SECONDS = 36_500, 86_400
