"""The stand-in's state between two requests."""

from __future__ import annotations

import secrets
import threading
import uuid
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from ..clouds import CloudName
from ..directory.apps import App
from ..directory.credentials import ManagedIdentity
from ..directory.directories import Directory, Person
from ..directory.registry import Registry
from ..dns.zone import Zone
from ..oauth.access import AccessToken
from ..oauth.keys import KeyRing, SigningKey
from ..oauth.permissions import Scopes
from ..oauth.tokens import Version
from ..provisioning.job import ProvisioningJob
from .faults import FaultPlan
from .wire import RecordedRequest

CODE_LIFETIME = 600

# The memory of a stand-in that runs for days under load must stay limited.
REMEMBERED_REQUESTS = 10_000
REMEMBERED_CODES = 10_000
REMEMBERED_TOKENS = 10_000
REMEMBERED_ASSERTIONS = 10_000

IdTokenChange = Callable[
    [dict[str, Any], dict[str, Any]], "tuple[dict[str, Any], dict[str, Any]] | str | None"
]
ResponseChange = Callable[[dict[str, Any]], "dict[str, Any] | None"]
Change = TypeVar("Change")
Kept = TypeVar("Kept")


@dataclass
class Grant:
    """What an authorization code grants."""

    version: Version
    directory: Directory
    app: App
    person: Person
    redirect_uri: str
    scopes: Scopes
    resource: str | None
    nonce: str | None
    challenge: str | None
    challenge_method: str
    issued_at: float
    session_id: str
    authenticated_at: float
    asks_auth_time: bool = False
    contexts: tuple[str, ...] = ()
    used: bool = False


@dataclass
class BrowserSession:
    """A browser that is signed in by single sign-on."""

    session_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    cookie: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    people: list[Person] = field(default_factory=list)
    apps: list[App] = field(default_factory=list)
    #: When each person, by object ID, last picked their account here.
    authenticated: dict[str, float] = field(default_factory=dict)
    #: The authentication contexts that each of them has met here.
    contexts: dict[str, set[str]] = field(default_factory=dict)


class Tampering(Generic[Change]):
    """Pending changes; each is used as often as it was requested."""

    def __init__(self) -> None:
        self._waiting: list[tuple[Change, int | None]] = []

    def add(self, change: Change, times: int | None) -> None:
        self._waiting.append((change, times))

    def take(self) -> list[Change]:
        changes = [change for change, _ in self._waiting]
        self._waiting = [
            (change, None if times is None else times - 1)
            for change, times in self._waiting
            if times != 1
        ]
        return changes


class State:
    """The shared state; `lock` guards whatever several request threads change."""

    def __init__(self, clock: Callable[[], float], *, single_sign_on: bool) -> None:
        self.lock = threading.RLock()
        self.stopping = threading.Event()
        self.url = ""
        self.dns = Zone()
        self._first_clock = clock
        self._first_single_sign_on = single_sign_on
        self.reset()

    def reset(self) -> None:
        """Forget everything except the addresses."""
        with self.lock:
            self.clock = self._first_clock
            self.single_sign_on = self._first_single_sign_on
            self.cloud: CloudName = "global"
            self.registry = Registry()
            self.faults = FaultPlan()
            self.dns.reset()
            self.keys = KeyRing()
            self.id_token_changes: Tampering[IdTokenChange] = Tampering()
            self.response_changes: Tampering[ResponseChange] = Tampering()
            self.sessions: dict[str, BrowserSession] = {}
            self.managed_identities: list[ManagedIdentity] = []
            self.identity_header = secrets.token_urlsafe(24)
            self.issuer_keys: dict[str, SigningKey] = {}
            #: The key IDs of secrets that the portal made, and has not shown yet.
            self.unshown_secrets: set[str] = set()
            self.jobs: list[ProvisioningJob] = []
            self._assertions: dict[str, bool] = {}
            self._grants: dict[str, Grant] = {}
            self._tokens: dict[str, AccessToken] = {}
            self._requests: deque[RecordedRequest] = deque(maxlen=REMEMBERED_REQUESTS)
            self._counts: Counter[str] = Counter()

    def record(self, request: RecordedRequest) -> None:
        with self.lock:
            self._requests.append(request)
            self._counts[request.endpoint] += 1

    def recorded(self) -> list[RecordedRequest]:
        with self.lock:
            return list(self._requests)

    def count(self, endpoint: str | None) -> int:
        with self.lock:
            return self._counts.total() if endpoint is None else self._counts[endpoint]

    def issue_code(self, grant: Grant) -> str:
        """A new code in Microsoft's shape: one to two kilobytes, beginning with `1.A`."""
        code = f"1.A{secrets.token_urlsafe(900)}"
        with self.lock:
            _keep(self._grants, code, grant, REMEMBERED_CODES)
        return code

    def grant_of(self, code: str) -> Grant | None:
        with self.lock:
            return self._grants.get(code)

    def issue_access_token(self, token: AccessToken, text: str = "") -> str:
        """The text of a new token, opaque to the client; random unless it is given."""
        text = text or secrets.token_urlsafe(900)
        with self.lock:
            _keep(self._tokens, text, token, REMEMBERED_TOKENS)
        return text

    def is_first_use(self, assertion_id: str) -> bool:
        """Whether no assertion with this `jti` was seen before. One without is never valid."""
        with self.lock:
            if not assertion_id or assertion_id in self._assertions:
                return False
            _keep(self._assertions, assertion_id, True, REMEMBERED_ASSERTIONS)
        return True

    def key_of_issuer(self, issuer: str) -> SigningKey | None:
        """The key with which an issuer signs: another one's, or ours for managed identities."""
        with self.lock:
            is_ours = issuer.startswith(f"{self.url}/")
            return self.keys.current if is_ours else self.issuer_keys.get(issuer)

    def access_token(self, text: str) -> AccessToken | None:
        with self.lock:
            return self._tokens.get(text)


def _keep(known: dict[str, Kept], key: str, value: Kept, limit: int) -> None:
    """Store one more, and delete the oldest beyond the limit."""
    known[key] = value
    while len(known) > limit:
        del known[next(iter(known))]
