"""The stand-in as tests and the demo use it."""

from __future__ import annotations

import json
import secrets
import threading
import time
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Any, Self

from cryptography.hazmat.primitives.asymmetric import rsa
from requests import Session

from .browser import client as browser
from .clouds import CloudName
from .directory.apps import App
from .directory.credentials import ManagedIdentity
from .directory.directories import Directory, Person
from .directory.groups import Group
from .dns.server import DnsServer
from .dns.zone import Zone
from .issuer import Issuer
from .oauth import tokens
from .oauth.api_tokens import ApiToken, api_token
from .oauth.keys import key_of_issuer
from .oauth.tokens import Version
from .provisioning.job import ProvisioningJob
from .provisioning.report import Report
from .provisioning.wire import over_http, over_test_client
from .server.faults import Fault
from .server.http import LOOPBACK, Server
from .server.state import IdTokenChange, ResponseChange, State
from .server.wire import RecordedRequest

OIDC_SCOPES = frozenset({"openid", "profile", "email"})


class StandIn:
    """A local imitation of Microsoft Entra ID's login service.

    It serves plain HTTP on loopback only, with signing keys generated in every process. Port 0
    means a free port. `clock` gives the time for everything that it issues or lets expire. With
    `single_sign_on` browsers stay signed in, and skip the account picker.

    A DNS server for the records that verify domains runs with it, by UDP: see `dns`.
    """

    def __init__(
        self,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        dns_port: int = 0,
        clock: Callable[[], float] = time.time,
        single_sign_on: bool = False,
    ) -> None:
        if host not in LOOPBACK:
            raise ValueError(f"the stand-in runs only on loopback, not on {host!r}")
        self._host = host
        self._port = port
        self._state = State(clock, single_sign_on=single_sign_on)
        self._dns_port = dns_port
        self._dns_server: DnsServer | None = None
        self._server: Server | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> StandIn:
        """Listen in a thread. Raises OSError if a port is taken."""
        if self._server:
            return self
        self._dns_server = DnsServer(LOOPBACK[self._host], self._dns_port, self._state.dns)
        try:
            self._server = Server(LOOPBACK[self._host], self._port, self._state)
        except BaseException:
            self._dns_server.server_close()
            raise
        self._dns_server.start()
        self._dns_port = self._dns_server.port
        # Kept, so that a stopped stand-in starts again at the same address.
        self._port = self._server.server_port
        self._state.stopping.clear()
        shown = f"[{self._host}]" if ":" in self._host else self._host
        self._state.url = f"http://{shown}:{self._port}"
        self._thread = threading.Thread(
            target=self._server.serve_forever,
            kwargs={"poll_interval": 0.02},
            name="azuread-standin",
            daemon=True,
        )
        self._thread.start()
        return self

    def stop(self) -> None:
        """Stop listening and drop every connection; `start` resumes at the same address."""
        if not self._server or not self._thread:
            return
        self._state.stopping.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        self._server.end_connections()
        if self._dns_server:
            self._dns_server.stop()
            self._dns_server = None
        self._server = self._thread = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def url(self) -> str:
        """The address, without a slash at the end; empty before the first start."""
        return self._state.url

    @property
    def graph_url(self) -> str:
        """Microsoft Graph's address here, to configure instead of https://graph.microsoft.com."""
        return f"{self._state.url}/graph"

    @property
    def dns(self) -> Zone:
        """The records of the DNS server: `dns.set_txt(name, value)`, `dns.fail("servfail")`.

        `dns.address` is its host and port, to configure in DNS_SERVERS.
        """
        return self._state.dns

    @property
    def portal_url(self) -> str:
        """The address of the portal, where apps are registered by hand in a browser."""
        return f"{self._state.url}/_standin/portal/"

    @property
    def clock(self) -> Callable[[], float]:
        """The clock; assign another to move in time. `reset` puts the first one back."""
        return self._state.clock

    @clock.setter
    def clock(self, clock: Callable[[], float]) -> None:
        self._state.clock = clock

    @property
    def single_sign_on(self) -> bool:
        return self._state.single_sign_on

    @single_sign_on.setter
    def single_sign_on(self, remember: bool) -> None:
        self._state.single_sign_on = remember

    @property
    def cloud(self) -> CloudName:
        """The cloud whose login service this is, as the key documents say; `reset` makes it
        "global" again."""
        return self._state.cloud

    @cloud.setter
    def cloud(self, cloud: CloudName) -> None:
        self._state.cloud = cloud

    @property
    def directories(self) -> list[Directory]:
        return list(self._state.registry.directories)

    def add_directory(
        self,
        domain: str,
        *,
        tenant_id: str | None = None,
        name: str | None = None,
        domains: Iterable[str] = (),
        cloud: CloudName | None = None,
    ) -> Directory:
        """Add a directory. In addition to `domain` and `domains` it has a `….onmicrosoft.com`
        domain.

        `cloud` is what its discovery document says: "global", "gcc", "usgov" (GCC High), "dod",
        "china" or "external_id"; the default is the stand-in's own. The address does not change,
        because Microsoft's global address answers for directories of other clouds, too.
        """
        return self._state.registry.add(
            domain, tenant_id=tenant_id, name=name, domains=domains, cloud=cloud or self.cloud
        )

    def move_domain(self, domain: str, to: Directory | None = None) -> None:
        """Move a domain from its directory to another one, or to none.

        People keep their names and addresses, as in Azure, until somebody renames them.
        """
        self._state.registry.move(domain, to)

    def add_personal_account(
        self, name: str = "Grady Archie", *, mail: str | None = None, object_id: str | None = None
    ) -> Person:
        """Add somebody with a personal Microsoft account, such as one of outlook.com.

        They sign in on common and consumers, to apps made with `personal_accounts=True`.
        """
        object_id = object_id or f"00000000-0000-0000-{secrets.token_hex(2)}-{secrets.token_hex(6)}"
        return self._state.registry.personal.add_person(name, upn=mail, object_id=object_id)

    def add_issuer(self, url: str) -> Issuer:
        """Add an issuer whose tokens a federated credential can name, such as a cluster's."""
        with self._state.lock:
            key = key_of_issuer(len(self._state.issuer_keys))
            self._state.issuer_keys[url] = key
        return Issuer(url, key, self._now)

    def _now(self) -> float:
        # The clock can be changed after an issuer was added.
        return self.clock()

    def add_managed_identity(
        self, directory: Directory, *, client_id: str | None = None
    ) -> ManagedIdentity:
        """Give the machine an identity: its own, or with a client ID a user-assigned one.

        Programs find it by `IDENTITY_ENDPOINT` and `IDENTITY_HEADER` (`identity_endpoint` and
        `identity_header`), or by `AZURE_POD_IDENTITY_AUTHORITY_HOST` (`url`).
        """
        identity = ManagedIdentity(directory, client_id)
        with self._state.lock:
            self._state.managed_identities.append(identity)
        return identity

    @property
    def identity_endpoint(self) -> str:
        """The value of `IDENTITY_ENDPOINT` on an App Service."""
        return f"{self.url}/msi/token"

    @property
    def identity_header(self) -> str:
        """The value of `IDENTITY_HEADER` on an App Service; `reset` changes it."""
        return self._state.identity_header

    def provisioning_job(
        self,
        tenant_url: str,
        token: str,
        *,
        directory: Directory | None = None,
        client: Any = None,
    ) -> ProvisioningJob:
        """The job that provisions a directory to this address; a new one at its first use.

        `tenant_url` as it is entered in Entra, with or without `?aadOptscim062020` at its end. The
        directory can be left out if there is only one. Requests go over HTTP, or to the site under
        test by `client`, a `django.test.Client`: then the address can be a path.
        """
        if directory is None:
            (directory,) = self.directories
        transport = over_http if client is None else over_test_client(client)
        with self._state.lock:
            for job in self._state.jobs:
                if (job.directory, job.tenant_url) == (directory, tenant_url):
                    job.server.token, job.server.transport = token, transport
                    return job
            job = ProvisioningJob(directory, tenant_url, token, transport)
            self._state.jobs.append(job)
        return job

    def provision(
        self,
        tenant_url: str,
        token: str,
        *,
        directory: Directory | None = None,
        client: Any = None,
        on_demand: Person | Group | None = None,
    ) -> Report:
        """Run a cycle of Entra's provisioning service, or provision one person `on_demand`.

        The first cycle to an address takes everybody in the directory, later ones send what has
        changed since. See `provisioning_job` for the arguments.
        """
        job = self.provisioning_job(tenant_url, token, directory=directory, client=client)
        return job.cycle() if on_demand is None else job.provision_on_demand(on_demand)

    def reset(self) -> None:
        """Forget directories, apps, faults, codes and requests; the first keys sign again."""
        self._state.reset()

    def rotate_keys(self, *, keep_old: bool = True) -> str:
        """Sign with a new key from now on; returns its kid.

        With `keep_old=False` the old keys are removed from the key documents, as after a leak.
        """
        with self._state.lock:
            return self._state.keys.rotate(keep_old=keep_old).kid

    def rotate_app_key(self, app: App) -> str:
        """Sign for this app with its own new key from now on; returns its kid.

        It is published at `….discovery/keys?appid={client_id}` only, as for an app whose claims
        are mapped.
        """
        with self._state.lock:
            return self._state.keys.give_app_a_key(app.client_id).kid

    @property
    def requests(self) -> list[RecordedRequest]:
        """The requests since the last reset, oldest first (the last 10,000 of them)."""
        return self._state.recorded()

    def count(self, endpoint: str | None = None) -> int:
        """The number of requests to an endpoint since the last reset, or to all endpoints."""
        return self._state.count(endpoint)

    def fault(
        self,
        endpoint: str,
        *,
        times: int | None = 1,
        status: int | None = None,
        body: str | bytes | None = None,
        content_type: str | None = None,
        headers: dict[str, str] | None = None,
        delay: float = 0,
        aadsts: int | None = None,
        close: bool = False,
        drip: float | None = None,
        redirect: str | None = None,
        error: str | None = None,
        subcode: str | None = None,
        claims: str | dict[str, Any] | None = None,
    ) -> None:
        """Make the next `times` requests of an endpoint fail (None: until `clear_faults`).

        The response comes after `delay` seconds, then one byte every `drip` seconds. It is the
        normal one unless `status`, `body` or `redirect` replace it, `close` drops the connection,
        or `aadsts` and `error` choose one of Microsoft's errors with its status and `subcode`;
        `error` alone has no number. On "authorize" and "sign_in" such an error goes to the callback
        if Microsoft returns it to the app (always with `error`), otherwise it is a page.

        `claims` makes the error a claims challenge: on "token" (`aadsts=50076` asks for a second
        factor), and on Graph's endpoints with the status 401.
        """
        self._state.faults.add(
            Fault(
                endpoint=endpoint,
                status=status,
                body=body.encode() if isinstance(body, str) else body,
                content_type=content_type,
                headers=dict(headers or {}),
                delay=delay,
                aadsts=aadsts,
                close=close,
                drip=drip,
                redirect=redirect,
                error=error,
                subcode=subcode,
                claims=json.dumps(claims) if isinstance(claims, dict) else claims,
            ),
            times,
        )

    def clear_faults(self) -> None:
        self._state.faults.clear()

    def tamper_id_token(self, change: IdTokenChange, *, times: int | None = 1) -> None:
        """Change the next ID tokens just before they are signed.

        `change(header, claims)` can alter both in place, return another pair, or return a complete
        token. A header with `alg` "none" is left unsigned; others are signed RS256.
        """
        with self._state.lock:
            self._state.id_token_changes.add(change, times)

    def tamper_token_response(self, change: ResponseChange, *, times: int | None = 1) -> None:
        """Change the next successful token responses, in place or by returning another."""
        with self._state.lock:
            self._state.response_changes.add(change, times)

    def sign_in(
        self,
        authorize_url: str | browser.Response,
        person: Person | str,
        *,
        session: Session | None = None,
        accept: bool = True,
    ) -> str:
        """Sign a person in on the real pages; returns the callback URL.

        `authorize_url` can be the site's response that leads there: a redirect, or a page that
        continues automatically. `person` can be a UPN. `session` keeps cookies between calls.
        `accept` is the answer on a consent page, if there is one. Raises StandInPageError if
        Microsoft would show an error page without returning.
        """
        answer = {"accept": "1"} if accept else {"cancel": "1"}
        return browser.press(_address(authorize_url), _choice(person), session, consent=answer)

    def decline(self, authorize_url: str | browser.Response) -> str:
        """Press Cancel; returns the callback URL with `error=access_denied`."""
        return browser.press(_address(authorize_url), {"cancel": "1"}, None)

    def consent(
        self, url: str | browser.Response, admin: Person | str, *, session: Session | None = None
    ) -> str:
        """Accept on the pages of an admin consent address; returns the callback URL.

        Raises StandInPageError if the person is not an administrator.
        """
        return browser.press(_address(url), _choice(admin), session)

    def decline_consent(
        self, url: str | browser.Response, admin: Person | str | None = None
    ) -> str:
        """Press Cancel at once, or as this administrator; returns the callback URL."""
        button = {"cancel": "1"} if admin is None else _choice(admin)
        return browser.press(_address(url), button, None, consent={"cancel": "1"})

    def private_key(self, kid: str | None = None) -> rsa.RSAPrivateKey:
        """The private half of a published key (default: the one that signs), for forgeries."""
        with self._state.lock:
            return self._state.keys.find(kid).private_key

    def public_jwk(self, kid: str | None = None) -> dict[str, Any]:
        """A published key as the v1 key document shows it."""
        with self._state.lock:
            return self._state.keys.find(kid).jwk()

    def mint_id_token(
        self,
        directory: Directory,
        app: App,
        person: Person,
        *,
        version: Version = "v2.0",
        nonce: str | None = None,
        **claim_overrides: Any,
    ) -> str:
        """A signed ID token without a sign-in; an override of None removes the claim."""
        claims = tokens.id_token_claims(
            url=self.url,
            directory=directory,
            app=app,
            person=person,
            version=version,
            scopes=OIDC_SCOPES,
            nonce=nonce,
            now=self.clock(),
        )
        claims |= claim_overrides
        claims = {name: value for name, value in claims.items() if value is not None}
        with self._state.lock:
            key = self._state.keys.signing_for(directory.tenant_id, app.client_id)
        return tokens.encode(tokens.id_token_header(key, version), claims, key)

    def mint_api_token(
        self,
        directory: Directory,
        api: App,
        person: Person | None = None,
        *,
        client: App | None = None,
        scopes: Iterable[str] = (),
        **claim_overrides: Any,
    ) -> str:
        """An access token for an app's own API, for a person with these scopes or for the client
        itself (default: the app); an override of None removes the claim."""
        wanted = ApiToken(directory, api, client or api, person, tuple(scopes))
        with self._state.lock:
            key = self._state.keys.signing_for(directory.tenant_id, api.client_id)
        return api_token(wanted, url=self.url, now=self.clock(), key=key, **claim_overrides)


def _address(where: str | browser.Response) -> str:
    return where if isinstance(where, str) else browser.next_address(where)


def _choice(person: Person | str) -> dict[str, str]:
    return {"person": person.object_id if isinstance(person, Person) else person}
