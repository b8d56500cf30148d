"""This app's site among many connections: filling it, and timing its pages."""

from __future__ import annotations

import os
import resource
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import quote

from django.contrib.auth import get_user_model
from django.contrib.sessions.backends.db import SessionStore
from django.core.management import call_command
from django.core.management.color import no_style
from django.db import connection as database
from django.db.models import Max
from django.utils import timezone

from azuread_connections.credentials.report import PAGE_SIZE
from azuread_connections.models import (
    Connection,
    Credential,
    Directory,
    DomainAlias,
    EnabledConnection,
    Event,
    Identity,
)
from benchmarks.browser import CSRF_TOKEN, Browser, Microsoft
from benchmarks.inside.sign_in import recorded
from benchmarks.inside.site import WsgiSite
from benchmarks.peers import DOMAIN, HOST, OURS, PEOPLE

#: A different GUID for every row; SQL for PostgreSQL and SQLite.
GUID = "'00000000-0000-4000-8000-' || CAST(100000000000 + n AS text)"
#: Eight digits, different for every row.
REFERENCE = "substr(CAST(100000000 + n AS text), 2)"
#: In the directory, of the person of each row; for columns of text.
LOGIN_NAME = f"'Person-' || n || '@{DOMAIN}'"
ADMIN = "/admin/azuread_connections/"


def copy(row: Any, number: int, **columns: str) -> int:
    """Copy a row this many times; ``columns`` are SQL over ``n``, from 1. Returns the highest ID
    before: that of copy n is this plus n."""
    model = type(row)
    table = model._meta.db_table
    before: int = model._default_manager.aggregate(Max("pk"))["pk__max"]
    names = [field.column for field in model._meta.concrete_fields]
    values = {name: database.ops.quote_name(name) for name in names}
    values |= {"id": f"{before} + n"} | columns
    with database.cursor() as cursor:
        cursor.execute(
            "WITH RECURSIVE series(n) AS "
            f"(SELECT 1 UNION ALL SELECT n + 1 FROM series WHERE n < {number}) "
            f"INSERT INTO {table} ({', '.join(database.ops.quote_name(name) for name in names)}) "
            f"SELECT {', '.join(values[name] for name in names)} "
            f"FROM {table} CROSS JOIN series WHERE id = {row.pk}"
        )
        for sql in database.ops.sequence_reset_sql(no_style(), [model]):
            cursor.execute(sql)
    return before


def fill(connections: int, people: int) -> None:
    """Add connections with three domains each, and people with an identity and an event each."""
    number = connections - 1
    contoso = Connection.objects.get()
    first = copy(
        contoso,
        number,
        name="'customer-' || n",
        name_key="'customer-' || n",
        domain="'customer-' || n || '.example.com'",
        tenant_id=GUID,
        client_id=GUID,
        # The page would have a button for each; sites with so many ask for the address.
        show_as_button="FALSE" if database.vendor == "postgresql" else "0",
    )
    one_of_them = f"{first} + n"
    alias = DomainAlias.objects.get()
    for label, is_primary in (("", alias.is_primary), ("mail.", False), ("old.", False)):
        truth = str(is_primary).upper() if database.vendor == "postgresql" else str(int(is_primary))
        domain = f"'{label}customer-' || n || '.example.com'"
        copy(alias, number, connection_id=one_of_them, domain=domain, is_primary=truth)
    copy(Directory.objects.get(), number, connection_id=one_of_them, tenant_id=GUID)
    copy(EnabledConnection.objects.get(), number, connection_id=one_of_them)
    copy(Credential.objects.get(), number, connection_id=one_of_them)

    any_of_them = f"{first} + 1 + n % {number}"
    identity = Identity.objects.select_related("user").order_by("pk")[0]
    before = copy(identity.user, people, username="'person-' || n", email="'person-' || n")
    first_identity = copy(
        identity,
        people,
        user_id=f"{before} + n",
        connection_id=any_of_them,
        object_id=GUID,
        login_name=LOGIN_NAME,
    )
    copy(
        Event.objects.order_by("pk")[0],
        people,
        connection_id=any_of_them,
        connection_name=f"'customer-' || (1 + n % {number})",
        identity_id=f"{first_identity} + n",
        person=LOGIN_NAME,
        created_at=_minutes_earlier("created_at", "n % 100000"),
        reference=REFERENCE,
    )
    settle()


def _minutes_earlier(column: str, minutes: str) -> str:
    if database.vendor == "postgresql":
        return f"{column} - ({minutes}) * INTERVAL '1 minute'"
    return f"strftime('%Y-%m-%d %H:%M:%f', {column}, '-' || ({minutes}) || ' minutes')"


def fill_secrets(number: int) -> None:
    """Create this many secrets, all expiring on one day, so that all are reported: none is
    superseded by a later one."""
    Credential.objects.update(expires_at=timezone.now() + timedelta(days=20))
    connections = Connection.objects.count()
    first = Connection.objects.order_by("pk").values_list("pk", flat=True)[0]
    more = number - Credential.objects.count()
    if more > 0:
        copy(
            Credential.objects.order_by("pk")[0],
            more,
            connection_id=f"{first} + n % {connections}",
        )
    settle()


def settle() -> None:
    """Run the maintenance that a database does by itself sooner or later."""
    with database.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE" if database.vendor == "postgresql" else "ANALYZE")


class Actions:
    """What is timed: each returns the milliseconds of one run."""

    def __init__(self, microsoft: str, people: list[str]) -> None:
        self.site = WsgiSite()
        self.microsoft = Microsoft(microsoft)
        self.people = people
        self.turn = 0
        contoso = Connection.objects.get(name="contoso")
        self.admin = {"Cookie": f"sessionid={_administrators_session()}"}
        self.connection_path = f"connection/{contoso.pk}/change/"
        self.reference = Event.objects.order_by("reference").values_list("reference", flat=True)[0]

    def browser(self) -> Browser:
        self.turn += 1
        return Browser(self.site, self.microsoft, self.people[self.turn % PEOPLE])

    def start(self) -> Callable[[], Any]:
        browser = self.browser()
        return lambda: browser.start(OURS.start, OURS.method)

    def callback(self) -> Callable[[], Any]:
        browser = self.browser()
        path = browser.pass_microsoft(browser.start(OURS.start, OURS.method))
        return lambda: browser.come_back(path)

    def discovery(self) -> Callable[[], Any]:
        headers = {"Cookie": f"csrftoken={CSRF_TOKEN}"}
        body = f"csrfmiddlewaretoken={CSRF_TOKEN}&email=adele0%40{DOMAIN}".encode()
        # A page that continues to Microsoft: see login/flows/redirects.py.
        return lambda: self._expect(200, self.site.send("/login/", headers, "POST", body), HOST)

    def sign_in_page(self) -> Callable[[], Any]:
        return lambda: self._expect(200, self.site.send("/login/", {}))

    def admin_list(self) -> Callable[[], Any]:
        return self._page("connection/")

    def connection_page(self) -> Callable[[], Any]:
        return self._page(self.connection_path)

    def log(self) -> Callable[[], Any]:
        return self._page("event/")

    def log_by_reference(self) -> Callable[[], Any]:
        return self._search(self.reference, self.reference)

    def log_by_person(self) -> Callable[[], Any]:
        """As somebody types it: in small letters."""
        return self._search(f"person-5@{DOMAIN}", f"Person-5@{DOMAIN}")

    def log_by_connection(self) -> Callable[[], Any]:
        return self._search("customer-5", f"Person-4@{DOMAIN}")

    def _search(self, typed: str, found: str) -> Callable[[], Any]:
        path = f"{ADMIN}event/?q={quote(typed)}"
        return lambda: self._expect(200, self.site.send(path, self.admin), found)

    def _page(self, path: str) -> Callable[[], Any]:
        return lambda: self._expect(200, self.site.send(f"{ADMIN}{path}", self.admin))

    @staticmethod
    def _expect(status: int, answer: Any, text: str = "") -> None:
        if answer.status != status or text.encode() not in answer.body:
            raise RuntimeError(f"{answer.status}: {answer.body[:2000]!r}")


_actions: dict[str, Actions] = {}


def measure(action: str, number: int, microsoft: str, people: list[str]) -> dict[str, Any]:
    """Return the milliseconds of this many runs, and the data statements of one."""
    if microsoft not in _actions:
        _actions[microsoft] = Actions(microsoft, people)
    prepare = getattr(_actions[microsoft], action)
    go = prepare()
    with recorded() as statements:
        go()
    times = []
    for _ in range(number):
        go = prepare()
        began = time.perf_counter()
        go()
        times.append(1000 * (time.perf_counter() - began))
    return {"times": times, "statements": len(statements)}


def check_secrets() -> dict[str, float]:
    """The command with its report discarded; for a separate process, as cron would start it."""
    with open(os.devnull, "w") as nowhere:
        return _cost(lambda: call_command("check_secrets", fail_on="never", stdout=nowhere))


def bare_pages() -> dict[str, float]:
    """The same rows, read in pages as large, and nothing done with them."""
    return _cost(_read_pages)


def _read_pages() -> None:
    rows = Credential.objects.order_by("pk")
    page = list(rows[:PAGE_SIZE])
    while page:
        page = list(rows.filter(pk__gt=page[-1].pk)[:PAGE_SIZE])


def _cost(work: Callable[[], Any]) -> dict[str, float]:
    began = time.perf_counter()
    with recorded() as statements:
        work()
    seconds = time.perf_counter() - began
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"seconds": seconds, "megabytes": megabytes, "statements": len(statements)}


def _administrators_session() -> str:
    user = get_user_model()._default_manager.create_superuser(f"admin{os.getpid()}", "", "x")
    session = SessionStore()
    session["_auth_user_id"] = str(user.pk)
    session["_auth_user_backend"] = "django.contrib.auth.backends.ModelBackend"
    session["_auth_user_hash"] = user.get_session_auth_hash()
    session.create()
    return str(session.session_key)
