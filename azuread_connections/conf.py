"""Reads Django's settings; no other module of the app does.

All values are read when they are used, so ``override_settings`` works. The app has one dict,
``AZUREAD_CONNECTIONS``, whose keys and defaults are in ``defaults``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.cache import BaseCache, InvalidCacheBackendError, caches
from django.core.cache.backends.dummy import DummyCache
from django.core.cache.backends.locmem import LocMemCache
from django.core.exceptions import ImproperlyConfigured
from django.utils.http import is_same_domain
from django.utils.module_loading import import_string

from .cache import ForgivingCache
from .defaults import DEFAULTS, MIN_METRICS_TOKEN_LENGTH
from .hosts import ascii_host, is_loopback, normalize_origin

#: Prefix of every cache key of this app.
CACHE_PREFIX = "azuread_connections"
#: Seconds within which a person must come back from Microsoft.
TRANSACTION_LIFETIME = 600


class Conf:
    """Typed view on ``settings.AZUREAD_CONNECTIONS``."""

    def _get(self, key: str) -> Any:
        return self.configured.get(key, DEFAULTS[key])

    @property
    def configured(self) -> Mapping[str, Any]:
        """The site's dict; an empty one if it is not a dict, which a system check reports."""
        given = self.given
        # `dict` first: to ask an abstract class is slow, and a sign-in reads forty settings.
        return given if isinstance(given, (dict, Mapping)) else {}

    @property
    def given(self) -> Any:
        """``settings.AZUREAD_CONNECTIONS`` unchanged, of any type."""
        return getattr(settings, "AZUREAD_CONNECTIONS", {})

    @property
    def encryption_keys(self) -> list[str]:
        return list(self._get("ENCRYPTION_KEYS"))

    @property
    def public_url(self) -> str:
        """Scheme and host as browsers write them, or "" if the site sets none."""
        return normalize_origin(str(self._get("PUBLIC_URL") or ""))

    @property
    def default_application(self) -> str:
        return str(self._get("DEFAULT_APPLICATION"))

    @property
    def password_login_url(self) -> str:
        return str(self._get("PASSWORD_LOGIN_URL") or "")

    @property
    def support_email(self) -> str:
        return str(self._get("SUPPORT_EMAIL") or "")

    @property
    def max_buttons(self) -> int:
        return int(self._get("MAX_BUTTONS"))

    @property
    def cache(self) -> ForgivingCache:
        return ForgivingCache(self.raw_cache)

    @property
    def raw_cache(self) -> BaseCache:
        """The cache itself, whose errors are seen."""
        return caches[self._get("CACHE")]

    @property
    def keeps_sessions_in_cache(self) -> bool:
        return self.session_engine == "django.contrib.sessions.backends.cache"

    @property
    def username_function(self) -> Callable[..., str] | None:
        function = self._get("USERNAME_FUNCTION")
        return import_string(function) if isinstance(function, str) else function

    @property
    def email_claims(self) -> tuple[str, ...]:
        return tuple(self._get("EMAIL_CLAIMS"))

    @property
    def user_fields(self) -> dict[str, str]:
        """Names of user fields, each with the name of the profile's attribute that it copies."""
        return dict(self._get("USER_FIELDS"))

    @property
    def admin_application(self) -> str:
        return str(self._get("ADMIN_APPLICATION") or "")

    @property
    def timeouts(self) -> tuple[float, float, float]:
        """Seconds: (connect, read, total)."""
        return (
            float(self._get("CONNECT_TIMEOUT")),
            float(self._get("READ_TIMEOUT")),
            float(self._get("TOTAL_TIMEOUT")),
        )

    @property
    def callback_timeout(self) -> float:
        """Seconds for all requests of one callback to Microsoft."""
        return float(self._get("CALLBACK_TIMEOUT"))

    @property
    def trusted_proxies(self) -> int:
        return int(self._get("TRUSTED_PROXIES"))

    @property
    def secret_warning_days(self) -> int:
        return int(self._get("SECRET_WARNING_DAYS"))

    @property
    def session_check_seconds(self) -> int:
        return int(self._get("SESSION_CHECK_SECONDS"))

    @property
    def max_sign_in_days(self) -> int:
        return int(self._get("MAX_SIGN_IN_DAYS"))

    @property
    def private_logout_hosts(self) -> frozenset[str]:
        return frozenset(ascii_host(str(host)) for host in self._get("PRIVATE_LOGOUT_HOSTS"))

    @property
    def dns_servers(self) -> tuple[str, ...]:
        """DNS servers that are asked about domains, as "host[:port]"; empty for the system's."""
        return tuple(str(server) for server in self._get("DNS_SERVERS"))

    @property
    def api_app_id_uris(self) -> dict[str, str]:
        """App ID URIs of this site's APIs, each with the client ID of its registration."""
        return {str(uri): str(id).lower() for uri, id in self._get("API_APP_ID_URIS").items()}

    @property
    def api_identifiers(self) -> frozenset[str]:
        """Identifiers of the provider's APIs that this site serves."""
        return frozenset(map(str, self._get("API_IDENTIFIERS")))

    @property
    def metrics_tokens(self) -> tuple[str, ...]:
        """The tokens that are long enough that nobody can guess them."""
        given = self._get("METRICS_TOKEN")
        tokens = [given] if isinstance(given, str) else given
        if not isinstance(tokens, list | tuple):
            return ()
        return tuple(
            token
            for token in tokens
            if isinstance(token, str) and len(token) >= MIN_METRICS_TOKEN_LENGTH
        )

    @property
    def event_days(self) -> int:
        return int(self._get("EVENT_DAYS"))

    @property
    def scim_log_days(self) -> int:
        return int(self._get("SCIM_LOG_DAYS"))

    @property
    def has_admins(self) -> bool:
        """Whether Django's ADMINS has any address."""
        return bool(settings.ADMINS)

    @property
    def allow_standin(self) -> bool:
        # Only True itself: the text "False", as it comes from the environment, is truthy.
        return self._get("ALLOW_STANDIN") is True

    @property
    def standin_allowed(self) -> bool:
        return bool(settings.DEBUG or self.allow_standin)

    @property
    def login_url(self) -> str:
        """Replacement for the global cloud's login host, or "".

        Raises ``ImproperlyConfigured`` if a replacement is not permitted.
        """
        return self._development_host("LOGIN_URL")

    @property
    def graph_url(self) -> str:
        """Replacement for the global cloud's Graph host, or ""; raises as ``login_url``."""
        return self._development_host("GRAPH_URL")

    def _development_host(self, key: str) -> str:
        url = str(self._get(key) or "").rstrip("/")
        if not url:
            return ""
        if not self.standin_allowed:
            raise ImproperlyConfigured(
                f"AZUREAD_CONNECTIONS['{key}'] replaces Microsoft's own host. That is for "
                "development only: remove it, or set ALLOW_STANDIN if you are sure."
            )
        try:
            parts = urlsplit(url)
        except ValueError as error:
            raise ImproperlyConfigured(
                f"AZUREAD_CONNECTIONS['{key}'] is not a valid URL: {url}"
            ) from error
        if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(parts.hostname)):
            raise ImproperlyConfigured(
                f"AZUREAD_CONNECTIONS['{key}'] must be https (http only on loopback): {url}"
            )
        return url

    @property
    def login_redirect_url(self) -> str:
        return str(settings.LOGIN_REDIRECT_URL)

    @property
    def login_page_url(self) -> str:
        """Where Django sends people who have to sign in: an address or a URL name."""
        return str(settings.LOGIN_URL)

    @property
    def logout_redirect_url(self) -> str:
        return str(settings.LOGOUT_REDIRECT_URL or "")

    @property
    def sealing_keys(self) -> list[bytes]:
        """SECRET_KEY and its fall-backs, from which keys are derived."""
        return [key.encode() for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)]

    @property
    def cache_is_shared(self) -> bool:
        """Whether processes share the cache; True if that is not known."""
        try:
            cache = caches[self._get("CACHE")]
        except (InvalidCacheBackendError, TypeError):
            return True
        return not isinstance(cache, LocMemCache | DummyCache)

    @property
    def session_engine(self) -> str:
        """The module of the session engine."""
        return str(settings.SESSION_ENGINE)

    @property
    def databases(self) -> dict[str, dict[str, Any]]:
        return dict(settings.DATABASES)

    @property
    def session_cookie_is_strict(self) -> bool:
        return str(settings.SESSION_COOKIE_SAMESITE).lower() == "strict"

    @property
    def session_cookie_secure(self) -> bool:
        return bool(settings.SESSION_COOKIE_SECURE)

    @property
    def session_cookie_httponly(self) -> bool:
        return bool(settings.SESSION_COOKIE_HTTPONLY)

    @property
    def is_behind_proxy(self) -> bool:
        """Whether any setting says that the site is behind a reverse proxy."""
        return bool(
            settings.USE_X_FORWARDED_HOST
            or settings.SECURE_PROXY_SSL_HEADER
            or self.configured.get("TRUSTED_PROXIES")
        )

    @property
    def trusts_public_url(self) -> bool:
        """Whether CSRF_TRUSTED_ORIGINS has PUBLIC_URL, or a pattern for it."""
        scheme, _separator, host = self.public_url.partition("://")
        origins = (str(origin).partition("://") for origin in settings.CSRF_TRUSTED_ORIGINS)
        return any(
            trusted_scheme == scheme and is_same_domain(host, trusted.removeprefix("*"))
            for trusted_scheme, _separator, trusted in origins
        )

    @property
    def language_code(self) -> str:
        """The language of mails and other texts outside a request."""
        return str(settings.LANGUAGE_CODE)

    @property
    def allowed_hosts(self) -> list[str]:
        return [str(host) for host in settings.ALLOWED_HOSTS]

    @property
    def middleware(self) -> list[str]:
        return list(settings.MIDDLEWARE)

    @property
    def authentication_backends(self) -> list[str]:
        return list(settings.AUTHENTICATION_BACKENDS)


conf = Conf()
